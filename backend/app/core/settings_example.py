"""`.env.example`, written from the settings themselves, so that it cannot say what is not so."""

import inspect
import re
from typing import Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.config import DEVELOPMENT_SECRET, Settings

_HEAD = """\
# Every setting of Stratum, with its default. Written by `stratum settings`: change app/core/config.py, then run it.
# Copy to .env and take the # from what you set. `make run` needs none of it.
"""
_SECTION = re.compile(r"    # (?P<title>[A-Z][\w ]+)$")
_FIELD = re.compile(r"    (?P<name>[a-z]\w*): ")


def example() -> str:
    """The file's text: sections as in the source, one commented line per setting."""
    lines = [_HEAD]
    for line in inspect.getsource(Settings).splitlines():
        if section := _SECTION.match(line):
            lines.append(f"\n# {section['title']}\n")
        elif (found := _FIELD.match(line)) and found["name"] in Settings.model_fields:
            lines.append(_entry(found["name"], Settings.model_fields[found["name"]]))
    return "".join(lines)


def _entry(name: str, field: FieldInfo) -> str:
    notes = [field.description] if field.description else []
    if get_origin(field.annotation) is Literal:
        notes.append(f"One of {', '.join(map(str, get_args(field.annotation)))}.")
    if DEVELOPMENT_SECRET in _text(field.default):
        notes.append("32 random characters or more; production refuses to start without.")
        return "".join(f"# {note}\n" for note in notes) + f"# {name.upper()}=\n"
    return "".join(f"# {note}\n" for note in notes) + f"# {name.upper()}={_text(field.default)}\n"


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case bool():
            return str(value).lower()
        case tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)
