"""A company whose WhatsApp number is the sandbox's, the phones of its people, and a clock that is the sandbox's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import select, update

from app.auth.permissions import Role
from app.core.clock import Clock, SystemClock
from app.core.config import Settings
from app.core.context import Actor, ActorKind
from app.db.session import Doors, Scopes, scopes_for
from app.models.notifications.channels import NotificationDelivery
from app.models.notifications.whatsapp import WhatsAppAccount, WhatsAppConsent, WhatsAppPerson
from app.models.tenants import Membership
from app.services.notifications.cloud_api.ports import Credentials
from app.services.notifications.cloud_api.templates_rules import NAMES
from app.services.notifications.whatsapp.own import Asked, OwnNumberService
from app.services.notifications.whatsapp.receiving import WhatsAppWebhook
from app.services.notifications.whatsapp.service import WhatsAppChannel, WhatsAppDesk, WhatsAppState
from tests.factories.access import Company
from tests.factories.notifications import Postbox, deliveries, send
from tests.sandbox_process import Sandbox

PHONE, OTHER_PHONE = "36301234567", "36301234568"


@cache
def _client(url: str) -> httpx2.Client:
    return httpx2.Client(base_url=url, timeout=60, trust_env=False)


def control(sandbox: Sandbox, method: str, path: str, **options: Any) -> Any:
    """As `Sandbox.control`, over one connection: these tests ask it very often."""
    answer = _client(sandbox.url).request(method, f"/control/{path}", **options)
    answer.raise_for_status()
    return answer.json() if answer.content else None


class SandboxClock(SystemClock):
    """The sandbox's time, read at the beginning of every transaction."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        return self._now

    async def sync(self) -> None:
        self._now = datetime.fromisoformat(control(self._sandbox, "GET", "clock")["now"]).astimezone(UTC)


@dataclass(frozen=True)
class Line:
    """A company's number in WhatsApp, and the sandbox's side of it."""

    company: Company
    settings: Settings
    sandbox: Sandbox
    scopes: Scopes
    doors: Doors
    facts: dict[str, Any]

    def control(self, method: str, path: str, **options: Any) -> Any:
        return control(self.sandbox, method, path, **options)

    @property
    def desk(self) -> WhatsAppDesk:
        return WhatsAppDesk(self.scopes, self.settings)

    @property
    def own(self) -> Credentials:
        names = ("phone_number_id", "waba_id", "access_token", "app_secret")
        return Credentials(*(str(self.facts[each]) for each in names))

    async def state(self) -> WhatsAppState:
        async with self.scopes() as scope:
            found = await WhatsAppChannel(scope, self.settings).state()
        assert found is not None
        return found

    async def connect(self) -> str | None:
        return await self.desk.connect(self.own)

    async def with_templates(self) -> None:
        """Handed in, and approved by whoever reviews them."""
        await self.desk.hand_in()
        for name in NAMES:
            self.review(name, status="APPROVED")
        await self.desk.look()

    def review(self, name: str, **changes: str) -> None:
        self.control("POST", "whatsapp/templates", json={"name": name, **changes})

    async def hook(self) -> str:
        return (await self.state()).callback_url.rsplit("/", 1)[1]

    async def take(self, told: dict[str, Any]) -> None:
        """The webhook is told what the sandbox told."""
        hook = WhatsAppWebhook(self.doors, await self.hook())
        await hook.take(told["signature"], told["body"].encode())

    async def take_all(self) -> None:
        """Whatever the sandbox has told so far, once more where it was told before."""
        for told in self.told():
            await self.take(told)

    def told(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", "whatsapp/webhook")
        return found

    def write(self, text: str, sender: str = PHONE) -> dict[str, Any]:
        """A person writes; what the webhook is to be told."""
        told: dict[str, Any] = self.control("POST", "whatsapp/inbound", json={"sender": sender, "text": text})
        return told

    async def hear(self, text: str, sender: str = PHONE) -> dict[str, Any]:
        told = self.write(text, sender)
        await self.take(told)
        return told

    async def ask(self, number: str = f"+{PHONE}", role: Role = Role.ADMIN) -> Asked:
        async with self.scopes() as scope:
            return await OwnNumberService(scope, self.company.person(role).id).ask(number)

    async def confirm(self, role: Role = Role.ADMIN, phone: str = PHONE) -> None:
        asked = await self.ask(f"+{phone}", role)
        await self.hear(f"Confirm {asked.code}", phone)

    async def close_window(self) -> None:
        """As if nobody had written for long."""
        async with self.scopes() as scope:
            long_ago = scope.now() - timedelta(days=2)
            await scope.session.execute(update(WhatsAppPerson).values(wrote_at=long_ago))

    async def settle(self, message_id: str, status: str, code: int | None = None) -> dict[str, Any]:
        body = {"message_id": message_id, "status": status, "code": code}
        told: dict[str, Any] = self.control("POST", "whatsapp/statuses", json=body)
        await self.take(told)
        return told

    async def send(self, postbox: Postbox | None = None) -> Postbox:
        postbox = postbox or Postbox()
        await send(self.on_its_clock(), self.settings, postbox)
        return postbox

    def on_its_clock(self) -> Company:
        company = self.company
        return Company(company.id, company.name, company.people, self.scopes)

    def messages(self, to: str = PHONE) -> list[dict[str, Any]]:
        """What the phone was sent, newest first."""
        found: list[dict[str, Any]] = self.control("GET", "whatsapp/messages", params={"to": to})
        return found

    async def rows(self, kind: str | None = "notice") -> list[NotificationDelivery]:
        found = [each for each in await deliveries(self.scopes) if each.channel == "whatsapp"]
        return [each for each in found if kind in {None, each.kind}]

    async def row(self) -> NotificationDelivery:
        [found] = await self.rows()
        return found

    async def person(self, role: Role = Role.ADMIN) -> WhatsAppPerson:
        user_id = self.company.person(role).id
        async with self.scopes() as scope:
            found = await scope.session.scalar(
                select(WhatsAppPerson).where(WhatsAppPerson.user_id == user_id)
            )
        assert found is not None
        return found

    async def account(self) -> WhatsAppAccount:
        async with self.scopes() as scope:
            return (await scope.session.scalars(select(WhatsAppAccount))).one()

    async def receipts(self) -> Sequence[tuple[str, str]]:
        async with self.scopes() as scope:
            rows = await scope.session.scalars(select(WhatsAppConsent).order_by(WhatsAppConsent.id))
        return [(each.act, each.way) for each in rows]

    async def only_admin_hears(self) -> None:
        async with self.scopes() as scope:
            await scope.session.execute(
                update(Membership)
                .where(Membership.user_id != self.company.person().id)
                .values(is_active=False)
            )


def a_line(
    app: FastAPI, company: Company, settings: Settings, sandbox: Sandbox, clock: Clock | None = None
) -> Line:
    """Not connected yet. All that the sandbox keeps of the number is forgotten."""
    for each in ("messages", "templates", "quota"):
        control(sandbox, "DELETE", f"whatsapp/{each}")
    control(sandbox, "POST", "whatsapp/refusals", json={"at_once": False})
    control(sandbox, "POST", "whatsapp/tokens", json={"action": "restore"})
    person = company.person()
    actor = Actor(ActorKind.USER, person.email, person.id)
    clock = clock or app.state.clock
    engine = app.state.engine
    return Line(
        company,
        settings.model_copy(update={"whatsapp_base_url": f"{sandbox.url}/whatsapp"}),
        sandbox,
        scopes_for(engine, company.id, actor=actor, clock=clock),
        Doors(engine, clock),
        control(sandbox, "GET", "whatsapp"),
    )
