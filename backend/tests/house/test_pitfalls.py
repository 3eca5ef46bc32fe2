"""docs/pitfalls.md names the test that holds each row: every one of them is there."""

import ast
import re

from tests.house.source import BACKEND

_PAGE = BACKEND.parent / "docs" / "pitfalls.md"
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
_ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)


def _tests_in(path: str) -> set[str]:
    file = BACKEND / path
    if not file.exists():
        return set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_the_page_names_exists() -> None:
    named = _NAMED.findall(_PAGE.read_text(encoding="utf-8"))
    assert named
    assert [f"{path}::{test}" for path, test in named if test not in _tests_in(path)] == []


def test_every_row_names_a_test() -> None:
    rows = _ROW.findall(_PAGE.read_text(encoding="utf-8"))
    assert [int(number) for number, _ in rows] == list(range(1, 28))
    silent = [number for number, row in rows if not _NAMED.search(row)]
    assert silent == []
