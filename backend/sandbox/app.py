"""The HTTP face: vendors at their own paths, `/control` for who drives, `/` and `/mailbox` for people."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from sandbox.control import calls, clock, faults, mailbox, market, people, platforms, shop, truth
from sandbox.control.rendering import install
from sandbox.network_faults import NetworkFaults
from sandbox.services import Services


async def _keep_time(services: Services) -> None:
    """The clock is noted each second, and the tape written in small pieces instead of one large one."""
    while True:
        await asyncio.sleep(1.0)
        services.world.run_to(services.clock.now())
        services.clock.save()


def create_app(services: Services) -> NetworkFaults:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(_keep_time(services)), asyncio.create_task(services.shop.run())]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        services.shop.close()
        services.clock.save()

    app = FastAPI(
        title="Stratum sandbox",
        docs_url="/control/docs",
        openapi_url="/control/openapi.json",
        lifespan=lifespan,
    )
    install(app, services.vendors)
    for module in (calls, clock, faults, market, shop, truth, mailbox, people, platforms):
        app.include_router(module.router(services))
    for vendor in services.vendors:
        app.include_router(vendor.control())
    app.router.routes.extend(services.vendors.routes())
    return NetworkFaults(app, services)
