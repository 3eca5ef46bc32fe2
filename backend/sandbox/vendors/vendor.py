"""A vendor is one entry: what a platform brings to the sandbox, which itself knows none by name."""

import re
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from fastapi import APIRouter
from starlette.routing import BaseRoute

from sandbox.clock import Clock
from sandbox.faults import Fault, FaultBook
from sandbox.store import Store
from sandbox.world.account import AccountWorld
from sandbox.world.reporting import Reporter
from sandbox.world.world import World

PARTIAL = "sandbox.partial_failure"
SHORT = "sandbox.short_pages"
_SHORT_ROWS = 2
JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Ground:
    """What every vendor stands on. A vendor's documents in the store bear its name: `meta_nodes`."""

    clock: Clock
    store: Store
    world: World
    faults: FaultBook

    def account(self, account: str) -> AccountWorld:
        """An ad account's past, written up to now."""
        self.world.run_to(self.clock.now())
        return self.world.accounts[account]

    def reporter(self, account: str) -> Reporter:
        return Reporter(self.account(account), self.faults, self.clock.now())


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the wire, whole."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON


def refused_items(scope: MutableMapping[str, Any], count: int) -> frozenset[int]:
    """Which of a request's items an ordered `partial_failure` refuses: its severity's share, spread, at least one."""
    share = float(scope.get(PARTIAL, 0.0))
    if not share or not count:
        return frozenset()
    found = frozenset(n for n in range(count) if int((n + 1) * share) > int(n * share))
    return found or frozenset({count - 1})


def rows_of_page(scope: MutableMapping[str, Any], asked: int) -> int:
    """How many rows a page holds: as many as were asked for, unless `short_pages` was ordered."""
    return min(asked, _SHORT_ROWS) if SHORT in scope else asked


class Vendor(Protocol):
    """Made with the ground alone; then `open_worlds`, the journal's replay, `lay`; then it is served."""

    @property
    def name(self) -> str:
        """One word, as in `/control/{name}`, in faults and in `Account.platform`."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def prefix(self) -> str:
        """Before all its paths: `/tiktok`; empty for the one that answers at the root."""

    @property
    def version(self) -> re.Pattern[str]:
        """What of a path, behind the prefix, faults may leave out: `/v25.0`."""

    @property
    def limit_codes(self) -> tuple[int, ...]:
        """Which codes a `rate_limit` may be ordered with; empty where the vendor has only one."""

    def open_worlds(self) -> None:
        """Open its ad accounts, and the campaigns that run since before the history begins."""

    def lay(self) -> None:
        """Take up what the store kept, or else lay the first stock of objects."""

    def routes(self) -> list[BaseRoute]:
        """Its API, at paths behind the prefix; what it does not know it refuses in its own words (a catch-all)."""

    def control(self) -> APIRouter:
        """`/control/{name}`: what no program may do at the vendor's: tokens, edits by a person, quotas."""

    def broken(self, fault: Fault, path: str) -> Answer:
        """Its words for rate_limit, server_error, malformed_json, token_expired, token_revoked; path as it came."""

    def failed(self, path: str) -> Answer:
        """Its words for an error of its own that nobody expected."""

    def settings(self, url: str) -> dict[str, str]:
        """What an application's environment says to find it here, and its own app there; `url` is the sandbox's."""

    def account_name(self, account: str) -> str:
        """An ad account's id as the vendor writes it: `act_…`."""

    def campaign_name(self, campaign: str) -> str | None:
        """None for one that it does not know."""
