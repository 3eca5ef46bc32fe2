"""The decision ledger: append-only, a chain of hashes for each tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, TenantKeyed, TenantOwned


class LedgerEntry(TenantOwned, Base):
    """One decision with everything it read. The hash is over `body` as stored, byte for byte."""

    __tablename__ = "trust_ledger"
    __table_args__ = (
        UniqueConstraint("tenant_id", "seq"),
        Index("ix_trust_ledger_kind", "tenant_id", "kind", "seq"),
        Index("ix_trust_ledger_account", "tenant_id", "ad_account_id", "seq"),
        Index("ix_trust_ledger_at", "tenant_id", "kind", "at", "seq"),
        Index("ix_trust_ledger_account_at", "tenant_id", "ad_account_id", "kind", "at", "seq"),
    )

    seq: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    """Domain time of the decision."""
    kind: Mapped[str]
    decider: Mapped[str]
    verdict: Mapped[str | None]
    ad_account_id: Mapped[UUID | None]
    action_id: Mapped[UUID | None]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerHead(TenantKeyed, Base):
    """Where the chain ends. Locked by whoever appends, so that entries follow one another."""

    __tablename__ = "trust_ledger_heads"

    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
