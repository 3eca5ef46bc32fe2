"""A shop's orders and refunds, hour by hour: written once and never changed."""

from sandbox.world.orders import Order
from sandbox.world.seasons import HOUR


class Tape:
    def __init__(self, epoch_hour: int) -> None:
        self.epoch_hour = epoch_hour
        self.orders: list[list[Order]] = []
        self.refunds: dict[int, list[Order]] = {}

    def holds(self, hour: int) -> bool:
        return len(self.orders) > hour - self.epoch_hour

    def write(self, placed: list[Order]) -> None:
        """The orders of the next hour, in order of time."""
        self.orders.append(placed)
        for order in placed:
            if order.refund_at is not None:
                self.refunds.setdefault(int(order.refund_at // HOUR), []).append(order)

    def orders_between(self, start: float, end: float) -> list[Order]:
        """Orders placed in [start, end), in order of time."""
        first = max(0, int(start // HOUR) - self.epoch_hour)
        last = min(len(self.orders), int(end // HOUR) - self.epoch_hour + 1)
        return [o for hour in self.orders[first:last] for o in hour if start <= o.at < end]

    def refunds_between(self, start: float, end: float) -> list[Order]:
        hours = range(int(start // HOUR), int(end // HOUR) + 1)
        found = [
            o for h in hours for o in self.refunds.get(h, ()) if o.refund_at and start <= o.refund_at < end
        ]
        return sorted(found, key=lambda o: o.refund_at or 0.0)
