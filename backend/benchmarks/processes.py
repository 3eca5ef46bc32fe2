"""What a whole Stratum costs to start and to keep: seconds to ready, and the memory of each process.

python -m benchmarks.processes
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from benchmarks.stack import BACKEND
from launcher.system import free_port

READY = "Stratum is ready"
_PARTS = {
    "app.workers.worker": "worker",
    "app.workers.celery_app beat": "Beat",
    "app.workers.relay": "relay",
    "uvicorn": "API",
    "-m sandbox": "sandbox",
    "postgres": "PostgreSQL",
    "valkey": "Redis",
}


def _named(process: psutil.Process) -> str:
    try:
        words = " ".join(process.cmdline())
    except psutil.Error:
        return "gone"
    return next((name for part, name in _PARTS.items() if part in words), "supervisor")


def _until_ready(process: "subprocess.Popen[str]") -> float:
    started = time.perf_counter()
    if process.stdout is None:
        raise SystemExit("The supervisor says nothing.")
    for line in process.stdout:
        if READY in line:
            return time.perf_counter() - started
    raise SystemExit(f"Stratum ended with {process.wait()} before it was ready.")


def _memory(root: psutil.Process) -> dict[str, float]:
    """Proportional memory by part, in MiB: what is shared is divided among those who share it."""
    found: dict[str, float] = {}
    for process in [root, *root.children(recursive=True)]:
        try:
            mebibytes = process.memory_full_info().pss / 2**20
        except psutil.Error:
            continue
        found[_named(process)] = found.get(_named(process), 0.0) + mebibytes
    return found


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="stratum-bench-") as home:
        Path(home).chmod(0o711)
        environment = os.environ | {"STRATUM_HOME": home, "STRATUM_PORT": str(free_port())}
        for name in ("first start", "second start"):
            command = [sys.executable, "-m", "app.cli", "up"]
            process = subprocess.Popen(
                command, cwd=BACKEND, env=environment, stdout=subprocess.PIPE, text=True
            )
            print(f"{name:<34} {_until_ready(process):6.1f} s")
            if name == "second start":
                time.sleep(5)
                for part, mebibytes in sorted(_memory(psutil.Process(process.pid)).items()):
                    print(f"memory, {part:<26} {mebibytes:6.0f} MiB")
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)


if __name__ == "__main__":
    main()
