"""A server that works in a data folder of ours: started by us, or found at work there."""

import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher.system import FolderLock, end_process, works_in


@dataclass
class FolderServer:
    """A running server. It ends when it is told to; so it does when whoever watches over the process ends."""

    data: Path
    port: int
    pid: int
    password: str
    log: Path
    _process: subprocess.Popen[bytes] | None = None
    _lock: FolderLock | None = None

    @property
    def running(self) -> bool:
        """Whether it is still there."""
        if self._process is not None:
            return self._process.poll() is None
        return works_in(self.pid, self.data)

    def _end(self, *, ask: signal.Signals, insist: signal.Signals, patience: float) -> None:
        """Ask it to end, insist after `patience` seconds, and wait for it; nothing if it has ended already."""
        if self.running:
            end_process(self.pid, ask=ask, insist=insist, patience=patience)
        if self._process is not None:
            self._process.wait()

    def _let_go(self) -> None:
        """Leave the folder to others, where it is held."""
        if self._lock is not None:
            self._lock.release()
