"""From the 200 to the person and the segment: how long an accepted event takes to be seen, at a steady rate.

    python -m benchmarks.visible [events a second] [seconds]

Two API processes, a worker of two processes, Beat and the relay over a durable database. Events come over HTTP in
batches of 500, at a steady rate; each batch brings five new visitors, who are looked for in the profiles and among the
members of a live segment from the moment of the batch's 200. The segment reads what nearly every event is. Where p99
is beyond the aim, the next lower rate is tried. First the load of `benchmarks.ingestion`: a shop's 5,000 customers;
then that of `benchmarks.identity`, where two of five events are of somebody new.
"""

import asyncio
import contextlib
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import psutil

from benchmarks.identity import Shop
from benchmarks.ingestion import an_event, make_source
from benchmarks.load import ask
from benchmarks.stack import BACKEND, Stack, database_cpu, running_stack, serving

RATES = (5_000, 4_000, 3_000, 2_000, 1_000, 500)
SECONDS = 20
BATCH = 500
PROBES = 5
CONNECTIONS = 4
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


def _customers() -> Iterator[dict[str, Any]]:
    return map(an_event, itertools.count())


def _visitors() -> Iterator[dict[str, Any]]:
    shop = Shop(1)
    while True:
        yield shop.event()


STREAMS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {"customers": _customers, "visitors": _visitors}


class _Load:
    """Batches made beforehand, each with new visitors of its own."""

    def __init__(
        self, key: str, tenant_id: int, name: str, batches: int, stream: Iterator[dict[str, Any]]
    ) -> None:
        from app.services.cdp.events.service import anonymous_key  # noqa: PLC0415  (the environment comes first)

        self.requests: list[bytes] = []
        self.keys: list[list[UUID]] = []
        for number in range(batches):
            visitors = [f"{name}-{number}-{each}" for each in range(PROBES)]
            probes = [
                {"type": "track", "event": "Product Viewed", "messageId": visitor, "anonymousId": visitor}
                for visitor in visitors
            ]
            body = json.dumps(
                {"batch": [*itertools.islice(stream, BATCH - PROBES), *probes], "writeKey": key}
            ).encode()
            head = f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
            self.requests.append(head.encode() + body)
            found = [anonymous_key(visitor, tenant_id) for visitor in visitors]
            self.keys.append([each for each in found if each is not None])
            assert len(self.keys[-1]) == PROBES


async def _send(urls: Sequence[str], load: _Load, rate: int, acknowledged: dict[UUID, float]) -> float:
    """Send each batch at its time; the rate that was reached."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for url in [*urls] * CONNECTIONS:
        parts = urlsplit(url)
        free.put_nowait(await asyncio.open_connection(parts.hostname, parts.port))

    async def one(request: bytes, keys: Sequence[UUID]) -> None:
        connection = await free.get()
        status = await ask(*connection, request)
        if status != 200:
            raise SystemExit(f"A batch was answered {status}")
        acknowledged.update(dict.fromkeys(keys, time.perf_counter()))
        free.put_nowait(connection)

    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number, (request, keys) in enumerate(zip(load.requests, load.keys, strict=True)):
            await asyncio.sleep(max(0.0, started + number * BATCH / rate - time.perf_counter()))
            tasks.create_task(one(request, keys))
    seconds = time.perf_counter() - started
    while not free.empty():
        free.get_nowait()[1].close()
    return len(load.requests) * BATCH / seconds


async def _look(
    owner_url: str, tenant_id: int, segment_id: UUID, load: _Load, acknowledged: dict[UUID, float]
) -> Seen:
    """Look for the visitors until all are seen in both places."""
    connection = await asyncpg.connect(owner_url)
    everybody = {key for keys in load.keys for key in keys}
    seen, wanted, inside = Seen(), set(everybody), set(everybody)
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
    name: str,
    *,
    rates: Sequence[int],
    seconds: int,
) -> list[Result]:
    key = await make_source(stack, name)
    tenant_id = int(key.split("_")[1])
    segment_id = await _segment(stack, tenant_id)
    stream, found = STREAMS[name](), []
    for turn, rate, length in [("warm", 1_000, 5), *((f"at-{rate}", rate, seconds) for rate in rates)]:
        load = _Load(key, tenant_id, turn, rate * length // BATCH, stream)
        before = {part: sum(map(_cpu, processes)) for part, processes in parts.items()}
        database = database_cpu(stack.owner_url)
        acknowledged: dict[UUID, float] = {}
        looking = asyncio.create_task(_look(stack.owner_url, tenant_id, segment_id, load, acknowledged))
        reached = await _send(urls, load, rate, acknowledged)
        seen = await looking
        per = 1e6 / (len(load.keys) * BATCH)
        cpu = {part: (sum(map(_cpu, each)) - before[part]) * per for part, each in parts.items()}
        cpu["database"] = (database_cpu(stack.owner_url) - database) * per
        if turn != "warm":
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
    failed: list[str] = []
    with running_stack() as stack, contextlib.ExitStack() as running:
        os.environ.update(stack.environment)
        apis = [running.enter_context(serving("app.main:create_app", stack.environment)) for _ in range(2)]
        parts: dict[str, Sequence[psutil.Process]] = {"API": [process for _, process in apis]}
        for name in PARTS:
            parts[name] = [running.enter_context(_running(name, stack.environment))]
        print("Seconds from the 200 until it is seen, p50 and p99; us of CPU an event, by part.")
        print(f"{'asked/s':>9} {'reached':>9} {'in profile':>11} {'':>7} {'in segment':>11}", flush=True)
        for name in STREAMS:
            print(name, flush=True)
            found = asyncio.run(
                _measure(stack, [url for url, _ in apis], parts, name, rates=rates, seconds=seconds)
            )
            if not found[-1].holds:
                failed.append(name)
    if failed:
        sys.exit(f"At no rate was p99 under {AIM_SECONDS:g} s: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
