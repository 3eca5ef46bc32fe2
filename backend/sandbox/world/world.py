"""All shops and their ad accounts, with the journal of what was set when: with seed and epoch, the whole state."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.store import Store
from sandbox.world.account import Account, AccountWorld
from sandbox.world.archive import Archive
from sandbox.world.parameters import Curve, Shop, seeded
from sandbox.world.seasons import DAY, HOUR, local
from sandbox.world.shop import ShopWorld

HISTORY_DAYS = 75
_DOCUMENT = "journal"
_EPOCH = "epoch"


class World:
    """Every setter first runs time up to the moment of the change, so that the past is written before it."""

    def __init__(self, seed: int, store: Store, now: float, history_days: int = HISTORY_DAYS) -> None:
        kept = store.document(_EPOCH)
        if kept is None:
            kept = {"hour": (int(now // DAY) - history_days) * 24, "seed": seed}
            store.keep(_EPOCH, kept)
        self.seed = int(kept["seed"])
        self.epoch = float(kept["hour"] * HOUR)
        self.shops: dict[str, ShopWorld] = {}
        self.accounts: dict[str, AccountWorld] = {}
        self.platforms: dict[str, str] = {}
        """Of each ad account, by its id: which platform's it is."""
        self._store = store
        self._appointments: list[tuple[float, int, Callable[[float], None]]] = []
        self._count = 0
        self._journal: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def open_account(self, account: Account, shop: Shop) -> None:
        """Ids of accounts, campaigns and ad sets are unique over all platforms: draws and faults go by them."""
        if account.id in self.accounts:
            raise ValueError(f"there is already an ad account {account.id}")
        house = self.shops.get(shop.id)
        if house is None:
            house = self.shops[shop.id] = ShopWorld(self.seed, shop, int(self.epoch // HOUR))
        self.accounts[account.id] = house.open_account(account)
        self.platforms[account.id] = account.platform
        _check_zone(self.accounts[account.id].timezone, self.epoch)

    def of(self, platform: str) -> dict[str, AccountWorld]:
        """A platform's ad accounts."""
        return {name: found for name, found in self.accounts.items() if found.platform == platform}

    def account_of(self, campaign: str) -> str | None:
        return next((name for name, found in self.accounts.items() if campaign in found.campaigns), None)

    def first_campaign(
        self, account: str, campaign: str, curve: Curve, lines: dict[str, tuple[float, float | None]]
    ) -> None:
        """A campaign that runs since before the history begins."""
        self._new_to_all(campaign, *lines)
        world = self.accounts[account]
        world.add_campaign(campaign, seeded(curve, self.seed, campaign))
        for line, (rate, until) in lines.items():
            world.schedule(line, campaign, self.epoch, rate, until)

    def replay(self) -> None:
        """Live a kept past again, change by change."""
        for entry in self._journal:
            self._apply(entry)

    def add_campaign(self, account: str, campaign: str, curve: Curve, now: float) -> None:
        self._new_to_all(campaign)
        fields = ("ceiling", "scale", "half_life_hours", "overclaim", "cpm", "click_rate", "fatigue")
        values = {name: getattr(curve, name) for name in fields}
        self._record({"do": "campaign", "at": now, "account": account, "campaign": campaign, "curve": values})

    def schedule(
        self, account: str, line: str, campaign: str, now: float, *, rate: float, until: float | None = None
    ) -> None:
        known = self.accounts[account].lines.get(line)
        if known is None and rate == 0.0:
            return
        if known is not None and (known.rates[-1], known.until) == (rate, until):
            return
        facts = {"account": account, "line": line, "campaign": campaign, "rate": rate, "until": until}
        self._record({"do": "rate", "at": now, **facts})

    def open_archive(self, account: str, now: float, lines: dict[str, str], days: int) -> None:
        """Let these ad sets have delivered on the last `days` days before today, each for the campaign it names."""
        self._record({"do": "archive", "at": now, "account": account, "lines": lines, "days": days})

    def restate_archive(self, account: str, now: float, share: float) -> None:
        """Change what the platform says of this share of the archive's days, drawn anew each time."""
        self._record({"do": "restate", "at": now, "account": account, "share": share})

    def cap_spend(self, account: str, now: float, cap: float | None) -> None:
        self._record({"do": "cap", "at": now, "account": account, "cap": cap})

    def set_pull(self, account: str, campaign: str, now: float, pull: float) -> None:
        """From the next hour on, the campaign truly causes this share of the orders that its curve says."""
        facts = {"account": account, "campaign": campaign, "pull": pull}
        self._record({"do": "pull", "at": now, **facts})

    def at(self, moment: float, act: Callable[[float], None]) -> None:
        """Have something done when the world comes to a moment, before what follows it is written."""
        self._count += 1
        heappush(self._appointments, (moment, self._count, act))

    def run_to(self, now: float) -> None:
        while self._appointments and self._appointments[0][0] <= now:
            moment, _, act = heappop(self._appointments)
            self._write_to(moment)
            act(moment)
        self._write_to(now)

    def _write_to(self, now: float) -> None:
        for shop in self.shops.values():
            shop.run_to(now)

    def _new_to_all(self, campaign: str, *lines: str) -> None:
        for found in self.accounts.values():
            if campaign in found.campaigns or any(line in found.lines for line in lines):
                raise ValueError(f"campaign {campaign} or an ad set of it is already in account {found.id}")

    def _record(self, entry: dict[str, Any]) -> None:
        self.run_to(entry["at"])
        self._apply(entry)
        self._journal.append(entry)
        self._store.keep(_DOCUMENT, self._journal)

    def _apply(self, entry: dict[str, Any]) -> None:
        account = self.accounts[entry["account"]]
        self.shops[account.shop.id].run_to(entry["at"])
        if entry["do"] == "campaign":
            account.add_campaign(entry["campaign"], Curve(**entry["curve"]))
        elif entry["do"] == "rate":
            account.schedule(entry["line"], entry["campaign"], entry["at"], entry["rate"], entry["until"])
        elif entry["do"] == "archive":
            today, _ = local(int(entry["at"] // HOUR), account.timezone)
            first, last = today - timedelta(days=entry["days"]), today - timedelta(days=1)
            account.archive = Archive(self.seed, entry["lines"], first, last)
        elif entry["do"] == "restate":
            if account.archive is not None:
                account.archive.restated.append(entry["share"])
        elif entry["do"] == "pull":
            account.campaigns[entry["campaign"]].pull = entry["pull"]
        else:
            account.spend_cap = entry["cap"]


def _check_zone(timezone: str, epoch: float) -> None:
    """Hours are the world's grain: a zone that is half an hour off has no days of whole hours."""
    offset = datetime.fromtimestamp(epoch, UTC).astimezone(ZoneInfo(timezone)).utcoffset()
    if offset is None or offset.total_seconds() % HOUR:
        raise ValueError(f"{timezone} is not whole hours from UTC")
