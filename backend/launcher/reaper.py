"""Ends what a supervisor leaves behind when it is killed.

Run as a script; it imports the standard library alone. The supervisor holds the other end of this process's
input, and writes `+ PID SIGNAL` for each process group that it starts and `- PID` for each that has ended.
When the input closes, however that came about, the groups still on the list are asked to end, the latest
first, and after a while made to.
"""

import contextlib
import os
import signal
import sys
import time

_PATIENCE = 8.0


def _gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def end_groups(groups: list[tuple[int, int]]) -> None:
    """Ask each group by its signal, latest first; kill what has not ended in time."""
    for group, number in reversed(groups):
        with contextlib.suppress(OSError):
            os.killpg(group, number)
        deadline = time.monotonic() + _PATIENCE
        while not _gone(group) and time.monotonic() < deadline:
            time.sleep(0.05)
        with contextlib.suppress(OSError):
            os.killpg(group, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        match line.split():
            case ["+", pid, ending]:
                groups[int(pid)] = int(ending)
            case ["-", pid]:
                groups.pop(int(pid), None)
            case _:
                pass
    end_groups(list(groups.items()))


if __name__ == "__main__":
    main()
