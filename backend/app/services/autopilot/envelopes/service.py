"""Standing envelopes as people give and revoke them, and the yes that automation finds in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.core.context import Actor, ActorKind
from app.core.errors import FieldError, Invalid
from app.core.ids import uuid7
from app.core.logging import get_logger
from app.db.locks import one_after_another
from app.db.session import TenantScope
from app.models.autopilot.actions import AutopilotAction
from app.models.autopilot.envelopes import AutopilotEnvelope
from app.models.integrations.ad_accounts import AdAccount
from app.services.audit_logs.service import AuditLog
from app.services.autopilot.envelopes.errors import (
    EnvelopeAccountNotFound,
    EnvelopeCampaignNotFound,
    EnvelopeEnded,
    EnvelopeNotFound,
    EnvelopePersonNeeded,
)
from app.services.autopilot.envelopes.repository import EnvelopeRepository
from app.services.autopilot.envelopes.rules import LONGEST, Asked, Terms, covers

log = get_logger(__name__)

_PEOPLE = frozenset({ActorKind.USER, ActorKind.SUPERADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeWanted:
    """Of these campaigns of one account, or of all of an account's. Money is micros of its currency.

    Without `most_daily_micros` it is of cuts and pauses alone.
    """

    ad_account_id: UUID | None = None
    campaign_ids: Sequence[UUID] = ()
    most_daily_micros: int | None
    most_raised_micros: int
    ends_at: datetime
    reason: str
    starts_at: datetime | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """An envelope, and what came of it so far."""

    row: AutopilotEnvelope
    actions: int
    raised_micros: int
    giver_may: bool
    """Whether its giver may still approve; it covers nothing otherwise."""


class Envelopes:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = EnvelopeRepository(scope)

    async def give(self, wanted: EnvelopeWanted) -> Given:
        """Say yes beforehand; only a person can, and for two weeks at most. By one key it is given once."""
        person, now = self._person(), self._scope.now()
        starts_at = max(now, wanted.starts_at or now)
        if not starts_at < wanted.ends_at <= now + LONGEST:
            wrong = FieldError("ends_at", f"It ends after it begins, within {LONGEST.days} days.", "range")
            raise Invalid(fields=[wrong])
        account = await self._account(wanted)
        key = wanted.idempotency_key or str(uuid7())
        await one_after_another(self._scope, f"envelope:{key}")
        if (known := await self._rows.by_key(key)) is not None:
            return await self._shown(known)
        row = AutopilotEnvelope(
            id=uuid7(),
            ad_account_id=account.id,
            campaign_ids=sorted(set(wanted.campaign_ids)),
            currency=account.currency,
            most_daily_micros=wanted.most_daily_micros,
            most_raised_micros=wanted.most_raised_micros,
            reason=wanted.reason,
            idempotency_key=key,
            given_by=person.id,
            given_label=person.label,
            given_at=now,
            starts_at=starts_at,
            ends_at=wanted.ends_at,
        )
        self._rows.add(row)
        await self._rows.flush()
        await self._audit("given", row, wanted.reason)
        return await self._shown(row)

    async def revoke(self, envelope_id: UUID, *, reason: str) -> Given:
        """From now on it covers nothing; what it has covered goes its way."""
        person, now = self._person(), self._scope.now()
        row = await self._rows.for_update(envelope_id)
        if row is None:
            raise EnvelopeNotFound
        if row.revoked_at is not None or row.ends_at <= now:
            raise EnvelopeEnded
        row.revoked_at, row.revoked_label, row.revoked_reason = now, person.label, reason
        await self._audit("revoked", row, reason)
        return await self._shown(row)

    async def get(self, envelope_id: UUID) -> Given:
        row = await self._rows.find(envelope_id)
        if row is None:
            raise EnvelopeNotFound
        return await self._shown(row)

    async def listed(self, *, cursor: str | None, limit: int) -> tuple[list[Given], str | None]:
        """Newest first."""
        rows, following = await self._rows.listed(cursor=cursor, limit=limit)
        return await self._all_shown(rows), following

    async def covering(self, action: AutopilotAction, now: datetime) -> AutopilotEnvelope | None:
        """The one whose yes this action has now.

        Whoever asks has the gate's turn (`GateService.take_turn`): what is raised under one is counted one at a time.
        """
        if action.other_half is not None:
            return None  # a move is of two accounts, and no envelope is
        live = await self._rows.live(action.ad_account_id, now)
        if not live:
            return None
        used = await self._rows.used([each.id for each in live])
        asked = Asked(
            campaign_id=action.campaign_id, currency=action.currency, before=action.before, after=action.after
        )
        for each in live:
            _, raised = used.get(each.id, (0, 0))
            if covers(_terms(each), asked, now=now, raised_so_far=raised):
                log.info("autopilot.envelopes.covers", envelope_id=str(each.id), action_id=str(action.id))
                return each
        return None

    async def _account(self, wanted: EnvelopeWanted) -> AdAccount:
        if (wanted.ad_account_id is None) == (not wanted.campaign_ids):
            wrong = FieldError("body", "Give either ad_account_id or campaign_ids.", "one_of")
            raise Invalid(fields=[wrong])
        accounts = {wanted.ad_account_id}
        if wanted.campaign_ids:
            found = await self._rows.accounts_of(wanted.campaign_ids)
            if len(found) < len(set(wanted.campaign_ids)):
                raise EnvelopeCampaignNotFound
            accounts = set(found.values())
        if len(accounts) > 1:
            wrong = FieldError(
                "campaign_ids", "They are of several accounts: give each its own.", "one_account"
            )
            raise Invalid(fields=[wrong])
        [ad_account_id] = accounts
        account = await self._rows.account(ad_account_id)
        if account is None:
            raise EnvelopeAccountNotFound
        return account

    def _person(self) -> Actor:
        if self._scope.actor.kind not in _PEOPLE:
            raise EnvelopePersonNeeded
        return self._scope.actor

    async def _shown(self, row: AutopilotEnvelope) -> Given:
        [found] = await self._all_shown([row])
        return found

    async def _all_shown(self, rows: Sequence[AutopilotEnvelope]) -> list[Given]:
        ids = [each.id for each in rows]
        used, stood_behind = await self._rows.used(ids), await self._rows.stood_behind(ids)
        return [Given(each, *used.get(each.id, (0, 0)), each.id in stood_behind) for each in rows]

    async def _audit(self, verb: str, row: AutopilotEnvelope, reason: str) -> None:
        await AuditLog(self._scope).record(
            f"autopilot.envelopes.{verb}",
            entity="autopilot.envelopes",
            entity_id=row.id,
            after={
                "reason": reason,
                "most_daily_micros": row.most_daily_micros,
                "most_raised_micros": row.most_raised_micros,
                "ends_at": row.ends_at.isoformat(),
            },
        )


def _terms(row: AutopilotEnvelope) -> Terms:
    return Terms(
        campaigns=frozenset(row.campaign_ids),
        currency=row.currency,
        most_daily_micros=row.most_daily_micros,
        most_raised_micros=row.most_raised_micros,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )
