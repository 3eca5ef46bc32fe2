"""Batch ingestion over HTTP against raw COPY of the very rows that it stored, in one run.

    python -m benchmarks.ingestion [events]

First requests of a single event, by 96 connections: those of a tenant that come together share one transaction. Then
two API processes, batches of 500 as Segment's server SDKs send them, a durable database. The COPY writes the same
rows by two connections, 500 a transaction, into a table of the same columns and indexes without row-level security.
The two take turns, and what is told is the median of the turns: a machine that others use too changes its pace.
"""

import asyncio
import contextlib
import json
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import psutil

from app.core.ids import uuid7
from benchmarks.load import ask, measure
from benchmarks.stack import Stack, database_cpu, running_stack, serving

BATCH = 500
CONNECTIONS = 4
EVENTS = 60_000
WARM = 4_000
TURNS = 6
SINGLES = 6_000
SINGLE_CONNECTIONS = 48
AIM = 0.3
SINGLES_AIM = 1_500


@dataclass(frozen=True)
class Result:
    """Rates in events a second; CPU in microseconds an event."""

    http: float
    copy: float
    ratio: float
    cpu_ratio: float
    """The same by the CPU that each took, the sender of the requests apart."""
    singles: float
    server_cpu: float
    database_cpu: float
    copy_cpu: float


def an_event(number: int) -> dict[str, Any]:
    is_order = number % 10 == 0
    properties: dict[str, Any] = {
        "product_id": f"sku-{number % 997}",
        "name": "A kettle of brushed steel",
        "category": "Kitchen",
        "price": 49.9,
        "quantity": 1 + number % 3,
        "position": number % 40,
        "url": f"https://shop.example/products/{number % 997}?ref=list",
    }
    if is_order:
        properties |= {"order_id": f"o-{number}", "revenue": 49.9, "currency": "EUR"}
        properties["email"] = f"customer{number % 5_000}@shop.example"
    return {
        "type": "track",
        "event": "Order Completed" if is_order else "Product Viewed",
        "messageId": f"bench-{number}-{os.getpid()}",
        "userId": f"customer-{number % 5_000}",
        "timestamp": "2026-11-23T10:00:00.000Z",
        "context": {"library": {"name": "analytics-python", "version": "2.4.0"}, "locale": "en-GB"},
        "properties": properties,
    }


def _requests(key: str, count: int) -> list[bytes]:
    found = []
    for start in range(0, count, BATCH):
        body = json.dumps(
            {"batch": [an_event(number) for number in range(start, start + BATCH)], "writeKey": key}
        ).encode()
        head = f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        found.append(head.encode() + body)
    return found


async def make_source(stack: Stack, name: str = "bench") -> str:
    """A tenant with a source, put there directly."""
    from app.core.security import token_hash  # noqa: PLC0415  (reads the settings: the environment comes first)

    connection = await asyncpg.connect(stack.owner_url)
    try:
        tenant = await connection.fetchval(
            "INSERT INTO tenants (name, slug) VALUES ($1, $1) RETURNING id", name
        )
        source = uuid7()
        await connection.execute(
            "INSERT INTO cdp_sources (tenant_id, id, name, kind, write_key_hash, write_key_prefix) "
            "VALUES ($1, $2, 'Bench', 'server', $3, 'wk')",
            tenant,
            source,
            token_hash("secret"),
        )
    finally:
        await connection.close()
    return f"wk_{tenant}_{source.hex}_secret"


async def _send(urls: list[str], requests: list[bytes]) -> float:
    waiting = iter(requests)

    async def sender(url: str) -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for request in waiting:
            status = await ask(reader, writer, request)
            if status != 200:
                raise SystemExit(f"{url} answered {status}")
        writer.close()

    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for url in urls * CONNECTIONS:
            tasks.create_task(sender(url))
    return time.perf_counter() - started


