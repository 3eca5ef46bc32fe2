"""What is told to Sentry gives away no more than the logs do."""

import json
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from app.core.config import Settings
from app.core.sentry import start_sentry
from tests.factories.access import PASSWORD


class Kept(Transport):
    """Keeps what would have been sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        self.sent.append([item.payload.json for item in envelope.items])


def _fail(credential: str) -> None:
    if credential:
        raise ValueError("no account for ada.lovelace@example.com")


def test_a_report_holds_no_secret_and_no_address(settings: Settings) -> None:
    kept = Kept()
    try:
        start_sentry(settings.model_copy(update={"sentry_dsn": "http://key@127.0.0.1:9/1"}))
        sentry_sdk.get_client().transport = kept
        try:
            _fail(PASSWORD)
        except ValueError as error:
            sentry_sdk.capture_exception(error)
    finally:
        sentry_sdk.init()
    said = json.dumps(kept.sent)
    assert "no account for a***@example.com" in said, said
    assert PASSWORD not in said
    assert "ada.lovelace@example" not in said
