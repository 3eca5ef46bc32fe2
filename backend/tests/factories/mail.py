"""A mailbox of one's own, over real SMTP, and the worker's hand that delivers what the outbox holds."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import select

from app.core.config import Settings
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.services.notifications.mail.rules import MailKind
from app.services.notifications.mail.service import MailService, mailer_from
from app.workers.notifications_tasks import as_id


@dataclass(frozen=True)
class Received:
    to: str
    subject: str
    text: str

    @property
    def token(self) -> str:
        found = re.search(r"[?]token=(\S+)", self.text)
        assert found, self.text
        return found[1]


@dataclass
class Mailbox:
    settings: Settings
    received: list[Received] = field(default_factory=list)
    _done: int = 0

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's)
        message = message_from_bytes(_bytes(envelope.content), policy=policy.default)
        body = message.get_body()
        assert body is not None
        self.received.append(Received(message["To"], message["Subject"], body.get_content()))
        return "250 OK"

    async def deliver(self, scopes: Scopes) -> list[Received]:
        """Do what a worker does with the tenant's mail tasks; answers what arrived."""
        before = len(self.received)
        tasks = await mail_tasks(scopes)
        new, self._done = tasks[self._done :], len(tasks)
        for payload in new:
            ids = {name: as_id(value) for name, value in payload.items() if name != "kind"}
            service = MailService(scopes, mailer_from(self.settings), self.settings)
            await service.send(MailKind(payload["kind"]), **ids)
        return self.received[before:]


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


async def mail_tasks(scopes: Scopes) -> list[dict[str, Any]]:
    async with scopes() as scope:
        rows = await scope.session.scalars(
            select(OutboxMessage.payload)
            .where(OutboxMessage.name == "notifications.send_mail")
            .order_by(OutboxMessage.seq)
        )
        return list(rows)


@asynccontextmanager
async def open_mailbox(settings: Settings) -> AsyncIterator[Mailbox]:
    box, loop = Mailbox(settings), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mailbox", loop=loop), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        box.settings = settings.model_copy(update={"smtp_port": port})
        yield box
