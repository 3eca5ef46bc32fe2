"""An authenticated read behind row-level security against a bare FastAPI and asyncpg select of the same row.

    python -m benchmarks.hot_read

Figures are requests for each second of the server's CPU: what a core serves, whatever else the machine is doing.
"""

import asyncio
import contextlib
import json
import subprocess
import sys

import psutil

from app.core.config import get_settings
from app.main import create_app
from benchmarks.load import Figures, get_request, measure
from benchmarks.stack import BACKEND, running_stack, serving
from tests.factories.access import make_company

REQUESTS = 6_000
ROUNDS = 3
AIM = 0.5


async def _seed() -> None:
    """A company and its admin's token, printed for the process that asked."""
    app = create_app(get_settings())
    async with app.router.lifespan_context(app), contextlib.AsyncExitStack() as stack:
        company = await make_company(app, stack, "Benchmark")
        print(json.dumps({"tenant_id": company.id, "token": company.person().token}))


def _seeded(environment: dict[str, str]) -> dict[str, str]:
    command = [sys.executable, "-m", "benchmarks.hot_read", "--seed"]
    printed = subprocess.run(
        command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(printed.stdout.strip().splitlines()[-1])
    return found


def _best(url: str, request: bytes, process: psutil.Process) -> Figures:
    runs = [asyncio.run(measure(url, request, [process], count=REQUESTS)) for _ in range(ROUNDS)]
    return max(runs, key=lambda run: run.per_cpu_second)


def main() -> None:
    with running_stack() as stack:
        known = _seeded(stack.environment)
        bearer = {"Authorization": f"Bearer {known['token']}"}
        with (
            serving("benchmarks.peer:create_peer", stack.environment) as (peer_url, peer),
            serving("app.main:create_app", stack.environment) as (url, api),
        ):
            bare = _best(peer_url, get_request(f"{peer_url}/tenants/{known['tenant_id']}"), peer)
            ours = _best(url, get_request(f"{url}/api/v1/tenants/current", bearer), api)
    ratio = ours.per_cpu_second / bare.per_cpu_second
    print(f"hot read, bare FastAPI + asyncpg   {bare.per_cpu_second:8.0f} requests per CPU-second")
    print(f"hot read, authenticated and walled {ours.per_cpu_second:8.0f} requests per CPU-second")
    print(
        f"hot read, ratio                    {ratio:8.2f} (aim {AIM}); p99 {ours.percentile(0.99) * 1000:.1f} ms"
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["--seed"]:
        asyncio.run(_seed())
    else:
        main()
