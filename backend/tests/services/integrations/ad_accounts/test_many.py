"""An agency's thousands of rows go in like a shop's ten."""

from datetime import timedelta

from app.core.clock import real_now
from app.core.ids import uuid7
from app.db.session import Scopes
from app.services.integrations.account_repository import AdAccountRepository
from app.services.integrations.conversions.repository import ConversionRepository
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import RemoteEdit
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox

MANY = 4_000


async def test_thousands_of_edits_and_conversions_are_kept_at_once(
    scopes: Scopes, sandbox: Sandbox, platforms: Gateway
) -> None:
    account, now = (await connect(scopes, sandbox)).dollars, real_now()
    edits = [
        RemoteEdit(
            fingerprint=f"{number:064}", at=now - timedelta(seconds=number), entity_type="campaign",
            entity="1", event_type="update", actor_name=None, application_id=None, detail={},
        )
        for number in range(MANY)
    ]  # fmt: skip
    deliveries = [
        {
            "ad_account_id": account, "platform": "meta", "event_id": uuid7(), "event_received_at": now,
            "dedupe_key": f"order-{number}", "event_name": "purchase", "platform_event": "Purchase",
            "event_time": now, "status": "queued", "reason": None, "queued_at": now,
        }
        for number in range(MANY)
    ]  # fmt: skip
    for known in (0, MANY):
        async with scopes() as scope:
            kept = await AdAccountRepository(scope).keep_edits(account, edits, app_id=None)
            queued = await ConversionRepository(scope).queue(deliveries)
        assert (len(kept), queued) == (MANY - known, MANY - known)
