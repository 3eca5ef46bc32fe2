"""Memory of an API process under a flood: senders that never wait, far more than it can store.

    python -m benchmarks.flood [seconds]

The process may hold `CDP_INTAKE_MEGABYTES` of bodies and events (their JSON, and 2 KB an event for rows and queue).
What it decodes, copies and sends to the database on the way is a multiple of that, bounded with it: the bound on its
growth is `FACTOR` times the intake. Past the intake it answers 429, before it reads.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil

from benchmarks.ingestion import make_source
from benchmarks.stack import running_stack, serving

CONNECTIONS = 200
SECONDS = 20
INTAKE_MEGABYTES = 32
FACTOR = 6
_EVENTS = 1_000
_MEGABYTE = 2**20


@dataclass
class Flood:
    """What the senders heard, and what the process weighed meanwhile, in bytes."""

    statuses: Counter[int] = field(default_factory=Counter)
    without_a_wait: int = 0
    resident: list[int] = field(default_factory=list)


def _request(key: str, sender: int) -> bytes:
    """Nearly 500 KB. The server names the messages, so that none is a duplicate."""
    event = {"type": "track", "event": "e", "userId": f"u-{sender}", "properties": {"p": "x" * 380}}
    body = json.dumps({"batch": [event] * _EVENTS, "writeKey": key}).encode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _send(url: str, request: bytes, flood: Flood, until: float) -> None:
    parts = urlsplit(url)
    while time.monotonic() < until:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            while time.monotonic() < until:
                writer.write(request)
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                status = int(head[9:12])
                flood.statuses[status] += 1
                if status != 200:
                    wait = head.partition(b"\r\nretry-after: ")[2].partition(b"\r\n")[0]
                    flood.without_a_wait += not (wait.isdigit() and b"\r\nx-ratelimit-reset: " in head)
        except (ConnectionError, asyncio.IncompleteReadError):
            flood.statuses[0] += 1
        finally:
            writer.close()


async def _weigh(process: psutil.Process, flood: Flood, until: float) -> None:
    while time.monotonic() < until:
        flood.resident.append(process.memory_info().rss)
        await asyncio.sleep(0.1)


async def _flood(url: str, key: str, process: psutil.Process, seconds: float) -> Flood:
    flood = Flood()
    until = time.monotonic() + seconds
    requests = [_request(key, sender) for sender in range(4)]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_weigh(process, flood, until))
        for number in range(CONNECTIONS):
            tasks.create_task(_send(url, requests[number % len(requests)], flood, until))
    return flood


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with running_stack() as stack:
        environment = stack.environment | {"CDP_INTAKE_MEGABYTES": str(INTAKE_MEGABYTES)}
        os.environ.update(environment)
        key = asyncio.run(make_source(stack))
        with serving("app.main:create_app", environment) as (url, process):
            asyncio.run(_flood(url, key, process, 0.5))
            before = process.memory_info().rss
            flood = asyncio.run(_flood(url, key, process, seconds))
    grown = (max(flood.resident) - before) / _MEGABYTE
    answers = ", ".join(
        f"{count} x {status or 'cut off'}" for status, count in sorted(flood.statuses.items())
    )
    print(f"senders                    {CONNECTIONS:10d} that never wait, {seconds:.0f} s, 500 KB a request")
    print(f"answers                    {answers}")
    print(f"429 without when to come   {flood.without_a_wait:10d} (aim: none)")
    print(f"resident before            {before / _MEGABYTE:10.0f} MiB")
    print(f"resident at most           {max(flood.resident) / _MEGABYTE:10.0f} MiB")
    print(f"grown                      {grown:10.0f} MiB (bound: {FACTOR * INTAKE_MEGABYTES} MiB)")
    if grown > FACTOR * INTAKE_MEGABYTES or flood.without_a_wait:
        raise SystemExit("The flood was not held.")


if __name__ == "__main__":
    main()
