"""From the 200 to the person and the segment: how long an accepted event takes to be seen, at a steady rate.

    python -m benchmarks.visible [events a second] [seconds]

Two API processes, a worker of two processes, Beat and the relay over a durable database. Events come over HTTP in
batches, at a steady rate; each batch brings one new visitor, who is looked for in the profiles and among the members
of a live segment from the moment of the batch's 200. Where p99 is beyond the aim, the next lower rate is tried.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import psutil

from benchmarks.identity import Shop
from benchmarks.ingestion import make_source
from benchmarks.load import ask
from benchmarks.stack import BACKEND, Stack, database_cpu, running_stack, serving

RATES = (5_000, 4_000, 3_000, 2_000, 1_000, 500)
SECONDS = 20
BATCH = 100
CONNECTIONS = 8
AIM_SECONDS = 2.0
LOOK_EVERY = 0.02
PATIENCE = 90.0
RULE: dict[str, Any] = {"kind": "event", "event": "Product Viewed", "window": {"kind": "last", "days": 30}}
# Each by its key: who looks must not read whole tables beside those who are looked at.
_LOOK_FOR_PROFILES = """
SELECT found.id FROM unnest($2::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
  SELECT id FROM cdp_profiles WHERE tenant_id = $1 AND id = wanted.id AND event_count = 1 OFFSET 0) AS found
"""
_LOOK_FOR_MEMBERS = """
SELECT found.profile_id FROM unnest($3::uuid[]) AS wanted (id) CROSS JOIN LATERAL (
  SELECT profile_id FROM cdp_segment_members WHERE tenant_id = $1 AND segment_id = $2 AND profile_id = wanted.id
  OFFSET 0) AS found
"""
PARTS = {
    "worker": ("app.workers.worker", "--concurrency", "2", "--without-mingle", "--without-gossip"),
    "relay": ("app.workers.relay",),
    "Beat": ("celery", "--quiet", "--app", "app.workers.celery_app", "beat"),
}


@dataclass
class Seen:
    """Seconds from a batch's 200 until its visitor is there."""

    profile: list[float] = field(default_factory=list)
    segment: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Result:
    asked: int
    reached: float
    seen: Seen
    cpu: dict[str, float]

    @property
    def holds(self) -> bool:
        return _percentile(self.seen.segment, 0.99) < AIM_SECONDS and self.reached > 0.97 * self.asked


@contextlib.contextmanager
def _running(name: str, environment: dict[str, str]) -> Iterator[psutil.Process]:
    quiet = {"PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges"}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *PARTS[name]],
            cwd=BACKEND,
            env=environment | quiet,
            stdout=log,
            stderr=log,
        )
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _cpu(process: psutil.Process) -> float:
    total = 0.0
    for each in (process, *process.children(recursive=True)):
        with contextlib.suppress(psutil.Error):
            times = each.cpu_times()
            total += times.user + times.system
    return total


class _Load:
    """Batches made beforehand, each with its own new visitor."""

    def __init__(self, key: str, tenant_id: int, name: str, batches: int, shop: Shop) -> None:
        from app.services.cdp.events.service import anonymous_key  # noqa: PLC0415  (the environment comes first)

        self.requests: list[bytes] = []
        self.keys: list[UUID] = []
        for number in range(batches):
            visitor = f"{name}-{number}"
            probe = {"type": "track", "event": "Product Viewed", "messageId": visitor, "anonymousId": visitor}
            events = [*(shop.event() for _ in range(BATCH - 1)), probe]
            body = json.dumps({"batch": events, "writeKey": key}).encode()
            head = f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            self.requests.append(head.encode() + body)
            found = anonymous_key(visitor, tenant_id)
            assert found is not None
            self.keys.append(found)


