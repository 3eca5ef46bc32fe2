"""What platform and shop tell of an account's truth, at each reading: late, restated, and distorted by faults.

Readings are `STEP` hours apart. All figures of a reading are as the platform had them then; what a fault distorted in
its time stays distorted, but for what the platform itself takes back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.trustbench.shape import Effect
from benchmarks.trustbench.world import DAYS, HOURS, Floats, Ints, Tape

STEP = 6
READINGS = HOURS // STEP
TIMES = np.arange(READINGS, dtype=float) * STEP
MATURE_HOURS = 7 * 24
READ_DAYS = 10
"""A reading goes this far back: the attribution window, and three days more."""
LOSS, DOUBLE, VALUE, KEYS = range(4)
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Reports:
    """By reading and day of the click: what the platform says. By hour: what the shop's own events say.

    `conversions` and `value` are by (reading, campaign, day); `delivery` and `hidden` are spend, clicks and impressions
    by (campaign, hour), told up to the hour of `as_of`; `shifted` by how many hours a reading cuts its days late.
    """

    conversions: Floats
    value: Floats
    delivery: Floats
    hidden: Floats
    """Of what is delivered, what a partial reading leaves out of the days that are `lacking`."""
    lacking: Bools
    """By reading and day."""
    as_of: Ints
    read: Ints
    """The last reading that succeeded, by reading."""
    shifted: Ints
    ad_sets: int
    told_ad_sets: Ints
    """How many ad sets had a row of the newest complete day, by reading."""
    orders: Floats
    order_value: Floats
    browser_orders: Floats
    doubled_orders: Floats
    named_orders: Floats
    keyless: Floats
    """The share of purchases without e-mail, phone and external id, by hour."""
    cookieless: Floats
    """The share of purchases without the browser's identifiers, by hour."""
    sessions: Floats
    failing: Bools
    """The platform's API answers nothing, by reading."""

    def delivered(self, reading: int) -> Floats:
        """Spend, clicks and impressions by campaign and day, as that reading told of them.

        Days that it did not read stand as they were cut before.
        """
        until, shift = int(self.as_of[reading]), int(self.shifted[reading])
        told = _daily(self.delivery, until, 0)
        if shift:
            read = np.arange(DAYS) >= TIMES[reading] // 24 - READ_DAYS
            told = np.where(read, _daily(self.delivery, until, shift), told)
        if self.lacking[reading].any():
            told = told - np.where(self.lacking[reading], _daily(self.hidden, until, shift), 0.0)
        return np.asarray(told)


def tell(tape: Tape, effects: Iterable[Effect] = (), start: float = 0.0, end: float = 0.0) -> Reports:
    """What is told while these effects hold, between `start` and `end` (hours)."""
    told = _Telling(tape, {each.do: each.amount for each in effects}, start, end)
    return told.reports()


PLATFORMS_KINDS = 12
ORDER_KINDS = 4 * PLATFORMS_KINDS


def tell_each(tape: Tape, effects: Iterable[Effect], start: float, end: float) -> Ints:
    """What is told of each order, as one of `ORDER_KINDS`, 0 for nothing; modulo `PLATFORMS_KINDS` by the platform.

    That is how often it claims it, whether late for a window of a day, and whether for a hundredfold; by the shop's own
    events, whether the browser told of it and whether its buyer is known.
    """
    return _Telling(tape, {each.do: each.amount for each in effects}, start, end).each()


