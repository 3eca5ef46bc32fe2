"""The decision ledger, as the API shows it. Hashes are hex."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class LedgerEntryRead(BaseModel):
    id: UUID = Field(description="The row's id.")
    sequence: int = Field(description="Its place in the chain, from 1 without a gap.")
    at: datetime = Field(description="When it was written, UTC.")
    kind: str = Field(description="What sort of decision it is.")
    decider: str = Field(description="The code that decided, and its version.")
    verdict: str | None = Field(description="What it said.")
    ad_account_id: UUID | None = Field(description="The ad account's id here.")
    action_id: UUID | None = Field(description="The action that it was about.")
    hash: str = Field(description="SHA-256 of the row and the one before it, in hexadecimal.")
    previous_hash: str = Field(description="The hash of the row before, in hexadecimal.")


class LedgerHeadRead(BaseModel):
    """Keep it outside: it shows a tail that was cut off, or a chain that was rewritten."""

    tenant_id: int = Field(description="Whose chain it is.")
    sequence: int = Field(description="The last row's place.")
    hash: str = Field(description="The last row's hash, in hexadecimal.")
    signed_at: datetime = Field(description="When it was signed, UTC.")
    public_key: str = Field(description="Ed25519, in hexadecimal.")
    signature: str = Field(description="Ed25519 over the head, in hexadecimal.")


class LedgerVerify(BaseModel):
    whole: bool = Field(description="No row was changed, taken out, put in or cut off.")
    rows: int = Field(description="Rows that were read.")
    faults: list[str] = Field(description="The first hundred, in plain words.")
    verified_at: datetime = Field(description="When, UTC.")
