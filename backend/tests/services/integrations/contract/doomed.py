"""`python -m` this with WAY TENANT ID SANDBOX WIRE: work with a platform, in a process that is to be killed."""

import asyncio
import sys
from uuid import UUID

import httpx2
from pydantic import SecretStr

from app.core.config import get_settings
from app.db.session import make_engine, scopes_for
from app.services.autopilot.actions.execution import ActionExecution
from app.services.campaigns.drafts.publishing import DraftPublishing
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.conversions.service import ConversionSender
from app.services.integrations.gateway import gateway_by


async def main(way: str, tenant_id: int, target: UUID, sandbox: str, wire: str) -> None:
    told = httpx2.get(f"{sandbox}/control/platforms", timeout=60).json()
    led = {
        name.lower(): SecretStr(value) if "SECRET" in name else value.replace(sandbox, wire)
        for name, value in told.items()
    }
    settings = get_settings().model_copy(update=led)
    engine = make_engine(settings.database_url.get_secret_value(), settings)
    scopes = scopes_for(engine, tenant_id)
    async with gateway_by(settings):
        if way == "sync":
            await AccountSyncService(scopes).sync(target)
        elif way == "write":
            await ActionExecution(scopes).run(target)
        elif way == "ads":
            await DraftPublishing(scopes).run(target)
        else:
            await ConversionSender(scopes).send_due(target)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), UUID(sys.argv[3]), sys.argv[4], sys.argv[5]))
