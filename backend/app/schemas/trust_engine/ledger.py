"""The decision ledger, as the API shows it. Hashes are hex."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class LedgerEntryRead(BaseModel):
    id: UUID
    sequence: int
    at: datetime
    kind: str
    decider: str
    verdict: str | None
    ad_account_id: UUID | None
    action_id: UUID | None
    hash: str
    previous_hash: str


class LedgerHeadRead(BaseModel):
    """Keep it outside: it shows a tail that was cut off, or a chain that was rewritten."""

    tenant_id: int
    sequence: int
    hash: str
    signed_at: datetime
    public_key: str
    signature: str


class LedgerVerify(BaseModel):
    whole: bool
    rows: int
    faults: list[str] = Field(description="The first hundred, in plain words.")
    verified_at: datetime
