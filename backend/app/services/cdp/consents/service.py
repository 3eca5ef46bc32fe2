"""Consents: what each person allowed or refused, with its proof, and what follows from it."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.db.session import TenantScope
from app.models.cdp.consents import CdpConsentReceipt, CdpConsentString
from app.models.cdp.profiles import CdpProfile
from app.services.audit_logs.service import AuditLog
from app.services.cdp.consents.errors import FutureReceipt
from app.services.cdp.consents.repository import ConsentRepository, ReceiptRow
from app.services.cdp.consents.rules import (
    DEFAULT_CATEGORIES,
    STRICT_COUNTRIES,
    Because,
    Decided,
    Decision,
    Policy,
    Purpose,
    Reading,
    Receipt,
    Source,
    country_code,
    decide,
    read,
    receipts_of,
)
from app.services.cdp.consents.settings import ConsentRules, ConsentSettings
from app.services.cdp.consents.summaries import ConsentSummaries
from app.services.cdp.profiles.service import ProfileService
from app.services.cdp.tombstones.service import Tombstones

__all__ = [
    "DEFAULT_CATEGORIES",
    "STRICT_COUNTRIES",
    "Because",
    "ConsentRules",
    "ConsentService",
    "ConsentSettings",
    "ConsentSummaries",
    "Consents",
    "Decided",
    "Decision",
    "Policy",
    "Purpose",
    "Question",
    "Standing",
    "country_code",
]


@dataclass(frozen=True, slots=True)
class Question:
    """May this be used of this person? `keys` are the identifiers that it names; `context` is the event's own."""

    keys: Sequence[UUID]
    at: datetime
    context: Mapping[str, Any]
    country: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for a profile now."""

    profile_id: UUID
    country: str | None
    purposes: Mapping[Purpose, Decided]
    strings: Sequence[CdpConsentString]


class Consents:
    """The one place that decides: for what is to be queued, and again for what is to be sent."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ConsentRepository(scope)

    async def decide(self, purpose: Purpose, questions: Sequence[Question]) -> list[Decided]:
        """By all that these people said until now, in two reads for however many."""
        if not questions:
            return []
        rules = await ConsentSettings(self._scope).current()
        said = await self._rows.said_by(key for each in questions for key in each.keys)
        decided = []
        for each in questions:
            own = read(each.context, rules.categories)
            receipts = [receipt for key in each.keys for receipt in said.get(key, ())]
            receipts += receipts_of(own, each.at)
            decided.append(decide(purpose, receipts, each.country, rules.policy, gpc=own.gpc))
        return decided

    async def take_in(self, received_from: datetime, received_to: datetime) -> int:
        """Keep what the events received then say of consent; the same events again add nothing. How many spoke.

        An erased person's past says nothing: its events may be there still, while they are being erased.
        """
        said = await self._rows.speaking(received_from, received_to)
        barred = await Tombstones(self._scope).bar([([each.person_key], each.at) for each in said])
        speaking = [each for each, is_past in zip(said, barred, strict=True) if not is_past]
        if not speaking:
            return 0
        rules, now = await ConsentSettings(self._scope).current(), self._scope.now()
        receipts: list[ReceiptRow] = []
        strings: list[tuple[UUID, str, str, datetime, str]] = []
        for event in speaking:
            reading = read(event.context, rules.categories)
            wording = _wording(event.context)
            receipts += [
                ReceiptRow(
                    _of_the_day(event.person_key, receipt, wording),
                    event.person_key,
                    receipt,
                    wording,
                    _proof(receipt, reading, event.context),
                    event.message_id,
                    event.id,
                )
                for receipt in receipts_of(reading, event.at)
            ]
            strings += [
                (event.person_key, kind, value, event.at, event.message_id)
                for kind, value in reading.strings.items()
            ]
        await self._rows.record(receipts, now)
        await self._rows.keep_strings(strings)
        return len(speaking)


