"""Work with CRMs and shops: each task calls a service between short transactions."""

from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.services.integrations.crm.service import (
    CrmCreating,
    CrmDesk,
    CrmNotices,
    CrmNoticeWork,
    CrmService,
    CrmSyncService,
    CrmWriting,
)
from app.services.integrations.shops.service import ShopConnecting, ShopDesk, ShopService, ShopSyncService
from app.workers.handlers import every, handles


@every(seconds=30)
@handles("integrations.crm.sync_due", queue="sync", max_retries=0)
async def crm_sync_due(scope: TenantScope) -> None:
    """Looks often, since domain time may run faster than real time; enqueues only what is due."""
    await CrmService(scope).enqueue_due()


@handles("integrations.crm.sync", queue="sync", max_retries=3, timeout=300)
async def crm_sync(scopes: Scopes, account_id: str) -> None:
    """A CRM that fails is no failure of the task: its account says so, and is read again when its time comes."""
    await CrmSyncService(scopes).sync(UUID(account_id))


@every(seconds=15)
@handles("integrations.crm.write_due", queue="sync", max_retries=0)
async def crm_write_due(scope: TenantScope) -> None:
    """Where people, segments or contacts have changed that are written to a CRM."""
    await CrmService(scope).enqueue_writes()


@handles("integrations.crm.write", queue="sync", max_retries=3, timeout=300)
async def crm_write(scopes: Scopes, account_id: str) -> None:
    """A CRM that fails is no failure of the task: the round says so, and another comes."""
    await CrmWriting(scopes).run(UUID(account_id))


@every(seconds=15)
@handles("integrations.crm.notices_due", queue="sync", max_retries=0)
async def crm_notices_due(scope: TenantScope) -> None:
    """What waited for its turn at the account, or was put off."""
    await CrmNotices(scope).enqueue_due()


@handles("integrations.crm.notices", queue="sync", max_retries=3, timeout=300)
async def crm_notices(scopes: Scopes, account_id: str) -> None:
    """Objects that a CRM said something has happened to are looked at."""
    await CrmNoticeWork(scopes).run(UUID(account_id))


@every(seconds=300)
@handles("integrations.crm.create_due", queue="sync", max_retries=0)
async def crm_create_due(scope: TenantScope) -> None:
    """Where a segment's people are created at a CRM."""
    await CrmService(scope).enqueue_creations()


@handles("integrations.crm.create", queue="sync", max_retries=3, timeout=300)
async def crm_create(scopes: Scopes, account_id: str) -> None:
    """A CRM that fails is no failure of the task: the round says so, and another comes."""
    await CrmCreating(scopes).run(UUID(account_id))


@every(seconds=600)
@handles("integrations.crm.refresh", queue="sync", timeout=300)
async def crm_refresh(scopes: Scopes) -> None:
    """Exchanges tokens well before they expire."""
    await CrmDesk(scopes).refresh_expiring()


@every(seconds=30)
@handles("integrations.shops.sync_due", queue="sync", max_retries=0)
async def shops_sync_due(scope: TenantScope) -> None:
    """Looks often, since domain time may run faster than real time; enqueues only what is due."""
    await ShopService(scope).enqueue_due()


@handles("integrations.shops.sync", queue="sync", max_retries=3, timeout=300)
async def shops_sync(scopes: Scopes, shop_id: str) -> None:
    """A shop that fails is no failure of the task: its row says so, and it is read again when its time comes."""
    await ShopSyncService(scopes).sync(UUID(shop_id))


@handles("integrations.shops.order", queue="sync", max_retries=3, timeout=120)
async def shops_order(scopes: Scopes, shop_id: str, order_id: str) -> None:
    """One order that its shop told of."""
    await ShopSyncService(scopes).read_order(UUID(shop_id), order_id)


@handles("integrations.shops.check", queue="sync", max_retries=5, timeout=120)
async def shops_check(scopes: Scopes, shop_id: str) -> None:
    """Whether we still have our place in the shop."""
    await ShopConnecting(scopes).end_if_gone(UUID(shop_id))


@every(seconds=300)
@handles("integrations.shops.refresh", queue="sync", timeout=300)
async def shops_refresh(scopes: Scopes) -> None:
    """Exchanges tokens well before they expire."""
    await ShopDesk(scopes).refresh_expiring()
