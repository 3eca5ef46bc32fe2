"""Resolvers that are killed at random moments: `python -m tests.services.cdp.identity.doomed TENANT KILLS SEED`.

Each is a fork of this process, resolves small sets of the tenant's events until SIGKILL, and has the next one follow.
Of every two, one is killed soon after it has begun, perhaps before its first set is done, and one later.
"""

import asyncio
import os
import random
import signal
import sys
import time

from app.core.config import get_settings
from app.db.session import make_engine, scopes_for
from app.services.cdp.identity.service import Resolver

_STARTS_WITHIN = 0.3


async def _resolve(tenant_id: int, at_work: int, *, sets_before: int) -> None:
    engine = make_engine(get_settings().database_url.get_secret_value(), get_settings())
    scopes = scopes_for(engine, tenant_id)
    async with scopes():
        pass
    while True:
        if sets_before == 0:
            os.write(at_work, b".")
        sets_before -= bool(await Resolver(scopes, at_once=40).drain(until=0))
        await asyncio.sleep(0.001)


def main(tenant_id: int, kills: int, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  (the same storm each time)
    for number in range(kills):
        forked, (began, at_work) = time.monotonic(), os.pipe()
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(_resolve(tenant_id, at_work, sets_before=number % 2))
            finally:
                os._exit(1)
        os.close(at_work)
        if not os.read(began, 1):
            sys.exit("The resolver ended by itself.")
        slowness = max(1.0, (time.monotonic() - forked) / _STARTS_WITHIN)  # of a machine that others use too
        time.sleep((0.1 + dice.random() * 0.4) * slowness)
        os.close(began)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
