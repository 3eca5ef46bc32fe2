"""What Slack takes as blocks: its own limits, for the kinds that are emulated; the others are refused."""

import json
from typing import Any

from sandbox.vendors.slack.errors import SlackError, invalid_blocks

_MOST_BLOCKS, _MOST_ELEMENTS, _MOST_CONTEXT = 50, 25, 10
_TEXTS = {"header": 150, "section": 3_000}
_BUTTON, _ADDRESS, _ACTION_ID = 75, 3_000, 255


def checked(value: Any) -> list[dict[str, Any]]:
    """The blocks, given as JSON or as text that holds JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise SlackError("invalid_blocks_format") from error
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise SlackError("invalid_blocks_format")
    if len(value) > _MOST_BLOCKS:
        raise invalid_blocks(f"no more than {_MOST_BLOCKS} items allowed [json-pointer:/blocks]")
    faults = [fault for place, block in enumerate(value) for fault in _faults(block, f"/blocks/{place}")]
    if faults:
        raise invalid_blocks(*faults)
    return value


def _faults(block: dict[str, Any], where: str) -> list[str]:
    kind = block.get("type")
    if kind == "divider":
        return []
    if kind in _TEXTS:
        if kind == "section" and block.get("fields"):
            return [f"unsupported field: fields [json-pointer:{where}/fields]"]
        return _text(block.get("text"), _TEXTS[kind], f"{where}/text", plain=kind == "header")
    elements = block.get("elements")
    if kind not in {"context", "actions"}:
        return [f"unsupported type: {kind} [json-pointer:{where}/type]"]
    most = _MOST_ELEMENTS if kind == "actions" else _MOST_CONTEXT
    if not isinstance(elements, list) or not 0 < len(elements) <= most:
        return [f"must have 1 to {most} items [json-pointer:{where}/elements]"]
    check = _button if kind == "actions" else _context
    found = [fault for n, each in enumerate(elements) for fault in check(each, f"{where}/elements/{n}")]
    ids = [each.get("action_id") for each in elements if isinstance(each, dict) and each.get("action_id")]
    if len(ids) != len(set(ids)):
        found.append(f"`action_id` already exists for another element [json-pointer:{where}/elements]")
    return found


def _context(element: Any, where: str) -> list[str]:
    return _text(element, _TEXTS["section"], where)


def _button(element: Any, where: str) -> list[str]:
    if not isinstance(element, dict) or element.get("type") != "button":
        return [f"unsupported type [json-pointer:{where}/type]"]
    found = _text(element.get("text"), _BUTTON, f"{where}/text", plain=True)
    if len(str(element.get("url", ""))) > _ADDRESS:
        found.append(f"must be less than {_ADDRESS + 1} characters [json-pointer:{where}/url]")
    if len(str(element.get("action_id", ""))) > _ACTION_ID:
        found.append(f"must be less than {_ACTION_ID + 1} characters [json-pointer:{where}/action_id]")
    return found


def _text(value: Any, longest: int, where: str, *, plain: bool = False) -> list[str]:
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if not isinstance(value, dict) or value.get("type") not in kinds:
        return [f"must be one of {', '.join(sorted(kinds))} [json-pointer:{where}/type]"]
    said = value.get("text")
    if not isinstance(said, str) or not said:
        return [f"must be more than 0 characters [json-pointer:{where}/text]"]
    if len(said) > longest:
        return [f"must be less than {longest + 1} characters [json-pointer:{where}/text]"]
    return []