async def _send(urls: Sequence[str], load: _Load, rate: int, acknowledged: dict[UUID, float]) -> float:
    """Send each batch at its time; the rate that was reached."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for url in [*urls] * CONNECTIONS:
        parts = urlsplit(url)
        free.put_nowait(await asyncio.open_connection(parts.hostname, parts.port))

    async def one(request: bytes, key: UUID) -> None:
        connection = await free.get()
        status = await ask(*connection, request)
        if status != 200:
            raise SystemExit(f"A batch was answered {status}")
        acknowledged[key] = time.perf_counter()
        free.put_nowait(connection)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number, (request, key) in enumerate(zip(load.requests, load.keys, strict=True)):
            await asyncio.sleep(max(0.0, started + number * BATCH / rate - time.perf_counter()))
            tasks.create_task(one(request, key))
    seconds = time.perf_counter() - started
    while not free.empty():
        free.get_nowait()[1].close()
    return len(load.requests) * BATCH / seconds


async def _look(
    owner_url: str, tenant_id: int, segment_id: UUID, load: _Load, acknowledged: dict[UUID, float]
) -> Seen:
    """Look for the visitors until all are seen in both places."""
    connection = await asyncpg.connect(owner_url)
    seen, wanted, inside = Seen(), set(load.keys), set(load.keys)
    deadline = time.perf_counter() + PATIENCE + len(load.keys) * BATCH / 500
    while wanted or inside:
        profiles = [key for key in wanted if key in acknowledged]
        members = [key for key in inside if key in acknowledged]
        rows = await connection.fetch(
            _LOOK_FOR_PROFILES,
            tenant_id,
            profiles,
        )
        now = time.perf_counter()
        for row in rows:
            wanted.discard(row[0])
            seen.profile.append(now - acknowledged[row[0]])
        rows = await connection.fetch(
            _LOOK_FOR_MEMBERS,
            tenant_id,
            segment_id,
            members,
        )
        now = time.perf_counter()
        for row in rows:
            inside.discard(row[0])
            seen.segment.append(now - acknowledged[row[0]])
        if now > deadline:
            raise SystemExit(f"{len(wanted)} were not seen as profiles and {len(inside)} not in the segment")
        await asyncio.sleep(LOOK_EVERY)
    await connection.close()
    return seen


async def _segment(stack: Stack, tenant_id: int) -> UUID:
    from app.core.config import get_settings  # noqa: PLC0415  (reads the settings: the environment comes first)
    from app.db.session import make_engine, scopes_for  # noqa: PLC0415
    from app.schemas.cdp.segments_tree import read_rule  # noqa: PLC0415
    from app.services.cdp.segments.service import Recomputation, SegmentService  # noqa: PLC0415

    engine = make_engine(stack.app_url, get_settings())
    scopes = scopes_for(engine, tenant_id)
    async with scopes() as scope:
        made = await SegmentService(scope).create("Looked lately", "", read_rule(RULE))
    await Recomputation(scopes).run(made.id)
    await engine.dispose()
    return made.id


async def _measure(
    stack: Stack,
    urls: Sequence[str],
    parts: dict[str, Sequence[psutil.Process]],
    rates: Sequence[int],
    seconds: int,
) -> list[Result]:
    key = await make_source(stack)
    tenant_id = int(key.split("_")[1])
    segment_id = await _segment(stack, tenant_id)
    shop, found = Shop(1), []
    for name, rate, length in [("warm", 500, 3), *((f"at-{rate}", rate, seconds) for rate in rates)]:
        load = _Load(key, tenant_id, name, rate * length // BATCH, shop)
        before = {part: sum(map(_cpu, processes)) for part, processes in parts.items()}
        database = database_cpu(stack.owner_url)
        acknowledged: dict[UUID, float] = {}
        looking = asyncio.create_task(_look(stack.owner_url, tenant_id, segment_id, load, acknowledged))
        reached = await _send(urls, load, rate, acknowledged)
        seen = await looking
        per = 1e6 / (len(load.keys) * BATCH)
        cpu = {part: (sum(map(_cpu, each)) - before[part]) * per for part, each in parts.items()}
        cpu["database"] = (database_cpu(stack.owner_url) - database) * per
        if name != "warm":
            found.append(Result(rate, reached, seen, cpu))
            _print(found[-1])
            if found[-1].holds:
                break
    return found


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _print(result: Result) -> None:
    figures = [
        f"{result.asked:>9,} {result.reached:>9,.0f}",
        *(
            f"{_percentile(values, 0.5):>11.2f} {_percentile(values, 0.99):>7.2f}"
            for values in (result.seen.profile, result.seen.segment)
        ),
    ]
    parts = ", ".join(f"{name} {micros:.0f}" for name, micros in result.cpu.items())
    print(" ".join(figures) + f"   {parts}", flush=True)


def main() -> None:
    numbers = [int(word) for word in sys.argv[1:]]
    rates = numbers[:1] or RATES
    seconds = numbers[1] if len(numbers) > 1 else SECONDS
    with running_stack() as stack, contextlib.ExitStack() as running:
        os.environ.update(stack.environment)
        apis = [running.enter_context(serving("app.main:create_app", stack.environment)) for _ in range(2)]
        parts: dict[str, Sequence[psutil.Process]] = {"API": [process for _, process in apis]}
        for name in PARTS:
            parts[name] = [running.enter_context(_running(name, stack.environment))]
        print("Seconds from the 200 until it is seen, p50 and p99; us of CPU an event, by part.")
        print(f"{'asked/s':>9} {'reached':>9} {'in profile':>11} {'':>7} {'in segment':>11}", flush=True)
        found = asyncio.run(_measure(stack, [url for url, _ in apis], parts, rates, seconds))
    if not found[-1].holds:
        sys.exit(f"At no rate was p99 under {AIM_SECONDS:g} s.")


if __name__ == "__main__":
    main()
