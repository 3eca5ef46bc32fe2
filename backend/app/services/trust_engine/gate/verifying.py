"""Whole ledgers, verified tenant by tenant, with every decider that ever wrote to one."""

from app.db.session import Doors, open_scope
from app.services.trust_engine.gate.repository import active_tenants
from app.services.trust_engine.gate.service import deciders
from app.services.trust_engine.ledger.service import Ledger, SignedHead, Tampering, Verification


async def verify_ledgers(doors: Doors, tenant_id: int | None, head: SignedHead | None) -> list[Verification]:
    """One tenant's ledger (the head's, where one is given), or every active tenant's. Reads no clock."""
    if tenant_id is None and head is not None:
        tenant_id = head.tenant_id
    chosen = [tenant_id] if tenant_id is not None else await active_tenants(doors)
    found = []
    for each in chosen:
        async with open_scope(doors.engine, each) as scope:
            found.append(await Ledger(scope).verify(deciders(), head=head))
    return found


async def export_head(doors: Doors, tenant_id: int) -> SignedHead:
    async with open_scope(doors.engine, tenant_id) as scope:
        return await Ledger(scope).export_head()


async def drill_ledger(owner: Doors, tenant_id: int) -> list[Tampering]:
    """Tamper with one tenant's ledger in every known way, through the owner's doors, and take it all back."""
    async with open_scope(owner.engine, tenant_id) as scope:
        return await Ledger(scope).drill(deciders())
