"""Everything that one running sandbox consists of, put together."""

from dataclasses import dataclass, field
from pathlib import Path

from sandbox.calls import CallBook
from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.mailbox import Mailbox
from sandbox.shop import ShopSender
from sandbox.store import Store
from sandbox.vendors.table import VENDORS, Table, Vendors
from sandbox.vendors.vendor import Ground
from sandbox.world.world import HISTORY_DAYS, World


@dataclass(slots=True)
class Services:
    seed: int
    store: Store
    clock: Clock
    faults: FaultBook
    world: World
    vendors: Vendors
    mailbox: Mailbox
    shop: ShopSender
    smtp_port: int = 0
    calls: CallBook = field(default_factory=CallBook)


def assemble(
    seed: int,
    folder: Path | None = None,
    start: float | None = None,
    history_days: int = HISTORY_DAYS,
    *,
    table: Table = VENDORS,
) -> Services:
    """A new world, or the one that the folder holds, lived through again up to now."""
    store = Store(folder)
    clock = Clock(store, start)
    world = World(seed, store, clock.now(), history_days)
    faults = FaultBook(store, world.platforms)
    vendors = Vendors(Ground(clock, store, world, faults), table)
    for vendor in vendors:
        vendor.open_worlds()
    world.replay()
    for vendor in vendors:
        vendor.lay()
    world.run_to(clock.now())
    shop = ShopSender(next(iter(world.shops)), world, clock, faults, store)
    return Services(world.seed, store, clock, faults, world, vendors, Mailbox(store), shop)
