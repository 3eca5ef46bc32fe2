"""What the webhook is told: each message kept as it was signed, and posted where an address was set up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import new as new_hmac
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

_ANSWER_SECONDS = 20
_CHALLENGE = "1158201444"
_KEPT = 500


@dataclass(frozen=True, slots=True)
class Told:
    """The bytes, and the header that signs them."""

    body: str
    signature: str
    event: Mapping[str, Any]

    def shown(self) -> dict[str, Any]:
        return {"body": self.body, "signature": self.signature, "event": self.event}


class Outbox:
    def __init__(self, app_secret: str) -> None:
        self._secret = app_secret
        self._told: list[Told] = []
        self.url: str | None = None

    def all(self) -> list[dict[str, Any]]:
        """Oldest first."""
        return [each.shown() for each in self._told]

    def empty(self) -> None:
        self._told = []

    def tell(self, waba: str, field: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Sign it, keep it, and post it by a thread of its own where somebody listens."""
        changes = [{"field": field, "value": value}]
        message = {"object": "whatsapp_business_account", "entry": [{"id": waba, "changes": changes}]}
        body = json.dumps(message, separators=(",", ":"))
        told = Told(body, self.signature(body), message)
        self._told = [*self._told, told][-_KEPT:]
        if self.url is not None:
            Thread(target=post, args=(self.url, told), daemon=True).start()
        return told.shown()

    def signature(self, body: str) -> str:
        return "sha256=" + new_hmac(self._secret.encode(), body.encode(), "sha256").hexdigest()


def post(url: str, told: Told) -> int:
    """The status that came; 0 where nobody answered."""
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": told.signature}
    return _answer(Request(url, told.body.encode(), headers, method="POST"))[0]  # noqa: S310  (whoever drives names it)


def ask(url: str, verify_token: str) -> bool:
    """The question at a webhook's setting up."""
    words = {"hub.mode": "subscribe", "hub.verify_token": verify_token, "hub.challenge": _CHALLENGE}
    return _answer(Request(f"{url}?{urlencode(words)}")) == (200, _CHALLENGE)  # noqa: S310


def _answer(request: Request) -> tuple[int, str]:
    try:
        with urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()
    except OSError:
        return 0, ""
