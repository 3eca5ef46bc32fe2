"""What a person sees while Stratum runs: one line per event, with the name of the process that said it."""

import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO

_COLOURS = ("36", "33", "35", "32", "34", "96", "93", "95")
_FAULT, _GOOD, _QUIET = "31", "32", "2"
# What each line of a log repeats, and a person at a terminal need not read.
_NOT_SHOWN = frozenset({"event", "level", "timestamp", "logger"})
_STILL_EVERY = 5.0


class Console:
    """Writes whole lines, from any thread. Colours on a terminal only, and never where NO_COLOR is set."""

    def __init__(self, out: TextIO | None = None, *, width: int = 9) -> None:
        self._out = out or sys.stdout
        self._coloured = self._out.isatty() and "NO_COLOR" not in os.environ
        self._width = width
        self._seen: dict[str, str] = {}
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        self._line("stratum", text, _GOOD)

    def warn(self, text: str) -> None:
        self._line("stratum", text, _FAULT, tint=_FAULT)

    def relay(self, name: str, line: str) -> None:
        """Print a process's own line; a structured log line is shown as a person would write it."""
        colour = self._seen.setdefault(name, _COLOURS[len(self._seen) % len(_COLOURS)])
        text, level = _readable(line)
        self._line(name, text, colour, tint=_FAULT if level in {"error", "critical"} else None)

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Say that a step has begun, every five seconds that it still runs, and how long it took."""
        began = time.monotonic()
        done = threading.Event()
        self.say(f"{what} ...")

        def still() -> None:
            while not done.wait(_STILL_EVERY):
                self.say(f"{what} ... still at it after {time.monotonic() - began:.0f} s")

        ticker = threading.Thread(target=still, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            done.set()
            ticker.join()
        self.say(f"{what}: {time.monotonic() - began:.1f} s")

    def _line(self, name: str, text: str, colour: str, tint: str | None = None) -> None:
        prefix, body = f"{name:<{self._width}} |", text.rstrip()
        if self._coloured:
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
            body = f"\x1b[{tint}m{body}\x1b[0m" if tint else body
        # Whoever read this may have gone (`make run | head`); the processes go on.
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._out.write(f"{prefix} {body}\n")
            self._out.flush()


def _readable(line: str) -> tuple[str, str]:
    """Render a JSON log line as `12:00:01 info campaigns.paused campaign_id=…`; leave any other."""
    try:
        entry = json.loads(line) if line.startswith("{") else None
    except ValueError:
        entry = None
    if not isinstance(entry, dict) or "event" not in entry:
        return line, ""
    level = str(entry.get("level", "info"))
    at = str(entry.get("timestamp", ""))[11:19]
    extra = " ".join(f"{key}={value}" for key, value in entry.items() if key not in _NOT_SHOWN)
    return " ".join(part for part in (at, level, str(entry["event"]), extra) if part), level
