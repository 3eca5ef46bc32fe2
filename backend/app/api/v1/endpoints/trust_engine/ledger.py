"""The decision ledger: its rows, its signed head, its verification."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from app.api.deps import CursorParams, ScopeDep
from app.auth.deps import requires
from app.auth.principals import Principal
from app.core.clock import real_now
from app.schemas.pages import CursorPage
from app.schemas.trust_engine.ledger import LedgerEntryRead, LedgerHeadRead, LedgerVerify
from app.services.trust_engine.gate.service import deciders
from app.services.trust_engine.ledger.service import Ledger

router = APIRouter(prefix="/trust/ledger", tags=["trust"])

Reader = Annotated[Principal, requires("trust_engine.ledger:read")]


async def ledger(scope: ScopeDep) -> Ledger:
    return Ledger(scope)


LedgerDep = Annotated[Ledger, Depends(ledger)]


class LedgerFilter(CursorParams):
    cursor: str | None = Field(
        None, max_length=20, pattern=r"^[0-9]{1,18}$", description="A sequence number."
    )
    ad_account_id: UUID | None = Field(None, description="Only of this ad account.")


@router.get("")
async def list_entries(
    found: LedgerDep, asked: Annotated[LedgerFilter, Query()], _: Reader
) -> CursorPage[LedgerEntryRead]:
    """Newest first."""
    rows = await found.newest(
        before_seq=int(asked.cursor) if asked.cursor else None,
        limit=asked.limit,
        ad_account_id=asked.ad_account_id,
    )
    items = [
        LedgerEntryRead(
            id=row.id,
            sequence=row.seq,
            at=row.at,
            kind=row.kind,
            decider=row.decider,
            verdict=row.verdict,
            ad_account_id=row.ad_account_id,
            action_id=row.action_id,
            hash=row.hash.hex(),
            previous_hash=row.prev_hash.hex(),
        )
        for row in rows
    ]
    cursor = str(rows[-1].seq) if len(rows) == asked.limit else None
    return CursorPage(items=items, next_cursor=cursor, limit=asked.limit)


@router.get("/head")
async def read_head(found: LedgerDep, _: Reader) -> LedgerHeadRead:
    """The chain's end, signed now: keep it outside."""
    head = await found.export_head()
    return LedgerHeadRead(
        tenant_id=head.tenant_id,
        sequence=head.seq,
        hash=head.hash,
        signed_at=head.exported_at,
        public_key=head.public_key,
        signature=head.signature,
    )


@router.post("/verify")
async def verify_ledger(found: LedgerDep, _: Reader) -> LedgerVerify:
    """Recompute every hash, and decide every row again from its own inputs."""
    verified = await found.verify(deciders())
    return LedgerVerify(
        whole=verified.whole,
        rows=verified.entries,
        faults=[fault.sentence for fault in verified.faults],
        verified_at=real_now(),
    )
