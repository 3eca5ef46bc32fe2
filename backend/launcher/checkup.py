"""What can be wrong with a folder that `stratum up` works in, and its settings do not show."""

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from launcher.home import PLATFORMS_FILE, SETTINGS_FILE
from launcher.postgres import attach_postgres
from launcher.redis import attach_redis

_PRIVATE = ("secrets.json", "demo.json", "postgres.password", "redis.password", SETTINGS_FILE, PLATFORMS_FILE)


@dataclass(frozen=True)
class Trouble:
    part: str
    says: str
    mend: str


def is_its_own(home: Path, database_url: str) -> bool:
    """Whether this is the address of the database that `stratum up` keeps in the folder."""
    try:
        kept = json.loads((home / SETTINGS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(kept.get("DATABASE_URL") == database_url)


def look(home: Path) -> list[Trouble]:
    """Everything that is wrong with the folder; changes nothing."""
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        mend = "Run as the account that owns it, or set STRATUM_HOME to a folder of your own."
        return [Trouble("folder", f"{home} is not this account's to read and write", mend)]
    return [*_supervisor(home), *_secrets(home)]


def _supervisor(home: Path) -> Iterator[Trouble]:
    if _is_held(home / "up.lock"):
        if not (home / "demo.json").exists():
            mend = (
                "A start still going writes it at its end; else stop (Ctrl-C), and `make run` writes it anew."
            )
            yield Trouble("demo.json", "is missing: programs do not find their keys", mend)
        return
    yield Trouble("start", f"nothing watches over {home}", "Start it: make run.")
    data = home / "postgres", home / "redis"
    for name, server, note in (
        ("postgres", attach_postgres(data[0]), data[0] / "postmaster.pid"),
        ("redis", attach_redis(data[1]), home / "redis.pid"),
    ):
        if server is not None:
            said = f"process {server.pid} was left behind by a start that was killed"
            yield Trouble(name, said, "`make run` stops it first.")
        elif note.exists():
            yield Trouble(name, f"{note} is stale: its server was killed", "`make run` removes it.")


def _secrets(home: Path) -> Iterator[Trouble]:
    if (home / "postgres").exists() and not (home / "secrets.json").exists():
        mend = "Put back a copy before the next start: a new one opens nothing that was sealed before."
        yield Trouble("secrets", f"{home / 'secrets.json'} is missing", mend)
    for path in (home / name for name in _PRIVATE):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Trouble("secrets", f"others may read {path}", f"chmod 600 {path}")


def _is_held(lock: Path) -> bool:
    """Whether a launcher that lives holds the lock."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
