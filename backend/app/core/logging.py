"""Structured JSON logs. Secrets and personal data are redacted before a line is written."""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog

from app.core.config import Settings

_SECRET_NAMES = re.compile(
    r"(password|passwd|secret|token|authorization|cookie|api_?key|write_?key|otp|backup_code|private_?key)",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"\b([A-Za-z0-9._%+-])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})\b")
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=:-]+", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_KEY = re.compile(r"\b(sk|wk|rt|inv|otk)_[A-Za-z0-9_-]{8,}")
_URL_PASSWORD = re.compile(r"(\w+://[^:/\s]*):[^@/\s]+@")
_QUERY_SECRET = re.compile(r"([?&](?:token|ticket|access_token|code|state)=)[^&\s]+", re.IGNORECASE)

REDACTED = "[redacted]"


_MASKS = (
    ("@", _EMAIL, r"\1***@\2"),
    ("", _BEARER, rf"\1 {REDACTED}"),
    ("eyJ", _JWT, REDACTED),
    ("_", _KEY, rf"\1_{REDACTED}"),
    ("://", _URL_PASSWORD, rf"\1:{REDACTED}@"),
    ("=", _QUERY_SECRET, rf"\1{REDACTED}"),
)
"""What a text must hold for the pattern to match at all, which is quickly looked for; the pattern; its mask."""


def redact_text(text: str) -> str:
    for mark, pattern, mask in _MASKS:
        if mark in text:
            text = pattern.sub(mask, text)
    return text


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


def redact(value: Any, name: str = "") -> Any:
    """The same value with secrets and e-mail addresses masked, at any depth."""
    if name and _is_secret(name) and value is not None and not isinstance(value, bool | int | float):
        return REDACTED
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {key: redact(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value, key if key != "event" else "") for key, value in event.items()}


# A line for each request, tick and delivery, beside the one that our own code writes with its ids.
_NOISY = (
    *("uvicorn.access", "httpx", "httpx2", "httpcore2"),
    *("celery.beat", "celery.worker.strategy", "celery.app.trace"),
)


def configure_logging(settings: Settings) -> None:
    """Send structlog and the standard library's loggers through one JSON renderer to standard output."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _redact_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, settings.log_level)),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    # The server's own lines too: it would write a WebSocket's address, token and all, in the clear.
    for served in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(served).handlers = []
        logging.getLogger(served).propagate = True
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(module=name)
    return logger
