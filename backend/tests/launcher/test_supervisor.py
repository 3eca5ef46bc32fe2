import asyncio
import contextlib
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from launcher.console import Console
from launcher.errors import DidNotStart
from launcher.supervisor import Program, Supervisor
from launcher.system import alive

_BACKEND = Path(__file__).parents[2]


def _python(
    name: str, code: str, tmp_path: Path, *, patience: float = 15.0, ready: str | None = None
) -> Program:
    return Program(
        name,
        (sys.executable, "-u", "-c", textwrap.dedent(code)),
        tmp_path,
        environment={"PYTHONUNBUFFERED": "1"},
        ready=(tmp_path / ready).exists if ready else None,
        ready_within=20,
        patience=patience,
    )


_SERVES = """
import os, pathlib, time
with open("pids", "a") as pids: pids.write(f"{os.getpid()}\\n")
pathlib.Path("up").touch()
print("serving")
time.sleep(60)
"""


async def _until(condition: object, seconds: float = 15.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def _pids(tmp_path: Path) -> list[int]:
    try:
        return [int(line) for line in (tmp_path / "pids").read_text().split()]
    except FileNotFoundError:
        return []


async def test_a_process_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    shown = io.StringIO()
    async with Supervisor(Console(shown)) as supervisor:
        await supervisor.add(_python("worker", _SERVES, tmp_path, ready="up"))
        (first,) = _pids(tmp_path)
        assert supervisor.processes == {"worker": first}
        os.kill(first, signal.SIGKILL)
        await _until(lambda: len(_pids(tmp_path)) == 2)
    assert "worker ended (signal SIGKILL); it starts again in 0.5 s" in shown.getvalue()
    assert f"worker is started again (process {_pids(tmp_path)[1]})" in shown.getvalue()
    assert not any(alive(pid) for pid in _pids(tmp_path))


async def test_lines_carry_the_name_of_who_said_them_and_no_colour_off_a_terminal(tmp_path: Path) -> None:
    shown = io.StringIO()
    code = """
    import time
    import json
    at = "2026-01-02T10:30:00Z"
    print(json.dumps({"event": "campaigns.paused", "level": "info", "timestamp": at, "tenant_id": 7}))
    print("plain")
    time.sleep(60)
    """
    async with Supervisor(Console(shown)) as supervisor:
        await supervisor.add(_python("api", code, tmp_path))
        await _until(lambda: "plain" in shown.getvalue())
    assert "api       | 10:30:00 info campaigns.paused tenant_id=7\napi       | plain\n" in shown.getvalue()
    assert "\x1b" not in shown.getvalue()


async def test_a_program_that_cannot_start_ends_the_start_with_its_last_words(tmp_path: Path) -> None:
    async with Supervisor(Console(io.StringIO())) as supervisor:
        with pytest.raises(DidNotStart, match=r"(?s)api ended 3 times before it was ready:.*no such setting"):
            await supervisor.add(
                _python("api", "raise SystemExit('no such setting')", tmp_path, ready="never")
            )


async def test_a_program_that_ignores_the_request_to_end_is_killed_with_its_children(tmp_path: Path) -> None:
    shown = io.StringIO()
    code = """
    import os, pathlib, signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pathlib.Path("pids").write_text(f"{os.getpid()} {child.pid}")
    pathlib.Path("up").touch()
    time.sleep(60)
    """
    async with Supervisor(Console(shown)) as supervisor:
        await supervisor.add(_python("stubborn", code, tmp_path, ready="up", patience=0.3))
    await _until(lambda: not any(alive(pid) for pid in _pids(tmp_path)))
    assert len(_pids(tmp_path)) == 2
    assert "stubborn does not end; it is killed" in shown.getvalue()


async def test_children_of_a_dead_process_do_not_stay_behind(tmp_path: Path) -> None:
    code = """
    import os, pathlib, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with open("pids", "a") as pids: pids.write(f"{os.getpid()}\\n{child.pid}\\n")
    pathlib.Path("up").touch()
    time.sleep(60)
    """
    async with Supervisor(Console(io.StringIO())) as supervisor:
        await supervisor.add(_python("worker", code, tmp_path, ready="up"))
        await _until(lambda: len(_pids(tmp_path)) == 2)
        leader, child = _pids(tmp_path)
        os.kill(leader, signal.SIGKILL)
        await _until(lambda: len(_pids(tmp_path)) == 4)
        assert not alive(child)


async def test_the_latest_started_are_the_first_stopped(tmp_path: Path) -> None:
    code = """
    import pathlib, signal, sys, time
    def end(*_):
        with open("ended", "a") as file: file.write(NAME + "\\n")
        sys.exit()
    signal.signal(signal.SIGTERM, end)
    pathlib.Path(NAME).touch()
    while True: time.sleep(0.1)
    """
    async with Supervisor(Console(io.StringIO())) as supervisor:
        for name in ("sandbox", "api"):
            await supervisor.add(
                _python(name, f"NAME = {name!r}\n" + textwrap.dedent(code), tmp_path, ready=name)
            )
    assert (tmp_path / "ended").read_text().split() == ["api", "sandbox"]


_MAIN = """
import asyncio, sys
from pathlib import Path
from launcher.console import Console
from launcher.supervisor import Program, Supervisor

async def main():
    folder = Path(sys.argv[1])
    async with Supervisor(Console()) as supervisor:
        command = (sys.executable, "-c", sys.argv[2])
        await supervisor.add(Program("worker", command, folder, ready=(folder / "up").exists))
        print("READY", flush=True)
        await supervisor.until_stopped()

asyncio.run(main())
"""


def _start_main(tmp_path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", _MAIN, str(tmp_path), _SERVES], stdout=subprocess.PIPE, text=True, cwd=_BACKEND
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line == "READY\n":
            return process
    raise AssertionError("the supervisor did not start")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_stops_everything(tmp_path: Path, ending: signal.Signals) -> None:
    with _start_main(tmp_path) as process:
        process.send_signal(ending)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Stopping" in said
    assert not any(alive(pid) for pid in _pids(tmp_path))


def test_a_killed_supervisor_leaves_no_orphans(tmp_path: Path) -> None:
    with _start_main(tmp_path) as process:
        process.kill()
    (worker,) = _pids(tmp_path)
    deadline = time.monotonic() + 15
    with contextlib.suppress(ProcessLookupError):
        while alive(worker):
            assert time.monotonic() < deadline
            time.sleep(0.05)


class _FallingServer:
    """A stand-in for a database server: a process that sleeps."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
        )
        self.pid = self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


async def test_a_database_server_that_dies_is_started_again(tmp_path: Path) -> None:
    shown, made = io.StringIO(), []

    def start() -> _FallingServer:
        made.append(_FallingServer())
        return made[-1]

    async with Supervisor(Console(shown)) as supervisor:
        await supervisor.add_server("postgres", start, start)
        os.kill(made[0].pid, signal.SIGKILL)
        await _until(lambda: "postgres is back" in shown.getvalue())
        assert made[1].running
    assert not made[1].running
