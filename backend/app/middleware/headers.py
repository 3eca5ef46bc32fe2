"""One header of a request, read off the raw list: building a mapping costs more than all that is asked of it."""

from starlette.types import Scope


def header(scope: Scope, name: bytes) -> str:
    """The first of that name, which is given in lower case; empty when there is none."""
    for key, value in scope["headers"]:
        if key == name:
            found: str = value.decode("latin-1")
            return found
    return ""


def headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
