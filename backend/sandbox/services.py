"""Everything that one running sandbox consists of, put together."""

from dataclasses import dataclass
from pathlib import Path

from sandbox.clock import Clock
from sandbox.faults import FaultBook
from sandbox.mailbox import Mailbox
from sandbox.shop import ShopSender
from sandbox.store import Store
from sandbox.vendors.meta import stock
from sandbox.vendors.meta.activities import Activities
from sandbox.vendors.meta.constants import US_ACCOUNT
from sandbox.vendors.meta.graph import Graph
from sandbox.vendors.meta.nodes import Nodes
from sandbox.vendors.meta.state import MetaState
from sandbox.vendors.meta.tokens import Tokens
from sandbox.vendors.meta.usage import Usage
from sandbox.world.world import HISTORY_DAYS, World


@dataclass(slots=True)
class Services:
    seed: int
    store: Store
    clock: Clock
    faults: FaultBook
    world: World
    meta: MetaState
    graph: Graph
    mailbox: Mailbox
    shop: ShopSender
    smtp_port: int = 0


def assemble(
    seed: int, folder: Path | None = None, start: float | None = None, history_days: int = HISTORY_DAYS
) -> Services:
    """A new world, or the one that the folder holds, lived through again up to now."""
    store = Store(folder)
    clock = Clock(store, start)
    faults = FaultBook(store)
    world = World(seed, store, clock.now(), history_days)
    stock.open_worlds(world)
    world.replay()
    nodes = Nodes(store)
    if not nodes.load():
        stock.lay(nodes, world)
    world.run_to(clock.now())
    tokens = Tokens(world.seed, store)
    meta = MetaState(clock, store, world, faults, nodes, tokens, Activities(store), Usage())
    shop = ShopSender(US_ACCOUNT, world, clock, faults, store)
    return Services(world.seed, store, clock, faults, world, meta, Graph(meta), Mailbox(store), shop)
