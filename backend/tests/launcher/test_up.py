"""`stratum up`, as a person runs it: to ready, killed, started again, stopped."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.system import alive, free_port

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

_BACKEND = Path(__file__).parents[2]
_TOLD = {
    "url",
    "ws_url",
    "sandbox_url",
    "sandbox_meta_token",
    "email",
    "password",
    "tenant_id",
    "write_key",
    "api_key",
    "database_url",
    "redis_url",
}


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stratum-up-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "home"


class _Up:
    """A start, from the command to the ready line."""

    def __init__(self, home: Path, port: int) -> None:
        taken = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STRATUM_", "DATABASE_", "REDIS_", "APP_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "launcher.command", "up"],
            cwd=_BACKEND,
            env={**taken, "STRATUM_HOME": str(home), "STRATUM_PORT": str(port)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if f"Stratum is ready: http://127.0.0.1:{port}" in line:
                return
        raise AssertionError("\n".join(self.lines))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)


def _below(pid: int) -> set[int]:
    """The process's children and theirs."""
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(entry.read_text().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            continue
        if parent == pid:
            child = int(entry.parent.name)
            found |= {child} | _below(child)
    return found


def _tells(address: str, name: str, seconds: float = 15) -> bool:
    """Whether a process counts this; the worker and the relay start after the API."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5) as reply:  # noqa: S310  (ours)
            if f"\n{name}" in reply.read().decode():
                return True
        time.sleep(0.5)
    return False


def _gone(pids: set[int], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while any(alive(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def test_it_starts_survives_a_kill_starts_again_and_leaves_nothing(home: Path) -> None:
    port = free_port()
    first = _Up(home, port)
    demo = home / "demo.json"
    assert demo.stat().st_mode & 0o777 == 0o600
    told = json.loads(demo.read_text())
    assert told.keys() >= _TOLD
    with urllib.request.urlopen(f"{told['url']}/health") as reply:  # noqa: S310  (our own address)
        assert json.load(reply)["status"] == "healthy"
    metrics = re.findall(r"http://[^ ,]+/metrics", next(line for line in first.lines if "Metrics: " in line))
    for name in ("stratum_live_clients", "stratum_tasks_total", "stratum_outbox_depth"):
        assert any(_tells(address, name) for address in metrics), f"nobody tells {name}"
    started = _below(first.process.pid)
    assert len(started) > 6

    first.process.kill()
    first.process.communicate()
    assert _gone(started), "a killed supervisor left processes behind"

    second = _Up(home, port)
    again = json.loads(demo.read_text())
    assert not any("Migrating" in line for line in second.lines)
    # The same company, the same keys: the data is there. Only addresses may differ.
    kept = {"email", "password", "tenant_id", "write_key", "api_key", "sandbox_meta_token"}
    assert {name: again[name] for name in kept} == {name: told[name] for name in kept}
    started = _below(second.process.pid)
    second.stop()
    assert second.process.returncode == 0
    assert _gone(started, 5)
