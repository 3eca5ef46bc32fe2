"""Log lines are JSON, name the request, tenant and person, and give away no secret and no address."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
import websockets
from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from app.core.config import Settings
from app.core.logging import _MASKS, REDACTED, configure_logging, get_logger, redact
from tests.factories.access import Company
from tests.workers.processes import api, eventually


class Lines(io.StringIO):
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def lines(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """What the process writes to standard output, at INFO."""
    written = Lines()
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    was = structlog.get_config()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", written)
        configure_logging(settings.model_copy(update={"log_level": "INFO"}))
        structlog.configure(cache_logger_on_first_use=False)
        yield written
    structlog.configure(**was)
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password", "hunter2"),
        ("access_token", "abc"),
        ("Authorization", "Bearer abc"),
        ("client_secret", "s"),
        ("api_key", "sk_1_2_3"),
        ("write_key", "wk_1"),
        ("cookie", "a=b"),
        ("otp_code", "123456"),
        ("backup_code", "abcd"),
        ("private_key", "k"),
    ],
)
def test_what_is_named_as_a_secret_is_hidden(lines: Lines, name: str, value: str) -> None:
    get_logger("test").info("a.thing_happened", **{name: value}, nested={"deep": [{name: value}]})
    (event,) = lines.events()
    assert event[name] == REDACTED
    assert event["nested"]["deep"][0][name] == REDACTED


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "sk_1_0123456789abcdef_secretsecret",
        "hunter2secret",
        "ada.lovelace@example.com",
    ],
)
def test_secrets_inside_a_text_are_hidden(lines: Lines, secret: str) -> None:
    said = (
        f"Bearer {secret} postgresql://app:{secret}@host/db ?token={secret}&x=1"
        if "@" not in secret
        else secret
    )
    get_logger("test").warning("a.call_failed", url=said, error=f"it said {said}")
    assert secret not in lines.getvalue()


_HIDDEN = "hunter2secret"


@pytest.mark.parametrize(
    "said",
    [
        f"sent Bearer {_HIDDEN}",
        f"sent Basic {_HIDDEN}",
        f"opened with eyJhbGciOiJIUzI1NiJ9.{_HIDDEN}.{_HIDDEN}",
        *(f"opened with {kind}_{_HIDDEN}" for kind in ("sk", "wk", "rt", "inv", "otk")),
        f"connecting to postgresql://app:{_HIDDEN}@host/db",
        *(
            f"GET /ws?x=1&{name}={_HIDDEN}&y=2"
            for name in ("token", "ticket", "access_token", "code", "state")
        ),
        f"no account for a{_HIDDEN}@example.com",
    ],
)
def test_each_kind_of_secret_is_known_by_its_own_look(lines: Lines, said: str) -> None:
    get_logger("test").warning("a.call_failed", error=said)
    assert _HIDDEN not in lines.getvalue()


@given(st.data())
def test_no_secret_is_passed_over_for_want_of_its_mark(data: st.DataObject) -> None:
    mark, pattern, _ = data.draw(st.sampled_from(_MASKS))
    assert mark in data.draw(st.from_regex(pattern))


def test_an_exceptions_text_is_redacted_too(lines: Lines) -> None:
    error = ValueError("no account for ada.lovelace@example.com")
    get_logger("test").error("a.thing_failed", exc_info=error)
    assert "ada.lovelace" not in lines.getvalue()
    assert "a***@example.com" in lines.getvalue()


def test_the_standard_librarys_loggers_speak_the_same(lines: Lines) -> None:
    logging.getLogger("some.library").warning("said %s", "Bearer abcdefghijklmnop")
    (event,) = lines.events()
    assert event["level"] == "warning"
    assert "abcdefghijklmnop" not in json.dumps(event)


def test_figures_and_flags_stay_as_they_are() -> None:
    assert redact({"token_count": 5, "has_password": True}) == {"token_count": 5, "has_password": True}


async def test_a_requests_line_names_request_tenant_and_person_and_no_secret(acme: Company) -> None:
    token, person = acme.person().token, acme.person()
    async with api() as (process, url), AsyncClient(base_url=url) as client:
        async with websockets.connect(f"{url.replace('http', 'ws', 1)}/ws?token={token}"):
            pass
        await client.get(
            "/api/v1/work/dead-letters",
            params={"token": token, "ticket": "1.abcdef"},
            headers={"X-Request-ID": "asked-by-a-test", "Authorization": f"Bearer {token}"},
        )

        async def said() -> bool:
            return "asked-by-a-test" in process.output()

        await eventually(said, watched=(process,))
        output = process.output()
    (event,) = [
        json.loads(line)
        for line in output.splitlines()
        if '"request_completed"' in line and "asked-by-a-test" in line
    ]
    assert (event["tenant_id"], event["user_id"]) == (acme.id, str(person.id))
    assert (event["method"], event["path"], event["status_code"]) == ("GET", "/api/v1/work/dead-letters", 200)
    assert event["duration_ms"] > 0
    assert token not in output
    assert "1.abcdef" not in output


def test_each_tick_and_delivery_leaves_no_line_and_a_failure_one(lines: Lines) -> None:
    for name in ("celery.beat", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).info("Task work.tick received")
    logging.getLogger("celery.app.trace").error("Task work.tick raised unexpected")
    assert [event["event"] for event in lines.events()] == ["Task work.tick raised unexpected"]