class _Telling:
    def __init__(self, tape: Tape, amounts: dict[str, float], start: float, end: float) -> None:
        self._tape = tape
        self._amounts = amounts
        self._start, self._end = start, end
        self._on = (start <= TIMES) & (end > TIMES) if amounts else np.zeros(READINGS, dtype=bool)
        hour = np.arange(HOURS)
        self._during = (hour >= start) & (hour < end) if amounts else np.zeros(HOURS, dtype=bool)
        self._campaigns = int(tape.campaign_of.max()) + 1
        self._hidden = self._left_out()
        self._read_wrong = self._on[:, None] & (np.arange(DAYS)[None, :] >= TIMES[:, None] // 24 - READ_DAYS)
        self._lacking = self._read_wrong & (len(self._hidden) > 0)

    def reports(self) -> Reports:
        conversions, value = self._claims()
        frozen = self._frozen()
        as_of = np.where(frozen, self._start, TIMES).astype(int)
        failing = self._on & ("outage" in self._amounts)
        spend, clicks = self._delivery()
        rows = np.arange(len(self._tape.campaign_of))
        return Reports(
            conversions=conversions,
            value=value,
            delivery=np.stack([self._summed(each) for each in (spend, clicks, self._tape.impressions)]),
            lacking=self._lacking,
            hidden=np.stack(
                [
                    self._summed(np.where(np.isin(rows, self._hidden)[:, None], each, 0.0))
                    for each in (spend, clicks, self._tape.impressions)
                ]
            ),
            as_of=as_of,
            read=np.maximum.accumulate(np.where(failing, 0, np.arange(READINGS))),
            shifted=np.where(self._on, int(self._amounts.get("shift_days", 0)), 0),
            ad_sets=len(self._tape.campaign_of),
            told_ad_sets=self._told(as_of, len(self._hidden)),
            orders=_by_hour(self._tape.placed),
            order_value=_by_hour(self._tape.placed, self._tape.value),
            browser_orders=self._browser(),
            doubled_orders=_by_hour(self._tape.placed, self._doubled().astype(float)),
            named_orders=_by_hour(
                self._tape.placed, (self._tape.named & ~self._chosen("lose_keys", KEYS)).astype(float)
            ),
            keyless=np.where(self._during, self._amounts.get("lose_keys", 0.0), 0.0),
            cookieless=np.where(self._during, self._amounts.get("lose_browser", 0.0), 0.0),
            sessions=self._tape.sessions,
            failing=failing,
        )

    def each(self) -> Ints:
        tape = self._tape
        claimed = (tape.claimed_by >= 0) & ~self._lost()
        return np.asarray(
            claimed * (1 + self._doubled())
            + 3 * (claimed & (tape.placed - tape.clicked > 24))
            + 6 * (claimed & self._chosen("value_100x", VALUE))
            + PLATFORMS_KINDS * (~tape.blocked & ~self._chosen("lose_browser", LOSS))
            + 2 * PLATFORMS_KINDS * (tape.named & ~self._chosen("lose_keys", KEYS))
        )

    def _summed(self, rows: Floats) -> Floats:
        """By campaign."""
        found = np.zeros((self._campaigns, rows.shape[1]))
        np.add.at(found, self._tape.campaign_of, rows)
        return found

    def _active(self, hours: Floats) -> Bools:
        return np.asarray((hours >= self._start) & (hours < self._end))

    def _chosen(self, do: str, draw: int) -> Bools:
        """The purchases in the fault's time that it picks."""
        share = self._amounts.get(do, 0.0)
        return np.asarray(self._active(self._tape.placed) & (self._tape.draws[draw] < share))

    def _doubled(self) -> Bools:
        return self._chosen("repeat_claims", DOUBLE)

    def _browser(self) -> Floats:
        lost = self._chosen("lose_browser", LOSS)
        return _by_hour(self._tape.placed, (~self._tape.blocked & ~lost).astype(float))

    def _lost(self) -> Bools:
        tape = self._tape
        lost = self._chosen("lose_claims", LOSS)
        rate = self._amounts.get("decay_claims", 0.0)
        if rate:
            share = 1 - (1 - rate) ** np.maximum(0.0, (tape.placed - self._start) / 24)
            lost |= self._active(tape.placed) & (tape.draws[LOSS] < share)
        window = self._amounts.get("shorten_window")
        if window is not None:
            lost |= self._active(tape.placed) & (tape.placed - tape.clicked > window)
        return lost

    def _claims(self) -> tuple[Floats, Floats]:
        tape = self._tape
        kept = (tape.claimed_by >= 0) & ~self._lost() & (tape.clicked >= 0)
        hundred = np.where(self._chosen("value_100x", VALUE), 100.0, 1.0)
        count = np.where(self._doubled(), 2.0, 1.0)
        told = (count, tape.value * hundred * count)
        known = np.searchsorted(TIMES, tape.seen, side="left")
        if "freeze" in self._amounts:
            waits = (known > self._start_index) & (known < self._end_index)
            known = np.where(waits, self._end_index, known)
        tables = self._tables(kept, tape.clicked, known, *told)
        shift = int(self._amounts.get("shift_days", 0))
        if shift:
            late = self._tables(kept, tape.clicked - shift, known, *told)
            tables = np.where(self._read_wrong[None, :, None, :], late, tables)
        restated = self._restated(kept)
        if restated.any():
            gone = self._tables(restated, tape.clicked, known, *told)
            tables = tables - np.where(self._read_wrong[None, :, None, :], gone, 0.0)
        hidden = kept & np.isin(tape.claimed_by, self._hidden)
        if hidden.any():
            gone = self._tables(hidden, tape.clicked, known, *told)
            tables = tables - np.where(self._lacking[None, :, None, :], gone, 0.0)
        return tables[0], tables[1]

    @property
    def _start_index(self) -> int:
        return int(np.searchsorted(TIMES, self._start, side="left"))

    @property
    def _end_index(self) -> int:
        return int(np.searchsorted(TIMES, self._end, side="left"))

    def _restated(self, kept: Bools) -> Bools:
        share = self._amounts.get("restate", 0.0)
        return np.asarray(kept & (self._tape.clicked < self._start) & (self._tape.draws[KEYS] < share))

    def _tables(self, kept: Bools, clicked: Floats, known: Ints, count: Floats, value: Floats) -> Floats:
        """(count and value, reading, campaign, day): what had been told by then."""
        mine = kept & (known < READINGS) & (clicked >= 0)
        campaign = self._tape.campaign_of[np.maximum(self._tape.claimed_by, 0)][mine]
        day = (clicked[mine] // 24).astype(int)
        place = (known[mine] * self._campaigns + campaign) * DAYS + day
        shape = (READINGS, self._campaigns, DAYS)
        size = int(np.prod(shape))
        counts = np.bincount(place, count[mine], size).reshape(shape)
        values = np.bincount(place, value[mine], size).reshape(shape)
        return np.stack([counts.cumsum(axis=0), values.cumsum(axis=0)])

    def _frozen(self) -> Bools:
        return np.asarray(self._on & ("freeze" in self._amounts))

    def _delivery(self) -> tuple[Floats, Floats]:
        times = np.where(self._during, self._amounts.get("spend_times", 1.0), 1.0)
        clicks = np.where(self._during, self._amounts.get("clicks_times", 1.0), 1.0)
        return self._tape.spend * times, self._tape.clicks * clicks

    def _left_out(self) -> Ints:
        """The ad sets that a partial reading leaves out."""
        every = np.argsort(self._tape.draws[0][: len(self._tape.campaign_of)])
        return np.asarray(every[: round(self._amounts.get("hide_ad_sets", 0.0) * len(every))])

    def _told(self, as_of: Ints, hidden: int) -> Ints:
        """Of the newest complete day; figures that stand still have none of it once a day has passed."""
        newest = TIMES // 24 - 1
        every = np.where(as_of < newest * 24, 0, len(self._tape.campaign_of))
        return np.asarray(np.where(self._on, np.maximum(every - hidden, 0), every)).astype(int)


def _daily(hourly: Floats, until: int, shift: int) -> Floats:
    """By day, of the hours up to `until`; days are cut `shift` hours late."""
    known = np.where(np.arange(HOURS) < until, hourly, 0.0)
    if shift:
        known = np.concatenate([known[..., shift:], np.zeros((*known.shape[:-1], shift))], axis=-1)
    return np.asarray(known.reshape(*known.shape[:-1], DAYS, 24).sum(axis=-1))


def _by_hour(placed: Floats, weights: Floats | None = None) -> Floats:
    return np.bincount(placed.astype(int), weights, HOURS)[:HOURS].astype(float)
