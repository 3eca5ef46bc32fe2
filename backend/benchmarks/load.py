"""A small closed-loop HTTP/1.1 client on raw streams, so that the generator costs less than what it measures."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import psutil


@dataclass(frozen=True)
class Figures:
    """What one run cost: rate in requests/s, server CPU in seconds, latency in seconds."""

    requests: int
    seconds: float
    cpu_seconds: float
    latencies: Sequence[float]

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu_seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _cpu(processes: Sequence[psutil.Process]) -> float:
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    start = lowered.index(b"content-length:") + 15
    length = int(lowered[start : lowered.index(b"\r\n", start)])
    await reader.readexactly(length)
    return int(head[9:12])


def get_request(url: str, headers: dict[str, str] | None = None) -> bytes:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        *(f"{k}: {v}" for k, v in (headers or {}).items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def measure(
    url: str,
    request: bytes | Sequence[bytes],
    processes: Sequence[psutil.Process],
    *,
    count: int,
    connections: int = 16,
) -> Figures:
    """Send `request` `count` times over keep-alive connections; any answer but 200 ends the run.

    Of several requests each connection sends its own.
    """
    requests = [request] * connections if isinstance(request, bytes) else request
    parts = urlsplit(url)
    latencies: list[float] = []

    async def worker(request: bytes, share: int) -> None:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for _ in range(share):
            asked = time.perf_counter()
            status = await ask(reader, writer, request)
            if status != 200:
                raise SystemExit(f"{url} answered {status}")
            latencies.append(time.perf_counter() - asked)
        writer.close()

    before, started = _cpu(processes), time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for each in requests:
            tasks.create_task(worker(each, count // len(requests)))
    return Figures(len(latencies), time.perf_counter() - started, _cpu(processes) - before, latencies)
