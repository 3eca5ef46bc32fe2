"""Several processes under one: started in order, watched, restarted, and stopped together."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self, TypeVar

from launcher import reaper
from launcher.console import Console
from launcher.errors import DidNotStart, LauncherError

# A process that ends is started again after this many seconds, doubled each time, up to the longest wait.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 30.0
# One that has run for so long is in health again: its next end begins at the shortest wait.
_SETTLED_AFTER = 60.0
# One that ends so often before it was ever ready will not be: the start fails.
_TRIES = 3
_LONGEST_LINE = 1 << 20
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Server(Protocol):
    """A database server with its own way of starting and stopping (`launcher.postgres`, `launcher.redis`)."""

    pid: int

    @property
    def running(self) -> bool: ...

    def stop(self) -> None: ...


_Server = TypeVar("_Server", bound=Server)


@dataclass(frozen=True)
class Program:
    """A command to keep running. `ready` is asked, in a thread, until it says yes."""

    name: str
    command: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    ready_within: float = 60.0
    patience: float = 15.0


@dataclass
class _Kept:
    """A program with its current process, if any."""

    program: Program
    process: asyncio.subprocess.Process | None = None
    ready: bool = False
    starts: int = 0
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def ended_early(self, what: str) -> DidNotStart:
        return DidNotStart("\n".join([f"{self.program.name} {what}", *self.last_lines]))


class Supervisor:
    """Used as `async with Supervisor(console)`: leaving the block stops everything, the latest first.

    Each process has a group of its own, so that Ctrl-C reaches this one alone; and should this one be killed,
    a reaper beside it ends the groups.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._reaper: subprocess.Popen[str] | None = None
        self._servers: dict[str, list[Server]] = {}
        self._stages: list[list[_Kept]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for number in _ENDINGS:
            asyncio.get_running_loop().add_signal_handler(number, self._ask_to_stop)
        self._reaper = _start_reaper()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping.set()
        for stage in reversed(self._stages):
            await asyncio.gather(*(self._stop(kept) for kept in stage))
        await asyncio.gather(*self._tasks)
        for held in reversed(self._servers.values()):
            await asyncio.to_thread(held[0].stop)
            self._forget(held[0].pid)
        if self._reaper is not None and self._reaper.stdin is not None:
            self._reaper.stdin.close()
            self._reaper.wait()
        for number in _ENDINGS:
            asyncio.get_running_loop().remove_signal_handler(number)

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    @property
    def processes(self) -> dict[str, int]:
        """Each running process's id, by its name."""
        kept = {
            each.program.name: each.process.pid for stage in self._stages for each in stage if each.process
        }
        return {name: held[0].pid for name, held in self._servers.items()} | kept

    async def until_stopped(self) -> None:
        """Return when somebody asks for the end: Ctrl-C, SIGTERM, or the terminal's going away."""
        await self._stopping.wait()

    async def add_server(
        self, name: str, start: Callable[[], _Server], again: Callable[[], _Server]
    ) -> _Server:
        """Start a database server and keep it running; `again` must bring it back to the same address."""
        server = await asyncio.to_thread(start)
        held: list[Server] = [server]
        self._note(held[0].pid, signal.SIGINT)
        self._servers[name] = held
        self._tasks.append(asyncio.create_task(self._keep_server(name, held, again)))
        return server

    async def add(self, *programs: Program) -> None:
        """Start programs beside each other; return when all are ready, or when the end is asked for.

        Raises `DidNotStart` for one that ends three times before it is ready, or is not ready in time.
        """
        stage = [_Kept(program) for program in programs]
        self._stages.append(stage)
        self._tasks += [asyncio.create_task(self._keep(kept)) for kept in stage]
        waits = [asyncio.create_task(self._until_ready(kept)) for kept in stage]
        try:
            await asyncio.gather(*waits)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _until_ready(self, kept: _Kept) -> None:
        program = kept.program
        deadline = time.monotonic() + program.ready_within
        while not self._stopping.is_set():
            if kept.process is not None and (program.ready is None or await asyncio.to_thread(program.ready)):
                kept.ready = True
                return
            if kept.starts >= _TRIES and kept.process is None:
                raise kept.ended_early(f"ended {kept.starts} times before it was ready:")
            if time.monotonic() > deadline:
                raise kept.ended_early(f"was not ready within {program.ready_within:.0f} s:")
            await asyncio.sleep(0.1)

    async def _keep(self, kept: _Kept) -> None:
        wait = _FIRST_WAIT
        while not self._stopping.is_set():
            began = time.monotonic()
            status = await self._run(kept)
            if self._stopping.is_set() or (not kept.ready and kept.starts >= _TRIES):
                return
            if time.monotonic() - began > _SETTLED_AFTER:
                wait = _FIRST_WAIT
            self._console.warn(f"{kept.program.name} ended ({_why(status)}); it starts again in {wait:g} s")
            await self._pause(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def _run(self, kept: _Kept) -> int:
        """Run the program's process to its end and return its status; nothing of its group stays behind."""
        program = kept.program
        # A pipe of our own: with asyncio's, waiting for a process waits for its children's ends too.
        ours, theirs = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *program.command,
                cwd=program.cwd,
                env={**os.environ, **program.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                start_new_session=True,
            )
        except OSError as error:
            os.close(ours)
            kept.starts += 1
            kept.last_lines.append(str(error))
            return 127
        finally:
            os.close(theirs)
        self._note(process.pid, signal.SIGTERM)
        kept.process, kept.starts = process, kept.starts + 1
        if kept.starts > 1:
            self._console.say(f"{program.name} is started again (process {process.pid})")
        if self._stopping.is_set():
            process.kill()  # asked to stop while it was being made
        reading = asyncio.create_task(self._relay(kept, ours))
        status = await process.wait()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        self._forget(process.pid)
        # What it wrote last may still be in the pipe; a stranger that inherited it may hold it open.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(reading, 2)
        kept.process = None
        return status

    async def _relay(self, kept: _Kept, pipe: int) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=_LONGEST_LINE)
        with os.fdopen(pipe, "rb") as file:
            transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), file)
            try:
                while True:
                    try:
                        line = await reader.readline()
                    except ValueError:
                        continue  # longer than the limit: the reader has dropped it
                    if not line:
                        return
                    text = line.decode(errors="replace").rstrip()
                    kept.last_lines.append(text)
                    self._console.relay(kept.program.name, text)
            finally:
                transport.close()

    async def _keep_server(self, name: str, held: list[Server], again: Callable[[], Server]) -> None:
        wait = _FIRST_WAIT
        while not self._stopping.is_set():
            await self._pause(0.25)
            if self._stopping.is_set() or held[0].running:
                continue
            self._console.warn(f"{name} ended; it starts again in {wait:g} s")
            self._forget(held[0].pid)
            await asyncio.to_thread(held[0].stop)
            await self._pause(wait)
            try:
                held[0] = await asyncio.to_thread(again)
            except LauncherError as error:
                self._console.warn(f"{name} did not start: {error}")
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                self._note(held[0].pid, signal.SIGINT)
                self._console.say(f"{name} is back (process {held[0].pid})")
                wait = _FIRST_WAIT

    async def _stop(self, kept: _Kept) -> None:
        process = kept.process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        ended = asyncio.create_task(process.wait())
        hurried = asyncio.create_task(self._hurry.wait())
        await asyncio.wait(
            {ended, hurried}, timeout=kept.program.patience, return_when=asyncio.FIRST_COMPLETED
        )
        hurried.cancel()
        if not ended.done():
            self._console.warn(f"{kept.program.name} does not end; it is killed")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await ended

    async def _pause(self, seconds: float) -> None:
        """Wait so long, or until the supervisor stops."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def _ask_to_stop(self) -> None:
        if self._stopping.is_set():
            self._console.warn("Asked again: what still runs is killed")
            self._hurry.set()
        else:
            self._console.say("Stopping (once more to kill what is slow)")
            self._stopping.set()

    def _note(self, group: int, ending: signal.Signals) -> None:
        self._tell_reaper(f"+ {group} {int(ending)}\n")

    def _forget(self, group: int) -> None:
        self._tell_reaper(f"- {group}\n")

    def _tell_reaper(self, line: str) -> None:
        if self._reaper is not None and self._reaper.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._reaper.stdin.write(line)
                self._reaper.stdin.flush()


def _start_reaper() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", reaper.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def _why(status: int) -> str:
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
