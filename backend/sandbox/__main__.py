"""`python -m sandbox --port P`: one process, one world."""

import argparse
import asyncio
import gc
import socket
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from aiosmtpd.smtp import SMTP

from sandbox.app import create_app
from sandbox.services import Services, assemble
from sandbox.vendors.table import VENDORS, Table
from sandbox.world.world import HISTORY_DAYS

HOST = "127.0.0.1"


def _moment(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free one")
    parser.add_argument("--seed", type=int, default=7, help="one seed, one world")
    parser.add_argument("--smtp-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--data", type=Path, default=None, help="keeps the state here; in memory otherwise")
    parser.add_argument(
        "--start", type=_moment, default=None, help="simulated time at the first start (ISO; default now)"
    )
    parser.add_argument("--history", type=int, default=HISTORY_DAYS, help="days of past at the first start")
    return parser.parse_args()


class Announcing(uvicorn.Server):
    """Says where it listens, once it does: the line that a supervisor waits for."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            sys.stdout.write(f"sandbox ready http://{HOST}:{listener.getsockname()[1]}\n")
        sys.stdout.flush()


def listening(port: int) -> socket.socket:
    """Named as TCP, or asyncio leaves Nagle's algorithm on and every answer waits 40 ms."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    return listener


async def serve(services: Services, listener: socket.socket, smtp_port: int) -> None:
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(
        lambda: SMTP(services.mailbox, hostname="sandbox", loop=loop), HOST, smtp_port
    )
    services.smtp_port = mail.sockets[0].getsockname()[1]
    config = uvicorn.Config(
        create_app(services),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        lifespan="on",
        timeout_keep_alive=75,
    )
    await Announcing(config).serve(sockets=[listener])
    mail.close()


def main(table: Table = VENDORS) -> None:
    chosen = arguments()
    listener = listening(chosen.port)
    services = assemble(chosen.seed, chosen.data, chosen.start, chosen.history, table=table)
    gc.freeze()  # the past stays: the collector need not walk through it behind every long report
    try:
        asyncio.run(serve(services, listener, chosen.smtp_port))
    finally:
        services.store.close()


if __name__ == "__main__":
    main()