async def _singles(urls: list[str], key: str) -> float:
    """Requests a second of one event each. The server names the messages, so that none is a duplicate."""
    body = json.dumps({**an_event(1), "messageId": None, "writeKey": key}).encode()
    head = f"POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    started = time.perf_counter()
    measured = (
        measure(url, head.encode() + body, [], count=SINGLES // len(urls), connections=SINGLE_CONNECTIONS)
        for url in urls
    )
    figures = await asyncio.gather(*measured)
    return sum(each.requests for each in figures) / (time.perf_counter() - started)


@dataclass(frozen=True)
class _Turn:
    """What so many rows took: seconds, and of those seconds of CPU the server's and the database's."""

    rows: int
    seconds: float
    server_cpu: float
    database_cpu: float

    @property
    def rate(self) -> float:
        return self.rows / self.seconds

    @property
    def cpu(self) -> float:
        """Seconds of CPU a row."""
        return (self.server_cpu + self.database_cpu) / self.rows


async def _copy(owner_url: str, since: datetime) -> _Turn:
    """COPY the rows that were stored since; the client is the server here."""
    pool = await asyncpg.create_pool(owner_url, min_size=2, max_size=2)
    await pool.execute("CREATE TABLE IF NOT EXISTS copied (LIKE cdp_events INCLUDING ALL)")
    stored = await pool.fetch("SELECT * FROM cdp_events WHERE received_at >= $1", since)
    records = [tuple(row) for row in stored]
    batches = iter([records[start : start + BATCH] for start in range(0, len(records), BATCH)])

    async def writer() -> None:
        async with pool.acquire() as connection:
            for batch in batches:
                await connection.copy_records_to_table("copied", records=batch)

    started, client, database = time.perf_counter(), time.process_time(), database_cpu(owner_url)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writer())
        tasks.create_task(writer())
    found = _Turn(
        len(records),
        time.perf_counter() - started,
        time.process_time() - client,
        database_cpu(owner_url) - database,
    )
    await pool.close()
    return found


async def _turn(
    owner_url: str, running: Sequence[tuple[str, psutil.Process]], requests: list[bytes]
) -> _Turn:
    """Send these batches."""
    server = sum(sum(process.cpu_times()[:2]) for _, process in running)
    database = database_cpu(owner_url)
    seconds = await _send([url for url, _ in running], requests)
    return _Turn(
        len(requests) * BATCH,
        seconds,
        sum(sum(process.cpu_times()[:2]) for _, process in running) - server,
        database_cpu(owner_url) - database,
    )


def run(events: int = EVENTS) -> Result:
    sent, copied = [], []
    with running_stack() as stack, contextlib.ExitStack() as servers:
        os.environ.update(stack.environment)
        key = asyncio.run(make_source(stack))
        running = [servers.enter_context(serving("app.main:create_app", stack.environment)) for _ in range(2)]
        urls = [url for url, _ in running]
        singles = asyncio.run(_singles(urls, key))
        requests = _requests(key, events + WARM)
        asyncio.run(_send(urls, requests[: WARM // BATCH]))
        waiting = requests[WARM // BATCH :]
        size = math.ceil(len(waiting) / TURNS)
        for turn in [waiting[start : start + size] for start in range(0, len(waiting), size)]:
            since = datetime.now(UTC)
            sent.append(asyncio.run(_turn(stack.owner_url, running, turn)))
            copied.append(asyncio.run(_copy(stack.owner_url, since)))
            if copied[-1].rows != sent[-1].rows:
                raise SystemExit(f"{sent[-1].rows} events were sent and {copied[-1].rows} rows stored")
    turns = list(zip(sent, copied, strict=True))
    return Result(
        http=median(ours.rate for ours, _ in turns),
        copy=median(theirs.rate for _, theirs in turns),
        ratio=median(ours.rate / theirs.rate for ours, theirs in turns),
        cpu_ratio=median(theirs.cpu / ours.cpu for ours, theirs in turns),
        singles=singles,
        server_cpu=median(ours.server_cpu / ours.rows for ours, _ in turns) * 1e6,
        database_cpu=median(ours.database_cpu / ours.rows for ours, _ in turns) * 1e6,
        copy_cpu=median(theirs.cpu for _, theirs in turns) * 1e6,
    )


def main() -> None:
    result = run(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
    print(f"requests of one event      {result.singles:10,.0f} /s (aim: at least {SINGLES_AIM:,})")
    print(f"batch ingestion over HTTP  {result.http:10,.0f} events/s")
    print(f"raw COPY of the same rows  {result.copy:10,.0f} rows/s")
    print(f"ratio                      {result.ratio:10.2f} (aim: at least {AIM})")
    print(f"COPY                       {result.copy_cpu:10.1f} us of CPU a row, client and database")
    print(f"ratio by CPU               {result.cpu_ratio:10.2f}")
    print(f"API processes              {result.server_cpu:10.1f} us of CPU an event")
    print(f"database                   {result.database_cpu:10.1f} us of CPU an event")


if __name__ == "__main__":
    main()
