"""Trees of conditions: how deep and how large one may be, before anything is read of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

MAX_DEPTH = 6
MAX_CONDITIONS = 40


def bounded(mend: str) -> Callable[[Any], Any]:
    """A validator; `mend` says what to do with a tree of too many conditions."""

    def check(value: Any) -> Any:
        waiting = [("", 1, value)]
        conditions = 0
        while waiting:
            path, depth, node = waiting.pop()
            if depth > MAX_DEPTH:
                raise PydanticCustomError(
                    "too_deep",
                    "The rule is nested deeper than {most} levels at `{path}`: flatten it.",
                    {"most": MAX_DEPTH, "path": path.lstrip(".")},
                )
            inside = [(path + step, depth + 1, child) for step, child in _children(node)]
            conditions += not inside
            if conditions > MAX_CONDITIONS or len(waiting) > MAX_CONDITIONS * MAX_DEPTH:
                raise PydanticCustomError(
                    "too_many_conditions",
                    "The rule has more than {most} conditions: {mend}.",
                    {"most": MAX_CONDITIONS, "mend": mend},
                )
            waiting += inside
        return value

    return check


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    inside = value.get("of") if isinstance(value, Mapping) else getattr(value, "of", None)
    if isinstance(inside, list | tuple):
        yield from ((f".of.{number}", each) for number, each in enumerate(inside))
    elif inside is not None:
        yield ".of", inside
