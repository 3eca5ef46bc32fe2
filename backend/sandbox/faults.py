"""Faults on command. World faults distort what platform and shop report; the truth beneath stays as it is."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sandbox.store import Store

_DOCUMENT = "faults"

WORLD_FAULTS: dict[str, str] = {
    "pixel_drop": "the browser pixel loses this share of purchases, and the shop's events lose fbp and fbc",
    "duplicated_events": "this share of purchases is counted twice, each time with an event id of its own",
    "currency_100x": "this share of purchases reports its value times 100 to the platform",
    "micros_unit": "spend is reported in micros (severity is ignored)",
    "timezone_shift": "the account's days are cut up to 12 hours late (12 x severity)",
    "stale_api": "insights stand still at the fault's start (severity is ignored)",
    "bot_clicks": "reported clicks grow by up to six times, sessions do not",
    "partial_sync": "this share of ad sets is missing from insights",
    "match_key_collapse": "this share of purchases carries no e-mail, phone or external id",
    "slow_loss": "purchases are lost by 5 % x severity a day, compounding",
    "attribution_window_change": "only conversions within a day of the click are claimed",
    "consent_banner_loss": "this share of people refuses the banner: no pixel, no browser identifiers",
    "restatement": "conversions of days before the fault's start are restated down by this share",
    "platform_outage": "the platform's API answers its own error of an outage to everything (severity is ignored)",
}
NETWORK_FAULTS: dict[str, str] = {
    "latency": "waits `seconds` before the request is handled",
    "rate_limit": "answers the vendor's own rate-limit body (`code`, `status`, `seconds` to wait)",
    "server_error": "answers `status` (500 by default), and nothing is applied",
    "connection_reset": "resets the connection before the request is handled",
    "timeout": "hangs for `seconds` (60 by default), then resets the connection",
    "malformed_json": "answers 200 with a body that breaks off; nothing is applied",
    "token_expired": "answers as the vendor does to a token that has expired",
    "token_revoked": "answers as the vendor does to a token that was taken back",
    "partial_failure": "refuses this share (severity) of the items of a request, each in the vendor's words",
    "drop_response": "applies the request, then resets the connection: an ambiguous call",
    "duplicate_request": "handles the request twice and answers it once, as a proxy does that tries again by itself",
    "missing_fields": "answers 200 in the vendor's own envelope, whose rows have lost all of their fields",
    "short_pages": "a page of a list holds two rows, however many were asked for",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """World faults live in simulated time; network faults act while they are open, within their limits.

    `vendor` leaves all others alone; `account` all other accounts. `skip` requests pass before it begins.
    """

    id: int
    kind: str
    severity: float
    start: float
    until: float | None
    account: str | None
    path: str
    method: str | None
    probability: float
    remaining: int | None
    seconds: float | None
    status: int | None
    code: int | None
    repaired: bool = False
    vendor: str | None = None
    skip: int = 0

    def covers(self, at: float) -> bool:
        return self.start <= at and (self.until is None or at < self.until)

    def concerns(self, account: str, vendor: str | None) -> bool:
        return self.account in {None, account} and self.vendor in {None, vendor}


class FaultBook:
    """`platforms` tells of each ad account whose it is."""

    def __init__(self, store: Store, platforms: Mapping[str, str]) -> None:
        self._store = store
        self._platforms = platforms
        self._faults: list[Fault] = [Fault(**row) for row in store.document(_DOCUMENT) or []]

    def all(self) -> list[Fault]:
        return list(self._faults)

    def add(self, kind: str, **facts: Any) -> Fault:
        fault = Fault(id=1 + max((f.id for f in self._faults), default=0), kind=kind, **facts)
        self._faults.append(fault)
        self._save()
        return fault

    def repair(self, ids: Iterable[int], now: float) -> list[Fault]:
        """Ends faults; what they distorted in their time stays distorted, as in the field."""
        chosen = set(ids)
        mended = []
        for index, fault in enumerate(self._faults):
            if fault.id not in chosen or fault.repaired:
                continue
            end = now if fault.until is None else min(now, fault.until)
            self._faults[index] = replace(fault, until=end, repaired=True)
            mended.append(self._faults[index])
        self._save()
        return mended

    def forget(self) -> None:
        """As if no fault had ever been: their distortions of the past go too."""
        self._faults = []
        self._save()

    def let_pass(self, fault: Fault) -> None:
        """One of the requests that pass before the fault begins."""
        index = next(i for i, f in enumerate(self._faults) if f.id == fault.id)
        self._faults[index] = replace(fault, skip=fault.skip - 1)
        self._save()

    def spend_one(self, fault: Fault) -> None:
        """One use of a fault that was limited by `count`."""
        if fault.remaining is None:
            return
        index = next(i for i, f in enumerate(self._faults) if f.id == fault.id)
        left = fault.remaining - 1
        self._faults[index] = replace(fault, remaining=left, repaired=left <= 0)
        self._save()

    def windows(self, kind: str, account: str) -> list[Fault]:
        """Every fault of this kind that touched the account, the repaired ones too."""
        vendor = self._platforms.get(account)
        return [f for f in self._faults if f.kind == kind and f.concerns(account, vendor)]

    def active(self, kind: str, account: str, at: float) -> Fault | None:
        return next((f for f in self.windows(kind, account) if f.covers(at)), None)

    def network(self) -> list[Fault]:
        return [f for f in self._faults if f.kind in NETWORK_FAULTS and not f.repaired]

    def _save(self) -> None:
        self._store.keep(_DOCUMENT, [asdict(f) for f in self._faults])
