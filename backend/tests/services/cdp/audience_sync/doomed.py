"""`python -m` this with TENANT AUDIENCE SANDBOX: one synchronisation, in a process that is to be killed."""

import asyncio
import sys
from uuid import UUID

from app.core.config import get_settings
from app.db.session import make_engine, scopes_for
from app.services.cdp.audience_sync.service import AudienceRunner
from app.services.integrations.gateway import gateway_by


async def main(tenant_id: int, audience_id: UUID, sandbox: str) -> None:
    settings = get_settings().model_copy(update={"meta_base_url": sandbox})
    engine = make_engine(settings.database_url.get_secret_value(), settings)
    async with gateway_by(settings):
        await AudienceRunner(scopes_for(engine, tenant_id), page=3, batch=4).run(audience_id)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), UUID(sys.argv[2]), sys.argv[3]))
