"""Unexpected errors, told to Sentry where one is configured: where and what, never whose secret or address."""

from typing import Any

import sentry_sdk
from sentry_sdk.types import Event, Hint

from app.core.config import Settings
from app.core.logging import redact


def start_sentry(settings: Settings) -> None:
    """Local variables stay here: they hold passwords, tokens and events in the clear."""
    if settings.sentry_dsn:
        sentry_sdk.init(
            dsn=settings.sentry_dsn,
            environment=settings.app_env,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=scrubbed,
        )


def scrubbed(event: Event, _hint: Hint) -> Event:
    """The same report, redacted as the logs are."""
    clean: Any = {name: redact(value, name) for name, value in event.items()}
    found: Event = clean
    return found
