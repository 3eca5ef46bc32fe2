"""Messages of the one number to people, what became of them, and what people write. Times are the sandbox's."""

import re
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

from sandbox.clock import Clock
from sandbox.store import Store
from sandbox.vendors.whatsapp.errors import WhatsAppError, told
from sandbox.vendors.whatsapp.limits import Limits
from sandbox.vendors.whatsapp.outbox import Outbox
from sandbox.vendors.whatsapp.templates import Templates

WABA_ID, NUMBER_ID = "102290129340398", "106540352242922"
DISPLAY, DIGITS, NAME = "+1 202-555-0123", "12025550123", "Northwind Alerts"
_DOCUMENT, _PEOPLE = "whatsapp_messages", "whatsapp_people"
_KEPT = 1_000
WINDOW_SECONDS = 24 * 3_600
_LONGEST_TEXT, _LONGEST_CALLBACK = 4_096, 512
_TO = re.compile(r"\+?[0-9]{6,15}")
LATER = frozenset({131026, 131047})
"""Refusals that the API tells by webhook, after it has accepted the message."""
_STYLE = (
    "body{font:15px/1.5 system-ui;max-width:40rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #999;padding:.5rem 0}h2{font-size:1rem;margin:.5rem 0 0}"
    "p{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere}a{margin-right:1rem}"
)


