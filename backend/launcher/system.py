"""Ports, locks and processes, as the operating system sees them."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from launcher.errors import AlreadyRunning

LOOPBACK = "127.0.0.1"


def free_port(preferred: int | None = None, *, taken: Iterable[int] = ()) -> int:
    """`preferred` where nothing listens on it, else a port that the system hands out."""
    taken = frozenset(taken)
    if preferred is not None and preferred not in taken and _can_bind(preferred):
        return preferred
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def kept_port(note: Path, usual: int) -> int:
    """The port of the last start, which addresses were given out for, else the usual one; where free, else another."""
    try:
        last = int(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = usual
    return free_port(last)


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection in TIME_WAIT does not make the port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def accepts(port: int) -> bool:
    """Whether something answers on this port of the loopback."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def works_in(pid: int, folder: Path) -> bool:
    """Whether the process lives and works in `folder`, as a program that was given its pid later does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    if Path("/proc/self").exists():
        return False
    command = ["lsof", "-a", "-p", str(pid), "-d", "cwd", "-Fn"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return False
    return f"n{folder.resolve()}" in answer.splitlines()


def alive(pid: int) -> bool:
    """Whether the process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    return True


def end_process(pid: int, *, ask: signal.Signals, insist: signal.Signals, patience: float) -> None:
    """Ask the process to end, wait `patience` seconds, then insist; returns when it is gone."""
    for number, wait in ((ask, patience), (insist, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + wait
        while alive(pid):
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)
        else:
            return


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log, for an error's message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "(it wrote nothing)"
    return "\n".join(text.splitlines()[-lines:]) or "(it wrote nothing)"


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, in one step: a reader sees the old text or the new."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


class FolderLock:
    """Held by one launcher at a time; the system lets go of it when that process ends, however it ends."""

    def __init__(self, path: Path, *, busy: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise AlreadyRunning(busy) from None

    def release(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
