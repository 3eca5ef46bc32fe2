"""How much of what senders send one process holds at once, from a request's first byte to its commit.

This is the bound of its memory under a flood: what does not fit is told when to come back, before it is read.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from app.core.metrics import CDP_INTAKE_BYTES
from app.services.cdp.events.errors import Overloaded
from app.services.cdp.events.rules import MAX_BATCH_BYTES

EVENT_BYTES = 2_048
"""What an event costs in memory beside its JSON: its row, its place in the queue, its share of the write."""


class Admission:
    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    @contextmanager
    def body(self, length: str | None, encoding: str) -> Iterator[None]:
        """Room for a body of that `Content-Length`; for the largest where that is not said, or not what unpacks."""
        said = int(length) if length and length.isdecimal() and len(length) < 10 else MAX_BATCH_BYTES  # noqa: PLR2004  (past any body)
        with self._room(MAX_BATCH_BYTES if encoding else min(said, MAX_BATCH_BYTES)):
            yield

    @contextmanager
    def events(self, count: int) -> Iterator[None]:
        with self._room(count * EVENT_BYTES):
            yield

    @contextmanager
    def _room(self, size: int) -> Iterator[None]:
        """`Overloaded` where it does not fit; what a single request needs always fits an idle process."""
        if self.held + size > self._most:
            raise Overloaded
        self.held += size
        CDP_INTAKE_BYTES.set(self.held)
        try:
            yield
        finally:
            self.held -= size
            CDP_INTAKE_BYTES.set(self.held)
