"""Stratum as a person starts it, for a browser to look at."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.system import free_port

_BACKEND = Path(__file__).parents[2]


@dataclass(frozen=True)
class Stack:
    """A running Stratum: where it lives, and what its first company is opened with."""

    home: Path
    url: str
    email: str
    password: str
    output: Path

    def complaints(self, most: int = 25) -> list[str]:
        """The last lines that its processes wrote as a warning or worse."""
        lines = self.output.read_text(errors="replace").splitlines()
        return [line for line in lines if re.search(r" (warning|error|critical) ", line)][-most:]


def colleague(stack: Stack) -> Stack:
    """Another admin of the same company, whose second factor is nobody else's trouble."""
    return _admin_of(stack, str(json.loads((stack.home / "demo.json").read_text())["tenant_id"]))


def neighbour(stack: Stack, name: str) -> Stack:
    """The admin of another company, where nothing has happened yet."""
    return _admin_of(stack, _command(stack, "tenant", "create", name).split()[-1])


def partner(stack: Stack, tenant_id: int) -> Stack:
    """Another admin of any company."""
    return _admin_of(stack, str(tenant_id))


def _admin_of(stack: Stack, tenant: str) -> Stack:
    email = f"admin.{secrets.token_hex(4)}@{tenant}.example"
    _command(stack, "user", "create", email, "--tenant", tenant, "--name", "Sam Second", "--role", "admin")
    return replace(stack, email=email)


def _command(stack: Stack, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "launcher.command", *words],
        cwd=_BACKEND,
        env={**_kept(), "STRATUM_HOME": str(stack.home), "STRATUM_USER_PASSWORD": stack.password},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def _kept() -> dict[str, str]:
    """This run's environment, less what belongs to its own tests."""
    own = ("STRATUM_", "DATABASE_", "REDIS_", "APP_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


@contextmanager
def running_stack(**environment: str) -> Iterator[Stack]:
    """`stratum up` in a folder of its own, to the ready line; stopped as by Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="stratum-browser-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        home, port = Path(folder) / "home", free_port()
        output = Path(folder) / "output"
        with (
            output.open("w") as written,
            subprocess.Popen(
                [sys.executable, "-m", "launcher.command", "up"],
                cwd=_BACKEND,
                env={**_kept(), "STRATUM_HOME": str(home), "STRATUM_PORT": str(port), **environment},
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            try:
                _wait(process, output, f"Stratum is ready: http://127.0.0.1:{port}")
                told = json.loads((home / "demo.json").read_text())
                yield Stack(home, told["url"], told["email"], told["password"], output)
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)


def _wait(process: subprocess.Popen[bytes], output: Path, line: str, seconds: float = 180) -> None:
    for _ in range(int(seconds / 0.5)):
        if line in output.read_text(errors="replace"):
            return
        try:
            process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            continue
        break
    raise AssertionError(output.read_text(errors="replace")[-4000:])