class Messages:
    def __init__(
        self, clock: Clock, store: Store, templates: Templates, limits: Limits, outbox: Outbox
    ) -> None:
        self._clock, self._store = clock, store
        self._templates, self._limits, self._outbox = templates, limits, outbox
        self._all: list[dict[str, Any]] = store.document(_DOCUMENT) or []
        self._people: dict[str, dict[str, Any]] = store.document(_PEOPLE) or {}
        self.refuses_at_once = False
        """Whether what is usually told by webhook is refused in the answer."""

    def all(self, to: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        return [each for each in reversed(self._all) if to in {None, each["to"]}]

    def empty(self) -> None:
        self._all, self._people = [], {}
        self._keep()

    def set_person(self, digits: str, code: int | None) -> None:
        """With a code every message to them is refused by it."""
        self._people[digits] = self._people.get(digits, {}) | {"code": code}
        self._keep()

    def send(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        if wanted.get("messaging_product") != "whatsapp":
            raise WhatsAppError(100, 'messaging_product must be "whatsapp"')
        to = str(wanted.get("to") or "")
        if not _TO.fullmatch(to):
            raise WhatsAppError(131009, "to is no phone number" if to else "to is required")
        digits = to.lstrip("+")
        if digits == DIGITS:
            raise WhatsAppError(131021, "Sender and recipient phone number is the same.")
        callback = wanted.get("biz_opaque_callback_data")
        if callback is not None and not (isinstance(callback, str) and len(callback) <= _LONGEST_CALLBACK):
            raise WhatsAppError(
                131009, f"biz_opaque_callback_data has {_LONGEST_CALLBACK} characters at most"
            )
        kind, content = self._content(wanted)
        self._limits.count(digits)
        code = self._refusal(digits, kind)
        if code is not None and (code not in LATER or self.refuses_at_once):
            raise WhatsAppError(code, _why(code))
        message = {
            "id": self._next_id(digits), "to": digits, "type": kind, **content,
            "callback": callback, "at": self._clock.now(), "status": "accepted", "code": None,
        }  # fmt: skip
        self._all = [*self._all, message][-_KEPT:]
        self._keep()
        if code is not None:
            self.settle(message["id"], "failed", code)
        elif self._outbox.url is not None:
            self.settle(message["id"], "sent")
            self.settle(message["id"], "delivered")
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": digits}],
            "messages": [
                {"id": message["id"]} | ({"message_status": "accepted"} if kind == "template" else {})
            ],
        }

    def settle(self, message_id: str, status: str, code: int | None = None) -> dict[str, Any] | None:
        """What became of a message, told to the webhook; None where there is no such message."""
        message = next((each for each in self._all if each["id"] == message_id), None)
        if message is None:
            return None
        message["status"], message["code"] = status, code
        self._keep()
        said: dict[str, Any] = {
            "id": message_id,
            "status": status,
            "timestamp": str(int(self._clock.now())),
            "recipient_id": message["to"],
        }
        if message["callback"] is not None:
            said["biz_opaque_callback_data"] = message["callback"]
        if code is not None:
            said["errors"] = [told(code, _why(code))]
        return self._outbox.tell(WABA_ID, "messages", _of_number({"statuses": [said]}))

    def hear(self, digits: str, text: str, name: str) -> dict[str, Any]:
        """A person writes: the window is open for a day from now."""
        now = self._clock.now()
        self._people[digits] = self._people.get(digits, {}) | {"wrote_at": now}
        self._keep()
        message = {
            "from": digits,
            "id": self._next_id(digits),
            "timestamp": str(int(now)),
            "type": "text",
            "text": {"body": text},
        }
        contacts = [{"profile": {"name": name}, "wa_id": digits}]
        return self._outbox.tell(
            WABA_ID, "messages", _of_number({"contacts": contacts, "messages": [message]})
        )

    def _content(self, wanted: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        kind = str(wanted.get("type") or "text")
        if kind == "template":
            template = wanted.get("template")
            name = template.get("name") if isinstance(template, Mapping) else None
            return kind, {"template": name, **self._templates.filled(template)}
        if kind != "text":
            raise WhatsAppError(131051, f"type {kind} is not emulated")
        said = wanted.get("text")
        body = said.get("body") if isinstance(said, Mapping) else None
        if not isinstance(body, str) or not body.strip():
            raise WhatsAppError(131008, "text.body is required")
        if len(body) > _LONGEST_TEXT:
            raise WhatsAppError(100, f"Param text.body must be at most {_LONGEST_TEXT} characters long.")
        return kind, {"template": None, "text": body, "footer": None, "buttons": []}

    def _refusal(self, digits: str, kind: str) -> int | None:
        person = self._people.get(digits, {})
        if person.get("code"):
            return int(person["code"])
        wrote_at = person.get("wrote_at")
        is_open = wrote_at is not None and self._clock.now() - wrote_at < WINDOW_SECONDS
        return None if kind == "template" or is_open else 131047

    def _next_id(self, digits: str) -> str:
        number = int(self._store.document("whatsapp_counter") or 0) + 1
        self._store.keep("whatsapp_counter", number)
        return "wamid." + b64encode(f"\x1d\x04{digits}\x15\x02{number:012}".encode()).decode()

    def _keep(self) -> None:
        self._store.keep(_DOCUMENT, self._all)
        self._store.keep(_PEOPLE, self._people)


def _of_number(value: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"display_phone_number": DIGITS, "phone_number_id": NUMBER_ID}
    return {"messaging_product": "whatsapp", "metadata": metadata, **value}


def _why(code: int) -> str:
    if code == 131047:  # noqa: PLR2004  (the API's own number)
        return (
            "Message failed to send because more than 24 hours have passed since the customer last replied "
            "to this number."
        )
    return ""


def page(messages: list[dict[str, Any]]) -> str:
    """The messages as people read them; nothing that was sent is trusted."""
    items = "".join(
        f"<article><h2>{escape(m['to'])}</h2><p>{escape(m['text'])}</p>"
        f"<p>{''.join(_link(each) for each in m['buttons'])}</p>"
        f"<p><small>{escape(m['template'] or 'text')}, {escape(m['status'])} {escape(str(m['code'] or ''))}</small></p>"
        "</article>"
        for m in messages
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>WhatsApp | sandbox</title>'
        f'<meta http-equiv="refresh" content="5"><style>{_STYLE}</style></head><body><h1>WhatsApp</h1>'
        f"{items or '<p>No message yet.</p>'}</body></html>"
    )


def _link(button: Mapping[str, str]) -> str:
    address = button["url"] if button["url"].startswith(("http://", "https://")) else ""
    return f'<a href="{escape(address)}" rel="noreferrer">{escape(button["text"])}</a>'
