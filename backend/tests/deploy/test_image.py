"""The image has requirements.txt alone: its processes must start without what only developers have."""

import json
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

_BACKEND = Path(__file__).parents[2]
_OURS = {"app", "launcher"}
# Each process's modules, and what Celery loads by name once it runs.
_PROCESSES = """
import json, sys

class Missing:
    names = frozenset(json.loads(sys.argv[1]))

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import alembic.command, celery.beat, celery.bin.beat, celery.bin.worker, celery.worker, redbeat
import uvicorn.lifespan.on, uvicorn.loops.auto, uvicorn.protocols.http.auto, uvicorn.protocols.websockets.auto
import app.cli, app.main, app.workers.relay, app.workers.roster, app.workers.worker, launcher.command
from app.workers.celery_app import celery_app
celery_app.connection_for_write().transport
"""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_images_processes_start_without_the_developers_packages() -> None:
    pinned = re.findall(
        r"^([\w.-]+)(?:\[[\w,-]+\])?==", (_BACKEND / "requirements.txt").read_text(), re.MULTILINE
    )
    locked = {_normal(name) for name in pinned}
    missing = [
        module
        for module, owners in packages_distributions().items()
        if module not in _OURS and not {_normal(owner) for owner in owners} & locked
    ]
    assert "pytest" in missing
    done = subprocess.run(
        [sys.executable, "-c", _PROCESSES, json.dumps(missing)],
        cwd=_BACKEND,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
