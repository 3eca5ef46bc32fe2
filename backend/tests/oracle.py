"""ClickHouse in this process, as the judge of funnels and retention."""

import importlib
import subprocess
import sys
from functools import cache
from typing import Any

from launcher import install


@cache
def _judge() -> Any:
    """One for the process: opening it takes a second. It is there already where `make` has installed it."""
    subprocess.run([sys.executable, install.__file__, "oracle"], check=True)
    # Last, so that the environment's own packages go first.
    sys.path.append(str(install.beside("chdb")))
    return importlib.import_module("chdb").connect(":memory:")


def asked(question: str) -> list[list[str]]:
    """Its answer, row by row, as text."""
    answer = str(_judge().query(question, "TSV")).strip()
    return [row.split("\t") for row in answer.splitlines()]
