"""Work with the platforms: each task calls a service between short transactions."""

from uuid import UUID

from app.db.session import Scopes, TenantScope
from app.services.integrations.ad_accounts.service import AdAccountService
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.calls.replaying import ReadsAgain
from app.services.integrations.calls.service import CallService
from app.services.integrations.connections.service import ConnectionService
from app.services.integrations.conversions import adjusting, verdicts
from app.services.integrations.conversions.adjusting import ConversionAdjuster
from app.services.integrations.conversions.service import ConversionSender, ConversionService
from app.services.integrations.conversions.verdicts import ConversionVerdicts
from app.services.integrations.webhooks.receiving import forget_receipts
from app.workers.handlers import every, handles


@every(seconds=15)
@handles("integrations.sync_due", queue="sync", max_retries=0)
async def sync_due(scope: TenantScope) -> None:
    """Looks often, since domain time may run faster than real time; enqueues only what is due."""
    await AdAccountService(scope).enqueue_due()


@handles("integrations.sync_account", queue="sync", max_retries=3, timeout=300)
async def sync_account(scopes: Scopes, ad_account_id: str) -> None:
    await AccountSyncService(scopes).sync(UUID(ad_account_id))


@handles("integrations.send_conversions", queue="sync", timeout=300)
async def send_conversions(scopes: Scopes, ad_account_id: str) -> None:
    await ConversionSender(scopes).send_due(UUID(ad_account_id))


@every(seconds=30)
@handles("integrations.conversions_due", queue="sync", max_retries=0)
async def conversions_due(scope: TenantScope) -> None:
    """What failed is tried again once its pause is over."""
    await ConversionService(scope).enqueue_due()


@every(seconds=60)
@handles("integrations.adjustments_due", queue="sync", max_retries=0)
async def adjustments_due(scope: TenantScope) -> None:
    """Of conversions whose order is worth something else since."""
    await adjusting.enqueue_due(scope)


@handles("integrations.adjust_conversions", queue="sync", timeout=300)
async def adjust_conversions(scopes: Scopes, ad_account_id: str) -> None:
    await ConversionAdjuster(scopes).adjust_due(UUID(ad_account_id))


@every(seconds=60)
@handles("integrations.verdicts_due", queue="sync", max_retries=0)
async def verdicts_due(scope: TenantScope) -> None:
    """Of conversions that a platform acknowledged before it had worked through them."""
    await verdicts.enqueue_due(scope)


@handles("integrations.read_verdicts", queue="sync", timeout=300)
async def read_verdicts(scopes: Scopes, ad_account_id: str) -> None:
    await ConversionVerdicts(scopes).read_due(UUID(ad_account_id))


@every(seconds=3600)
@handles("integrations.refresh_connections", queue="sync", timeout=300)
async def refresh_connections(scopes: Scopes) -> None:
    """Exchanges tokens well before they expire."""
    await ConnectionService(scopes).refresh_expiring()


@handles("integrations.read_again", queue="sync", max_retries=0)
async def read_again(scopes: Scopes, call_id: str) -> None:
    """Asked for by a person, who sees in the log what came of it and may ask again."""
    await ReadsAgain(scopes).read(UUID(call_id))


@every(seconds=86_400)
@handles("integrations.forget_calls", queue="sync")
async def forget_calls(scope: TenantScope) -> None:
    await CallService(scope).forget_old()
    await forget_receipts(scope)
