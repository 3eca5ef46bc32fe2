"""Messages in channels, kept with the sandbox's store, and the page that shows them."""

from collections.abc import Mapping
from html import escape
from time import time
from typing import Any

from sandbox.store import Store
from sandbox.vendors.slack.blocks import checked
from sandbox.vendors.slack.channels import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID, Channel, found
from sandbox.vendors.slack.errors import SlackError

_DOCUMENT = "slack_messages"
_KEPT = 1_000
_LONGEST = 40_000
_STYLE = (
    "body{font:15px/1.5 system-ui;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #999;padding:.5rem 0}h2{font-size:1rem;margin:.5rem 0 0}"
    "p{margin:.25rem 0;white-space:pre-wrap;overflow-wrap:anywhere}a{margin-right:1rem}"
)


class Messages:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def all(self, channel: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        return [each for each in reversed(self._all) if channel in {None, each["channel"]}]

    def empty(self) -> None:
        self._all = []
        self._store.keep(_DOCUMENT, self._all)

    def post(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = _writable(arguments)
        content = _content(arguments)
        ts = self._next_ts()
        message = {"channel": channel.id, "ts": ts, "thread_ts": arguments.get("thread_ts"), **content}
        self._all = [*self._all, message][-_KEPT:]
        self._store.keep(_DOCUMENT, self._all)
        return {"channel": channel.id, "ts": ts, "message": _shown(message)}

    def update(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        channel = found(_text(arguments, "channel"))
        if channel.is_archived:
            raise SlackError("is_inactive")
        content = _content(arguments)
        ts = _text(arguments, "ts")
        for message in self._all:
            if (message["channel"], message["ts"]) == (channel.id, ts):
                message.update(content, edited={"user": BOT_USER_ID, "ts": self._next_ts()})
                self._store.keep(_DOCUMENT, self._all)
                return {"channel": channel.id, "ts": ts, "text": content["text"], "message": _shown(message)}
        raise SlackError("message_not_found")

    def _next_ts(self) -> str:
        """Later than any before: it names a message."""
        now = f"{time():.6f}"
        used = {each["ts"] for each in self._all}
        while now in used:
            now = f"{float(now) + 0.000001:.6f}"
        return now


def _writable(arguments: Mapping[str, Any]) -> Channel:
    channel = found(_text(arguments, "channel"))
    if channel.is_archived:
        raise SlackError("is_archived")
    if not channel.is_member:
        raise SlackError("not_in_channel")
    return channel


def _content(arguments: Mapping[str, Any]) -> dict[str, Any]:
    text = _text(arguments, "text")
    blocks = checked(arguments["blocks"]) if arguments.get("blocks") else []
    for unknown in ("attachments", "markdown_text"):
        if arguments.get(unknown):
            raise SlackError(
                "invalid_arguments", response_metadata={"messages": [f"[ERROR] unsupported: {unknown}"]}
            )
    if not text and not blocks:
        raise SlackError("no_text")
    if len(text) > _LONGEST:
        raise SlackError("msg_too_long")
    return {"text": text, "blocks": blocks}


def _text(arguments: Mapping[str, Any], name: str) -> str:
    value = arguments.get(name, "")
    if not isinstance(value, str):
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a string: {name}"]}
        )
    return value


def _shown(message: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        "type": "message",
        "user": BOT_USER_ID,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "team": TEAM_ID,
        "ts": message["ts"],
        "text": message["text"],
        "blocks": message["blocks"],
    }
    return shown | {name: message[name] for name in ("thread_ts", "edited") if message.get(name)}


def page(messages: list[dict[str, Any]], names: Mapping[str, str]) -> str:
    """The channels as a person reads them; nothing that was posted is trusted."""
    items = "".join(
        f"<article><h2>#{escape(names.get(m['channel'], m['channel']))}: {escape(m['text'])}</h2>{_blocks(m)}"
        f"<p><small>{escape(m['ts'])}{' (edited)' if m.get('edited') else ''}</small></p></article>"
        for m in messages
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Slack | sandbox</title>'
        f'<meta http-equiv="refresh" content="5"><style>{_STYLE}</style></head><body><h1>Slack</h1>'
        f"{items or '<p>No message yet.</p>'}</body></html>"
    )


def _blocks(message: Mapping[str, Any]) -> str:
    said = []
    for block in message["blocks"]:
        if block["type"] == "section":
            said.append(f"<p>{escape(block['text']['text'])}</p>")
        elif block["type"] == "context":
            said.append(f"<p><small>{escape(' '.join(e['text'] for e in block['elements']))}</small></p>")
        elif block["type"] == "actions":
            links = "".join(_link(each) for each in block["elements"])
            said.append(f"<p>{links}</p>")
    return "".join(said)


def _link(button: Mapping[str, Any]) -> str:
    address = str(button.get("url", ""))
    safe = address if address.startswith(("http://", "https://")) else ""
    return f'<a href="{escape(safe)}" rel="noreferrer">{escape(button["text"]["text"])}</a>'
