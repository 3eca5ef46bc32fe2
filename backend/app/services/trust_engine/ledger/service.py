"""The decision ledger: append, read, export its head, verify it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.security import ledger_seed
from app.db.session import TenantScope
from app.models.trust_engine.ledger import LedgerEntry
from app.services.trust_engine.ledger import rules
from app.services.trust_engine.ledger.drill_repository import TAMPERINGS, become_owner, tampered
from app.services.trust_engine.ledger.errors import BadHead, EntryNotFound
from app.services.trust_engine.ledger.repository import ALWAYS, LedgerRepository, Period, Stored
from app.services.trust_engine.ledger.rules import Decider, End, Fault, FaultKind, Link, SignedHead

__all__ = ["ALWAYS", "Ledger", "Period", "SignedHead", "Stored", "Verification", "read_head", "write_head"]

_MOST_FAULTS = 100


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk over the whole chain found, each entry decided again; `faults` are the first hundred."""

    tenant_id: int
    entries: int
    head_hash: str
    faults: Sequence[Fault]

    @property
    def whole(self) -> bool:
        return not self.faults


@dataclass(frozen=True, slots=True)
class Tampering:
    """What was tried on the ledger, and what verification said of it."""

    name: str
    verification: Verification


class Ledger:
    def __init__(self, scope: TenantScope) -> None:
        self._scope = scope
        self._entries = LedgerRepository(scope)

    async def append(
        self,
        kind: str,
        decider: str,
        body: Mapping[str, Any],
        *,
        verdict: str | None = None,
        ad_account_id: UUID | None = None,
        action_id: UUID | None = None,
    ) -> LedgerEntry:
        """Add an entry at the end of the chain; others who append wait for this transaction."""
        head = await self._entries.head_for_update()
        link = Link(
            tenant_id=self._scope.tenant_id,
            id=uuid7(),
            seq=head.seq + 1,
            at=self._scope.now(),
            kind=kind,
            decider=decider,
            verdict=verdict,
            ad_account_id=ad_account_id,
            action_id=action_id,
            body=rules.canonical(body),
            prev_hash=head.hash,
            hash=b"",
        )
        hash_ = link.computed_hash()
        entry = LedgerEntry(
            id=link.id,
            seq=link.seq,
            at=link.at,
            kind=kind,
            decider=decider,
            verdict=verdict,
            ad_account_id=ad_account_id,
            action_id=action_id,
            body=link.body,
            prev_hash=link.prev_hash,
            hash=hash_,
        )
        self._entries.append(entry)
        head.seq, head.hash = link.seq, hash_
        return entry

    async def hold(self) -> None:
        """Have others who append wait for this transaction from now on, and wait for those before it."""
        await self._entries.head_for_update()

    async def entry(self, entry_id: UUID) -> LedgerEntry:
        entry = await self._entries.entry(entry_id)
        if entry is None:
            raise EntryNotFound
        return entry

    async def newest(
        self,
        *,
        before_seq: int | None = None,
        limit: int = 50,
        kind: str | None = None,
        verdict: str | None = None,
        ad_account_id: UUID | None = None,
        period: Period = ALWAYS,
    ) -> list[LedgerEntry]:
        return await self._entries.newest(
            before_seq=before_seq,
            limit=limit,
            kind=kind,
            verdict=verdict,
            account=ad_account_id,
            period=period,
        )

    def batches(
        self, kind: str, *, since: datetime, until: datetime, from_seq: int = 0
    ) -> AsyncIterator[list[Stored]]:
        """Entries of a kind from a period of domain time, oldest first: memory does not grow with the ledger."""
        return self._entries.batches(kind, since=since, until=until, from_seq=from_seq)

    async def first_of_newest(
        self, kind: str, *, since: datetime, until: datetime, count: int
    ) -> tuple[int, int]:
        """The `seq` that the period's newest `count` entries begin with, and how many they are."""
        return await self._entries.first_of_newest(kind, since=since, until=until, count=count)

    async def saying(
        self,
        where: Sequence[str],
        value: str,
        *,
        kind: str,
        verdict: str | None = None,
        ad_account_id: UUID | None = None,
        period: Period = ALWAYS,
        before_seq: int | None = None,
        limit: int = 50,
    ) -> tuple[list[LedgerEntry], int | None]:
        """The newest whose body says so, and where to go on; a page may be short, or empty, before the end."""
        return await self._entries.saying(
            where,
            value,
            kind=kind,
            verdict=verdict,
            account=ad_account_id,
            period=period,
            before_seq=before_seq,
            limit=limit,
        )

    async def export_head(self) -> SignedHead:
        """The chain's end, signed: keep it where the database cannot reach."""
        head = await self._entries.head()
        return rules.sign_head(
            ledger_seed(),
            tenant_id=self._scope.tenant_id,
            seq=head.seq if head else 0,
            hash=head.hash if head else rules.GENESIS,
            at=real_now(),
        )

    async def verify(
        self, deciders: Mapping[str, Decider], *, head: SignedHead | None = None
    ) -> Verification:
        """Recompute every hash, follow every link, decide every entry again, and compare with an exported head.

        Others may append meanwhile: the chain has to hold what the head said before the walk, and to end no later
        than it says after it.
        """
        faults: list[Fault] = []
        if head is not None:
            faults += self._head_faults(head)
        before = await self._stored_end()
        chain, last, count = rules.Chain(), End(0, rules.GENESIS), 0
        reached = last
        async for entry in self._entries.in_order():
            link = _link(entry)
            faults += chain.follow(link)
            if (fault := rules.redecide(link, deciders)) is not None:
                faults.append(fault)
            last, count = End(link.seq, link.hash), count + 1
            if link.seq == before.seq:
                reached = last
        after = await self._stored_end()
        grown = after.seq > last.seq
        faults += rules.check_end(
            last,
            before if reached != before else last if grown else after,
            head,
            await self._entries.hash_at(head.seq) if head else None,
        )
        return Verification(self._scope.tenant_id, count, last.hash.hex(), faults[:_MOST_FAULTS])

    async def _stored_end(self) -> End:
        stored = await self._entries.head()
        return End(stored.seq, stored.hash) if stored else End(0, rules.GENESIS)

    async def drill(self, deciders: Mapping[str, Decider]) -> list[Tampering]:
        """Tamper as the database's owner could, each way in turn, and verify against a head exported beforehand.

        Everything is taken back. The scope's connection has to be one that may take the owner's role.
        """
        await become_owner(self._scope)
        head = await self.export_head()
        tried = []
        for name, statements in TAMPERINGS.items():
            async with tampered(self._scope, statements):
                tried.append(Tampering(name, await self.verify(deciders, head=head)))
        return tried

    def _head_faults(self, head: SignedHead) -> list[Fault]:
        if head.tenant_id != self._scope.tenant_id:
            raise BadHead("The head is another tenant's.")
        if not rules.is_genuine(head, rules.public_key(ledger_seed())):
            return [Fault(FaultKind.FORGED_HEAD, head.seq, "The exported head's signature is not ours.")]
        return []


def read_head(raw: bytes) -> SignedHead:
    try:
        return msgspec.json.decode(raw, type=SignedHead)
    except msgspec.MsgspecError as error:
        raise BadHead(f"The head cannot be read: {error}.") from error


def write_head(head: SignedHead) -> bytes:
    return msgspec.json.format(msgspec.json.encode(head), indent=2) + b"\n"


def _link(entry: LedgerEntry) -> Link:
    return Link(
        tenant_id=entry.tenant_id,
        id=entry.id,
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind,
        decider=entry.decider,
        verdict=entry.verdict,
        ad_account_id=entry.ad_account_id,
        action_id=entry.action_id,
        body=entry.body,
        prev_hash=entry.prev_hash,
        hash=entry.hash,
    )
