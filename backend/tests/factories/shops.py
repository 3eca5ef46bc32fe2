"""The sandbox's shop, connected to test with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.core.ids import uuid7
from app.core.security import seal
from app.db.session import Scopes
from app.models.integrations.connections import Connection
from app.models.integrations.shops import Shop
from app.services.integrations.service import TOKEN_PURPOSE
from tests.sandbox_process import Sandbox, running_sandbox


@contextmanager
def shop_sandbox() -> Iterator[Sandbox]:
    """A world of its own, an hour behind, whose time stands still: it sells nothing while a test looks.

    With each shop that is connected some seconds pass.
    """
    start = datetime.now(UTC) - timedelta(hours=1)
    with running_sandbox("--seed", "7", "--history", "2", "--start", start.isoformat()) as running:
        running.control("POST", "clock", json={"mode": "paused"})
        yield running


def _later(sandbox: Sandbox) -> datetime:
    """A whole second that nothing was sold in yet, neither by the world nor by the test before."""
    now = datetime.fromisoformat(sandbox.control("GET", "clock")["now"])
    moment = now.replace(microsecond=0) + timedelta(seconds=15)
    sandbox.control("POST", "clock", json={"now": moment.isoformat()})
    return moment


@dataclass(frozen=True)
class ConnectedShop:
    connection_id: UUID
    shop_id: UUID


async def connect_shop(scopes: Scopes, sandbox: Sandbox | None, **facts: Any) -> ConnectedShop:
    """With the sandbox's standing token, read from a moment ago on, waiting for nobody's events.

    Without a sandbox, with a token that nobody takes.
    """
    made = ConnectedShop(uuid7(), uuid7())
    told = (
        sandbox.vendor("shopify")
        if sandbox
        else {"access_token": "none", "shop": "none.myshopify.com", "currency": "USD"}
    )
    async with scopes() as scope:
        now = _later(sandbox) if sandbox else scope.now()
        scope.session.add(
            Connection(
                id=made.connection_id,
                platform="shopify",
                status="active",
                external_user_id=told["shop"],
                scopes=["read_orders", "read_customers"],
                token_sealed=seal(
                    str(told["access_token"]), purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id
                ),
            )
        )
        await scope.session.flush()
        settings = {
            "name": "Northwind",
            "currency": told["currency"],
            "order_reference": "id",
            "wait_minutes": 0,
            # The overlap is taken off this again: nothing of the shop's past is read.
            "read_until": now + timedelta(minutes=10),
        }
        scope.session.add(
            Shop(
                id=made.shop_id,
                connection_id=made.connection_id,
                provider="shopify",
                domain=told["shop"],
                **(settings | facts),
            )
        )
    return made
