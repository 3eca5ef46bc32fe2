"""One PostgreSQL and one Redis for a whole test run, whatever the number of its workers.

The run's first process calls `begin()` (in `pytest_configure`) and `end()` (in `pytest_unconfigure`). A
keeper, a process beside the run, starts both servers meanwhile and stops them when the run's end of its pipe
closes, which a `kill -9` of the run does too. Workers inherit the environment and call `servers()`, which
waits until the servers are ready.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from launcher.errors import DidNotStart, LauncherError
from launcher.postgres import start_postgres
from launcher.redis import start_redis
from launcher.system import free_port, write_private

FOLDER = "STRATUM_TEST_SERVERS"
POSTGRES_URL = "STRATUM_TEST_POSTGRES_URL"
REDIS_URL = "STRATUM_TEST_REDIS_URL"
_READY_WITHIN = 90.0


@dataclass(frozen=True)
class Servers:
    """Where this run's servers are. The PostgreSQL one is a superuser's: make roles and databases with it."""

    postgres_url: str
    redis_url: str


_keeper: subprocess.Popen[bytes] | None = None


def begin() -> None:
    """Start the servers in the background; nothing to do where the environment names some already."""
    global _keeper  # noqa: PLW0603 one run, one keeper; pytest's hooks share no other state with `end`
    if FOLDER in os.environ or (POSTGRES_URL in os.environ and REDIS_URL in os.environ):
        return
    folder = Path(tempfile.mkdtemp(prefix="stratum-test-"))
    # The account that PostgreSQL is lent must pass through.
    folder.chmod(0o711)
    os.environ[FOLDER] = str(folder)
    root = str(Path(__file__).resolve().parent.parent)
    _keeper = subprocess.Popen(
        [sys.executable, "-m", "launcher.shared", str(folder)],
        stdin=subprocess.PIPE,
        cwd=root,
        start_new_session=True,
    )


def end() -> None:
    """Stop what `begin()` started and remove its data."""
    global _keeper  # noqa: PLW0603 as in `begin`
    if _keeper is None:
        return
    if _keeper.stdin is not None:
        _keeper.stdin.close()
    _keeper.wait(timeout=60)
    _keeper = None
    del os.environ[FOLDER]


def servers() -> Servers:
    """This run's servers, once they are ready."""
    if POSTGRES_URL in os.environ and REDIS_URL in os.environ:
        return Servers(os.environ[POSTGRES_URL], os.environ[REDIS_URL])
    folder = _folder()
    deadline = time.monotonic() + _READY_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            return Servers(**json.loads((folder / "servers.json").read_text(encoding="utf-8")))
        with contextlib.suppress(FileNotFoundError):
            raise DidNotStart((folder / "failed").read_text(encoding="utf-8"))
        time.sleep(0.02)
    raise DidNotStart(f"The test servers were not ready within {_READY_WITHIN:.0f} s.")


@contextlib.contextmanager
def first(name: str) -> Iterator[bool]:
    """True for the first worker that comes here in this run; the others wait for it, then get False.

    For work that the run needs once, such as migrating the database that every worker's is copied from. If
    the first worker fails, the next one to come is first.
    """
    folder = _folder()
    with (folder / f"{name}.once").open("a+", encoding="utf-8") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        mark.seek(0)
        done = mark.read() == "done"
        yield not done
        if not done:
            mark.write("done")


def _folder() -> Path:
    try:
        return Path(os.environ[FOLDER])
    except KeyError:
        raise LauncherError(
            "No test servers: `launcher.shared.begin()` was not called in this run."
        ) from None


def keep(folder: Path) -> None:
    """Start both servers, say where they are, and stop them when the run is over."""
    with contextlib.ExitStack() as running:
        running.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            redis = start_redis(folder / "redis", free_port(), durable=False)
            running.callback(redis.stop)
            postgres = start_postgres(folder / "postgres", free_port(), durable=False)
            running.callback(postgres.stop)
        except LauncherError as error:
            write_private(folder / "failed", str(error))
        else:
            found = Servers(postgres.url_superuser, redis.url)
            write_private(folder / "servers.json", json.dumps(asdict(found)))
        sys.stdin.buffer.read()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
