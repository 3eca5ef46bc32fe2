"""Mail that the application sends: received by SMTP, read by a person or a test."""

from collections.abc import Sequence
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.store import Store

_STYLE = (
    "body{font:15px/1.5 system-ui;max-width:52rem;margin:2rem auto;padding:0 1rem}"
    "article{border-top:1px solid #999;padding:.5rem 0}h2{font-size:1rem;margin:.5rem 0 0}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}"
)
_NAMES = ("id", "to", "from", "subject", "text", "html", "received_at")


class Mailbox:
    """An aiosmtpd handler and what it received. Mail stays in real time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        del server, session
        content = envelope.content or b""
        raw = content.encode() if isinstance(content, str) else content
        message = message_from_bytes(raw, policy=policy.default)
        now = datetime.now(UTC).isoformat()
        facts = (
            envelope.mail_from or "",
            str(message["subject"] or ""),
            _body(message, "plain"),
            _body(message, "html"),
            now,
        )
        self._store.write(
            "INSERT INTO mails (recipient, sender, subject, text, html, received_at)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [(recipient, *facts) for recipient in envelope.rcpt_tos],
        )
        return "250 Message accepted for delivery"

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """Newest first."""
        found = self._store.read(
            "SELECT id, recipient, sender, subject, text, html, received_at FROM mails"
            " WHERE ? IS NULL OR lower(recipient) = lower(?) ORDER BY id DESC",
            (to, to),
        )
        return [dict(zip(_NAMES, row, strict=True)) for row in found]

    def empty(self) -> None:
        self._store.write("DELETE FROM mails", [()])


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return "" if part is None else str(part.get_content())


def page(mails: Sequence[dict[str, Any]]) -> str:
    """The mailbox as a person reads it; nothing that came by mail is trusted."""
    items = "".join(
        f"<article><h2>{escape(m['subject']) or '(no subject)'}</h2>"
        f"<p>to {escape(m['to'])}, from {escape(m['from'])}, {escape(m['received_at'])}</p>"
        f"<pre>{escape(m['text'] or m['html'])}</pre></article>"
        for m in mails
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mailbox | sandbox</title>'
        f'<meta http-equiv="refresh" content="5"><style>{_STYLE}</style></head><body><h1>Mailbox</h1>'
        f"{items or '<p>No mail yet.</p>'}</body></html>"
    )
