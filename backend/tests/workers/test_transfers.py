"""Files in real worker processes: killed at any point they lose no row and double none, and their size is no memory."""

import json
import os
import random

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.auth.permissions import Role
from app.core.clock import SystemClock
from app.core.config import Settings
from app.db.platform import Platform
from app.services.cdp.exports.service import export_stragglers
from app.services.cdp.imports.service import import_stragglers
from tests.factories.access import Company
from tests.factories.files import EXPORTS, IMPORTS, upload
from tests.workers.processes import Process, eventually, relay, worker

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

_ROWS = 12_000
_MANY = 120_000
_REDELIVERY = {"TASK_REDELIVERY_SECONDS": "2"}


async def status_of(company: Company, url: str) -> dict[str, object]:
    told: dict[str, object] = (await company.client(Role.MANAGER).get(url)).json()
    return told


async def events_of(company: Company) -> tuple[int, int]:
    """How many there are, and how many ids they have."""
    async with company.scopes() as scope:
        found = await scope.session.execute(
            text("select count(*), count(distinct message_id) from cdp_events")
        )
        total, distinct = found.one()
        return total, distinct


def _resident(process: Process) -> int:
    """Bytes of the worker and its children."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    return max(each.memory_info().rss for each in family)


async def test_killed_workers_neither_lose_nor_double_a_row(
    acme: Company, engine: AsyncEngine, settings: Settings
) -> None:
    """In and out again: each is killed with SIGKILL several times, wherever it is."""
    platform = Platform(engine, settings, SystemClock())
    dice = random.Random(11)  # noqa: S311  (the same storm each time)
    rows = "".join(f"u-{number},plan-{number % 7}\n" for number in range(_ROWS))
    made = await upload(acme, f"user_id,plan\n{rows}")
    client = acme.client(Role.MANAGER)
    started = await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    assert started.status_code == 202, started.text
    with relay(**_REDELIVERY) as relaying:
        done = await _through_a_storm(acme, f"{IMPORTS}/{made['id']}", platform, dice, relaying)
        assert (done["status"], done["rows_read"]) == ("done", _ROWS)
        assert (done["accepted"], done["duplicates"], done["rejected"]) == (_ROWS, 0, 0)
        assert await events_of(acme) == (_ROWS, _ROWS)
        with worker(**_REDELIVERY) as working:

            async def resolved() -> bool:
                async with acme.scopes() as scope:
                    return bool(
                        await scope.session.scalar(
                            text("select count(*) >= :n from cdp_profiles"), {"n": _ROWS}
                        )
                    )

            await eventually(resolved, within=200, watched=(working,))
        body = {
            "name": "All",
            "what": "people",
            "format": "jsonl",
            "columns": ["user_id", "trait:plan"],
            "raw": True,
            "reason": "To compare.",
        }
        export = (await client.post(EXPORTS, json=body)).json()
        url = f"{EXPORTS}/{export['id']}"
        written = await _through_a_storm(acme, url, platform, dice, relaying)
        assert (written["status"], written["rows_written"]) == ("done", _ROWS)
    answer = await client.get(f"{url}/file")
    found = sorted(
        (row["user_id"], row["trait:plan"]) for row in map(json.loads, answer.content.splitlines())
    )
    assert found == sorted((f"u-{number}", f"plan-{number % 7}") for number in range(_ROWS))


async def _through_a_storm(
    company: Company, url: str, platform: Platform, dice: random.Random, relaying: Process
) -> dict[str, object]:
    """Kill the worker four times, each when it has got further than before; the last one may end it.

    A task whose worker died so often is given up: the clockwork's stragglers, which are called here in Beat's place,
    go on with what it left.
    """
    reached = 0
    for _ in range(4):
        with worker(**_REDELIVERY) as working:

            async def further(than: int = reached) -> bool:
                await import_stragglers(platform)
                await export_stragglers(platform)
                told = await status_of(company, url)
                return int(str(told["rows_read"])) > than or told["status"] == "done"

            await eventually(further, within=200, watched=(working, relaying))
            reached = int(str((await status_of(company, url))["rows_read"])) + dice.randrange(1_500)
            working.kill()
    with worker(**_REDELIVERY) as working:

        async def over() -> bool:
            await import_stragglers(platform)
            await export_stragglers(platform)
            return (await status_of(company, url))["status"] == "done"

        await eventually(over, within=300, watched=(working, relaying))
    return await status_of(company, url)


async def test_the_memory_of_a_worker_does_not_grow_with_the_file(acme: Company) -> None:
    """What it holds after a sixth of the file is what it holds at the end, but for a few megabytes."""
    rows = "".join(f"u-{number},{'x' * 100}\n" for number in range(_MANY))
    before = psutil.Process(os.getpid()).memory_info().rss
    made = await upload(acme, f"user_id,note\n{rows}")
    grown = psutil.Process(os.getpid()).memory_info().rss - before
    client = acme.client(Role.MANAGER)
    await client.post(f"{IMPORTS}/{made['id']}/start", json=made["plan"])
    url = f"{IMPORTS}/{made['id']}"
    early = late = 0
    with relay() as relaying, worker() as working:

        async def over() -> bool:
            nonlocal early, late
            told = await status_of(acme, url)
            read = int(str(told["rows_read"]))
            if read < _MANY // 6:
                early = max(early, _resident(working))
            elif read < _MANY:
                late = max(late, _resident(working))
            return told["status"] == "done"

        await eventually(over, within=500, watched=(working, relaying))
    print(f"upload grew by {grown / 2**20:.0f} MB; worker {early / 2**20:.0f} MB, then {late / 2**20:.0f} MB")  # noqa: T201  (a measurement)
    assert 0 < late < early + 40 * 2**20
    assert grown < 120 * 2**20