class ConsentService:
    """What people read of consents, and what they record on somebody's behalf."""

    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._rows = ConsentRepository(scope)
        self._profiles = ProfileService(scope)

    async def of_profile(self, profile_id: UUID) -> Standing:
        """Every purpose with its reason, as it stands now."""
        profile = await self._profiles.current(profile_id)
        country = self._profiles.country(profile)
        receipts = (await self._rows.said_by([profile.id])).get(profile.id, [])
        policy = (await ConsentSettings(self._scope).current()).policy
        purposes = {each: decide(each, receipts, country, policy, gpc=False) for each in Purpose}
        return Standing(profile.id, country, purposes, await self._rows.strings(profile.id))

    async def of_profiles(self, profiles: Sequence[CdpProfile]) -> dict[UUID, dict[Purpose, Decided]]:
        """Every purpose of each of these, in two reads for however many."""
        said = await self._rows.said_by(each.id for each in profiles)
        policy = (await ConsentSettings(self._scope).current()).policy
        found = {}
        for profile in profiles:
            country, receipts = self._profiles.country(profile), said.get(profile.id, [])
            found[profile.id] = {each: decide(each, receipts, country, policy, gpc=False) for each in Purpose}
        return found

    async def receipts(
        self, profile_id: UUID, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[CdpConsentReceipt], str | None]:
        """The last asserted first."""
        profile = await self._profiles.current(profile_id)
        return await self._rows.receipts(profile.id, cursor=cursor, limit=limit)

    async def record(
        self,
        profile_id: UUID,
        purposes: Iterable[Purpose],
        decision: Decision,
        *,
        proof: str,
        wording_version: str | None = None,
        at: datetime | None = None,
    ) -> Standing:
        """Keep what a person said elsewhere.

        A refusal is kept for every identifier of theirs, so that no split forgets it; a grant for the founding one,
        so that no split invents one.
        """
        now = self._scope.now()
        said_at = at or now
        if said_at > now:
            raise FutureReceipt
        profile = await self._profiles.current(profile_id)
        keys = [profile.id]
        if decision is Decision.REFUSED:
            keys = [each.key for each in await self._profiles.identifiers(profile)]
        wanted = sorted(set(purposes))
        rows = [
            ReceiptRow(
                uuid7(),
                key,
                Receipt(purpose, decision, said_at, Source.PERSON),
                wording_version,
                {"note": proof},
                asserted_by=self._scope.actor.label,
            )
            for key in keys
            for purpose in wanted
        ]
        await self._rows.record(rows, now)
        await ConsentSummaries(self._scope).ask()
        await AuditLog(self._scope).record(
            f"cdp.consents.{decision}",
            entity="cdp_profiles",
            entity_id=profile.id,
            after={"purposes": wanted, "wording_version": wording_version, "at": said_at.isoformat()},
        )
        return await self.of_profile(profile.id)


def _wording(context: Mapping[str, Any]) -> str | None:
    consent = context.get("consent")
    value = consent.get("version") or consent.get("wordingVersion") if isinstance(consent, Mapping) else None
    return str(value)[:100] if isinstance(value, str | int) and not isinstance(value, bool) else None


def _proof(receipt: Receipt, reading: Reading, context: Mapping[str, Any]) -> dict[str, Any]:
    """What the event said, word for word."""
    if receipt.source is Source.GPC:
        return {"gpc": True}
    return {"consent": context.get("consent"), **reading.strings}


def _of_the_day(key: UUID, receipt: Receipt, wording: str | None) -> UUID:
    """SDKs say the same with every event: once a day is proof enough; the register has the last time exactly."""
    parts = (receipt.purpose, receipt.decision, receipt.source, wording or "", receipt.at.date().isoformat())
    digest = hashlib.blake2b(key.bytes + "|".join(parts).encode(), digest_size=16).digest()
    return UUID(bytes=digest)
