"""Real processes over this run's servers: started, watched, killed."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from launcher.system import free_port
from tests.house.source import BACKEND

PYTHON = sys.executable


class Process:
    """One process in its own group, so that its children die with it."""

    def __init__(self, *words: str, **environment: str) -> None:
        self._output: IO[bytes] = TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._words, self._environment = words, environment
        self._popen = self._start()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [PYTHON, "-m", *self._words],
            cwd=BACKEND,
            env={**os.environ, "LOG_LEVEL": "INFO", **self._environment},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def keep_up(self) -> None:
        """Start it again if it has ended, as its supervisor does."""
        if not self.is_alive():
            self._popen = self._start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def is_alive(self) -> bool:
        return self._popen.poll() is None

    def output(self) -> str:
        self._output.flush()
        return Path(f"/proc/self/fd/{self._output.fileno()}").read_text(encoding="utf-8")

    def kill(self) -> None:
        """The whole group, as a machine that loses power would."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()

    def terminate(self) -> int:
        self._popen.terminate()
        return self._popen.wait(timeout=30)

    def close(self) -> None:
        self.kill()
        self._output.close()


@contextlib.contextmanager
def running(*words: str, **environment: str) -> Iterator[Process]:
    process = Process(*words, **environment)
    try:
        yield process
    finally:
        process.close()


def worker(**environment: str) -> contextlib.AbstractContextManager[Process]:
    return running(
        *("celery", "-A", "tests.workers.stand", "worker", "--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
        **environment,
    )


def relay(**environment: str) -> contextlib.AbstractContextManager[Process]:
    return running("tests.workers.stand_relay", **environment)


async def eventually(
    is_so: Callable[[], Awaitable[bool]], *, within: float = 90, watched: tuple[Process, ...] = ()
) -> None:
    deadline = time.monotonic() + within
    while not await is_so():
        if time.monotonic() > deadline:
            said = "\n".join(process.output() for process in watched)
            raise AssertionError(f"It did not happen within {within} s.\n{said}")
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def api(**environment: str) -> AsyncIterator[tuple[Process, str]]:
    """A real uvicorn, answering."""
    port = free_port()
    words = ("uvicorn", "app.main:create_app", "--factory", "--host", "127.0.0.1", "--port", str(port))
    with running(*words, "--timeout-graceful-shutdown", "3", **environment) as process:

        async def answers() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            await writer.wait_closed()
            return True

        # How long a start takes tells of the machine.
        await eventually(answers, within=90, watched=(process,))
        yield process, f"http://127.0.0.1:{port}"
