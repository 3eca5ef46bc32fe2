from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.notifications.kinds import (
    WhatsAppConsentAct,
    WhatsAppConsentState,
    WhatsAppConsentWay,
    WhatsAppTemplateStatus,
)
from app.models.notifications.whatsapp import (
    WhatsAppAccount,
    WhatsAppConsent,
    WhatsAppHeard,
    WhatsAppPerson,
    WhatsAppTemplate,
)
from app.services.notifications.cloud_api.templates_rules import Standing

_RECEIPTS = 20


class AccountRepository:
    """A company's one number, and its templates."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def get(self, *, for_update: bool = False) -> WhatsAppAccount | None:
        statement = select(WhatsAppAccount).execution_options(populate_existing=True)
        if for_update:
            statement = statement.with_for_update()
        return (await self._session.scalars(statement)).one_or_none()

    async def save(self, account: WhatsAppAccount) -> None:
        self._session.add(account)
        account.updated_at = real_now()
        await self._session.flush()

    async def delete(self, account: WhatsAppAccount) -> None:
        await self._session.execute(delete(WhatsAppTemplate))
        await self._session.delete(account)
        await self._session.flush()

    async def failed(self, code: str | None) -> None:
        """What the last call ended with."""
        await self._session.execute(
            update(WhatsAppAccount).values(last_error=code, last_error_at=real_now() if code else None)
        )

    async def heard(self) -> None:
        """The webhook told something."""
        await self._session.execute(update(WhatsAppAccount).values(heard_at=real_now()))

    async def templates(self) -> dict[str, Standing]:
        rows = await self._session.scalars(select(WhatsAppTemplate).order_by(WhatsAppTemplate.name))
        return {
            each.name: Standing(each.name, WhatsAppTemplateStatus(each.status), each.category, each.reason)
            for each in rows
        }

    async def put_templates(self, standings: Iterable[Standing]) -> None:
        for each in standings:
            values = {
                "status": each.status,
                "category": each.category,
                "reason": each.reason,
                "checked_at": real_now(),
            }
            await self._session.execute(
                insert(WhatsAppTemplate)
                .values(tenant_id=self._scope.tenant_id, id=uuid7(), name=each.name, **values)
                .on_conflict_do_update(index_elements=["tenant_id", "name"], set_=values)
            )

    async def judge(self, name: str, status: WhatsAppTemplateStatus) -> None:
        """What a send found out about a template."""
        await self._session.execute(
            update(WhatsAppTemplate)
            .where(WhatsAppTemplate.name == name)
            .values(status=status, checked_at=real_now())
        )


class PeopleRepository:
    """Whom the company may write to."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._session = scope.session

    async def of(self, user_id: UUID, *, for_update: bool = False) -> WhatsAppPerson | None:
        statement = select(WhatsAppPerson).where(WhatsAppPerson.user_id == user_id)
        return await self._one(statement.with_for_update() if for_update else statement)

    async def made(self, user_id: UUID, number: str, wording: str) -> WhatsAppPerson:
        """The person's row, locked; made where there was none."""
        await self._session.execute(
            insert(WhatsAppPerson)
            .values(
                tenant_id=self._scope.tenant_id,
                id=uuid7(),
                user_id=user_id,
                number=number,
                state=WhatsAppConsentState.PENDING,
                wording=wording,
            )
            .on_conflict_do_nothing(index_elements=["tenant_id", "user_id"])
        )
        found = await self.of(user_id, for_update=True)
        if found is None:
            raise LookupError("the row was just made")
        return found

    async def among(self, users: Collection[UUID]) -> dict[UUID, WhatsAppPerson]:
        rows = await self._session.scalars(select(WhatsAppPerson).where(WhatsAppPerson.user_id.in_(users)))
        return {each.user_id: each for each in rows}

    async def by_code(self, numbers: Sequence[str], hashes: Sequence[bytes]) -> WhatsAppPerson | None:
        """Who was given one of these codes, for one of these numbers, and in time."""
        return await self._one(
            select(WhatsAppPerson)
            .where(
                WhatsAppPerson.number.in_(numbers),
                WhatsAppPerson.code_hash.in_(hashes),
                WhatsAppPerson.code_until > real_now(),
            )
            .limit(1)
            .with_for_update()
        )

    async def of_line(self, wa_id: str) -> Sequence[WhatsAppPerson]:
        """Who confirmed this line, and whoever it once was; who has it now comes first."""
        rows = await self._session.scalars(
            select(WhatsAppPerson)
            .where(WhatsAppPerson.wa_id == wa_id)
            .order_by(WhatsAppPerson.state, WhatsAppPerson.updated_at.desc(), WhatsAppPerson.id)
            .with_for_update()
        )
        return rows.all()

    async def pending(self, numbers: Sequence[str]) -> Sequence[WhatsAppPerson]:
        rows = await self._session.scalars(
            select(WhatsAppPerson)
            .where(WhatsAppPerson.number.in_(numbers), WhatsAppPerson.state == WhatsAppConsentState.PENDING)
            .order_by(WhatsAppPerson.id)
            .with_for_update()
        )
        return rows.all()

    async def save(self, person: WhatsAppPerson) -> None:
        person.updated_at = real_now()
        await self._session.flush()

    async def close_window(self, user_id: UUID) -> None:
        """WhatsApp says that the day is over, whatever we thought."""
        await self._session.execute(
            update(WhatsAppPerson).where(WhatsAppPerson.user_id == user_id).values(wrote_at=None)
        )

    async def close_windows(self) -> None:
        """Another number's windows are not this one's."""
        await self._session.execute(update(WhatsAppPerson).values(wrote_at=None))

    async def failed(self, user_id: UUID, code: str | None) -> None:
        await self._session.execute(
            update(WhatsAppPerson).where(WhatsAppPerson.user_id == user_id).values(last_error=code)
        )

    async def give_receipt(
        self,
        person: WhatsAppPerson,
        act: WhatsAppConsentAct,
        way: WhatsAppConsentWay,
        *,
        at: datetime,
        message_id: str | None = None,
    ) -> None:
        self._session.add(
            WhatsAppConsent(
                id=uuid7(),
                user_id=person.user_id,
                number=person.number,
                act=act,
                way=way,
                wording=person.wording,
                message_id=message_id,
                at=at,
            )
        )
        await self._session.flush()

    async def receipts(self, user_id: UUID) -> Sequence[WhatsAppConsent]:
        """The newest ones, newest first."""
        rows = await self._session.scalars(
            select(WhatsAppConsent)
            .where(WhatsAppConsent.user_id == user_id)
            .order_by(WhatsAppConsent.id.desc())
            .limit(_RECEIPTS)
        )
        return rows.all()

    async def _one(self, statement: Select[WhatsAppPerson]) -> WhatsAppPerson | None:
        found = await self._session.scalars(statement.execution_options(populate_existing=True))
        return found.one_or_none()


class HeardRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def is_new(self, message_id: str) -> bool:
        """True for the first time, once, however often it comes at the same time."""
        made = await self._session.scalar(
            insert(WhatsAppHeard)
            .values(message_id=message_id, received_at=real_now())
            .on_conflict_do_nothing()
            .returning(WhatsAppHeard.message_id)
        )
        return made is not None

    async def forget_before(self, moment: datetime) -> None:
        await self._session.execute(delete(WhatsAppHeard).where(WhatsAppHeard.received_at < moment))
