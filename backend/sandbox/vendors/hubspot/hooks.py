"""The app's webhooks: what happens to contacts and deals is told in batches of a hundred, signed, and told again.

Held, nothing leaves until somebody says so, and then in whatever order and as often as they say.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from threading import Lock, Timer
from time import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from sandbox.vendors.hubspot import constants as ids

_MOST_EVENTS, _MOST_ATTEMPTS = 100, 10
_ANSWER_SECONDS = 5
_SOON = 0.05
_KEPT = 200
_FIRST_EVENT = 3_800_000_000
_WATCHED = {
    ids.CONTACTS: ("email", "phone", "firstname", "lastname", "city", "lifecyclestage"),
    ids.DEALS: ("amount", "dealstage", "deal_currency_code", "closedate"),
}
"""Of which properties the app has a subscription."""
_WHAT = ("creation", "propertyChange", "deletion", "privacyDeletion", "merge", "restore")
SUBSCRIPTIONS = {
    f"{kind}.{what}": 1_000 + number
    for number, (kind, what) in enumerate((kind, what) for kind in ("contact", "deal") for what in _WHAT)
}


@dataclass(slots=True)
class Waiting:
    """A notification on its way; `due` in seconds of real time."""

    event: dict[str, Any]
    due: float = 0.0
    attempt: int = 0

    def body(self) -> dict[str, Any]:
        return self.event | {"attemptNumber": self.attempt}


@dataclass(slots=True)
class Manner:
    """How what is told leaves: `signed_as` is the address that is registered, where another one leads to it."""

    url: str | None = None
    signed_as: str | None = None
    hold: bool = False
    retry_seconds: float = 60.0


@dataclass(slots=True)
class Hooks:
    client_secret: str
    manner: Manner = field(default_factory=Manner)
    waiting: list[Waiting] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(_FIRST_EVENT))
    _lock: Lock = field(default_factory=Lock)

    def tell(self, kind: str, what: str, at: int, facts: Mapping[str, Any]) -> None:
        """`at` in milliseconds; nothing where no address is set up."""
        if self.manner.url is None:
            return
        name = f"{kind[:-1]}.{what}"
        event = {
            "eventId": next(self._numbers),
            "subscriptionId": SUBSCRIPTIONS[name],
            "portalId": ids.PORTAL,
            "appId": ids.APP_ID,
            "occurredAt": at,
            "subscriptionType": name,
            **facts,
        }
        with self._lock:
            self.waiting.append(Waiting(event))
        self._start(_SOON)

    def tell_values(self, kind: str, number: int, at: int, changed: Mapping[str, str | None]) -> None:
        for name in _WATCHED[kind]:
            if name in changed:
                value = changed[name] or ""
                facts = {"objectId": number, "propertyName": name, "propertyValue": value}
                self.tell(kind, "propertyChange", at, facts | {"changeSource": "CRM_UI"})

    def send_due(self) -> None:
        """What is due; what is not taken is due again, twice as late each time."""
        if self.manner.hold:
            return
        with self._lock:
            due = [each for each in self.waiting if each.due <= time()][:_MOST_EVENTS]
            self.waiting = [each for each in self.waiting if each not in due]
        if not due:
            return
        if not self._is_taken(self.post([each.body() for each in due])):
            again = [each for each in due if each.attempt + 1 < _MOST_ATTEMPTS]
            for each in again:
                each.due = time() + self.manner.retry_seconds * (1 << each.attempt)
                each.attempt += 1
            with self._lock:
                self.waiting += again
        with self._lock:
            following = min((each.due for each in self.waiting), default=None)
        if following is not None:
            self._start(max(_SOON, following - time()))

    def release(self, *, times: int, reverse: bool, drop: bool) -> list[int]:
        """All that waits, now: the statuses that came."""
        with self._lock:
            events = [each.body() for each in self.waiting]
            self.waiting = []
        if reverse:
            events.reverse()
        if drop:
            return []
        parts = [events[start : start + _MOST_EVENTS] for start in range(0, len(events), _MOST_EVENTS)]
        return [self.post(part) for part in parts for _ in range(times)]

    def post(
        self, events: list[dict[str, Any]], *, secret: str | None = None, age_seconds: float = 0.0
    ) -> int:
        """The status; 0 where nobody answered. Signed with `secret`, the app's unless another is given."""
        url = self.manner.url
        if url is None:
            return 0
        body = json.dumps(events, separators=(",", ":"), ensure_ascii=False).encode()
        key, stamp = secret or self.client_secret, str(int((time() - age_seconds) * 1000))
        signed = b"POST" + (self.manner.signed_as or url).encode() + body + stamp.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)",
            "X-HubSpot-Signature": hashlib.sha256(key.encode() + body).hexdigest(),
            "X-HubSpot-Signature-Version": "v1",
            "X-HubSpot-Signature-v3": base64.b64encode(hmac.digest(key.encode(), signed, "sha256")).decode(),
            "X-HubSpot-Request-Timestamp": stamp,
        }
        status = _answer(Request(url, body, headers, method="POST"))  # noqa: S310  (whoever drives names it)
        with self._lock:
            self.answers = [*self.answers, {"status": status, "events": events}][-_KEPT:]
        return status

    @staticmethod
    def _is_taken(status: int) -> bool:
        return 200 <= status < 300  # noqa: PLR2004  (a good answer)

    def _start(self, seconds: float) -> None:
        timer = Timer(seconds, self.send_due)
        timer.daemon = True
        timer.start()


def _answer(request: Request) -> int:
    try:
        with urlopen(request, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as refused:
        with refused:
            return refused.code
    except OSError:
        return 0
