"""The code base as data: every module of the application, parsed."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BACKEND = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Module:
    name: str
    path: Path
    tree: ast.Module

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.name.split("."))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Each imported module with its line; `from a.b import c` names both `a.b` and `a.b.c`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node.lineno
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module, node.lineno
                for alias in node.names:
                    yield f"{node.module}.{alias.name}", node.lineno


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted((BACKEND / "app").rglob("*.py")):
        dotted = ".".join(path.relative_to(BACKEND).with_suffix("").parts).removesuffix(".__init__")
        found.append(Module(dotted, path, ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


def below(prefix: str) -> Iterator[Module]:
    return (module for module in modules() if module.name.startswith(prefix))


@cache
def addresses() -> frozenset[tuple[str, ...]]:
    """The features: every package under `services` that has a `service` module."""
    return frozenset(module.parts[2:-1] for module in below("app.services.") if module.parts[-1] == "service")
