"""The vendors of this sandbox. Whoever is in the table is opened, served, driven and broken like the others."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from starlette.routing import BaseRoute, Mount

from sandbox.vendors.google.vendor import Google
from sandbox.vendors.hubspot.vendor import HubSpot
from sandbox.vendors.meta.vendor import Meta
from sandbox.vendors.salesforce.vendor import Salesforce
from sandbox.vendors.shopify.vendor import Shopify
from sandbox.vendors.slack.vendor import Slack
from sandbox.vendors.snapchat.vendor import Snapchat
from sandbox.vendors.tiktok.vendor import TikTok
from sandbox.vendors.vendor import Ground, Vendor
from sandbox.vendors.whatsapp.vendor import WhatsApp

V = TypeVar("V")
Table = Sequence[Callable[[Ground], Vendor]]
# The first one opened in a shop draws its claims from the orders' own streams: Meta's past is what it always was.
VENDORS: Table = (Meta, Google, TikTok, Snapchat, Slack, HubSpot, Salesforce, Shopify, WhatsApp)


class Vendors:
    def __init__(self, ground: Ground, table: Table = VENDORS) -> None:
        self._world = ground.world
        self._all = [make(ground) for make in table]

    def __iter__(self) -> Iterator[Vendor]:
        return iter(self._all)

    @property
    def names(self) -> list[str]:
        return [vendor.name for vendor in self._all]

    def named(self, name: str) -> Vendor | None:
        return next((vendor for vendor in self._all if vendor.name == name), None)

    def get(self, kind: type[V]) -> V:
        """The vendor of this class, for whoever knows it by more than the protocol: a test."""
        return next(vendor for vendor in self._all if isinstance(vendor, kind))

    def at(self, path: str) -> Vendor | None:
        """Whose path it is: of two prefixes that match, the longer one's."""
        found = [v for v in self._all if not v.prefix or path == v.prefix or path.startswith(f"{v.prefix}/")]
        return max(found, key=lambda vendor: len(vendor.prefix), default=None)

    def account_name(self, account: str) -> str:
        """As its vendor writes it."""
        vendor = self.named(self._world.platforms[account])
        return account if vendor is None else vendor.account_name(account)

    def account(self, text: str) -> str | None:
        """An ad account by its id, as the world has it or as its vendor writes it."""
        return next((a for a in self._world.accounts if text in {a, self.account_name(a)}), None)

    def routes(self) -> Iterator[BaseRoute]:
        """The one at the root comes last: its catch-all would take the others' paths."""
        for vendor in sorted(self._all, key=lambda vendor: len(vendor.prefix), reverse=True):
            if vendor.prefix:
                yield Mount(vendor.prefix, routes=vendor.routes())
            else:
                yield from vendor.routes()
