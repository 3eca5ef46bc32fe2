"""Message templates of the account: written, reviewed (by whoever drives the sandbox), filled in."""

import re
from collections.abc import Mapping
from typing import Any

from sandbox.store import Store
from sandbox.vendors.whatsapp.errors import WhatsAppError, invalid

_DOCUMENT = "whatsapp_templates"
STATUSES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED")
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
_NAME = re.compile(r"[a-z0-9_]{1,512}")
_HOLE = re.compile(r"{{(\d+)}}")
_UNFIT = re.compile(r"[\n\r\t]| {5,}")
_LONGEST_BODY, _LONGEST_FOOTER, _LONGEST_BUTTON, _LONGEST_URL = 1_024, 60, 25, 2_000
_MOST_URLS = 2
_FIRST_ID = 590_000_000_000_001


class Templates:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def listed(self) -> list[dict[str, Any]]:
        return list(self._all)

    def empty(self) -> None:
        self._all = []
        self._store.keep(_DOCUMENT, self._all)

    def create(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        name, language, category = (str(wanted.get(each) or "") for each in ("name", "language", "category"))
        if not _NAME.fullmatch(name):
            raise invalid("name: lower-case letters, digits and underscores.")
        if category not in CATEGORIES:
            raise invalid(f"category: one of {', '.join(CATEGORIES)}.")
        if not language:
            raise invalid("language is required.")
        if self._found(name, language) is not None:
            raise invalid("There is already content in this language for this template.", subcode=2388024)
        components = wanted.get("components")
        _demand_components(components)
        made = {
            "id": str(_FIRST_ID + len(self._all)),
            "name": name,
            "language": language,
            "category": category,
            "status": "PENDING",
            "rejected_reason": "NONE",
            "components": components,
        }
        self._all = [*self._all, made]
        self._store.keep(_DOCUMENT, self._all)
        return made

    def set(self, name: str, **changes: str) -> dict[str, Any] | None:
        """As a reviewer decides; None where there is none."""
        found = next((each for each in self._all if each["name"] == name), None)
        if found is not None:
            found.update(changes)
            self._store.keep(_DOCUMENT, self._all)
        return found

    def remove(self, name: str) -> bool:
        before = len(self._all)
        self._all = [each for each in self._all if each["name"] != name]
        self._store.keep(_DOCUMENT, self._all)
        return len(self._all) < before

    def filled(self, wanted: Any) -> dict[str, Any]:
        """What the person reads: body and buttons, or the refusal."""
        if not isinstance(wanted, Mapping):
            raise WhatsAppError(131008, "template is required")
        name, language = str(wanted.get("name") or ""), wanted.get("language")
        code = str(language.get("code") or "") if isinstance(language, Mapping) else ""
        template = self._found(name, code)
        if template is None or template["status"] in {"PENDING", "REJECTED"}:
            raise WhatsAppError(132001, f"template name ({name}) does not exist in {code}")
        if template["status"] == "PAUSED":
            raise WhatsAppError(132015, "Template is paused due to low quality.")
        if template["status"] == "DISABLED":
            raise WhatsAppError(132016, "Template has been disabled.")
        return _filled(template, wanted.get("components") or [])

    def _found(self, name: str, language: str) -> dict[str, Any] | None:
        return next((e for e in self._all if (e["name"], e["language"]) == (name, language)), None)


def _demand_components(components: Any) -> None:
    if not isinstance(components, list) or not all(isinstance(each, dict) for each in components):
        raise invalid("components is a list of objects.")
    by_type = {str(each.get("type", "")).upper(): each for each in components}
    if unknown := by_type.keys() - {"BODY", "FOOTER", "BUTTONS"}:
        raise invalid(f"unsupported component: {', '.join(sorted(unknown))}")
    body = by_type.get("BODY")
    if body is None or not 0 < len(text := str(body.get("text") or "")) <= _LONGEST_BODY:
        raise invalid(f"BODY has a text of {_LONGEST_BODY} characters at most.")
    holes = [int(each) for each in _HOLE.findall(text)]
    if holes != list(range(1, len(holes) + 1)):
        raise invalid("Variables are numbered from 1.")
    if re.match(r"\s*{{\d+}}", text) or re.search(r"{{\d+}}\s*$", text):
        raise invalid("Variables can't be at the start or end of the template.", subcode=2388299)
    example = (body.get("example") or {}).get("body_text") or [[]]
    if len(example[0]) != len(holes):
        raise invalid("Every variable needs an example.", subcode=2388043)
    footer = by_type.get("FOOTER")
    if footer is not None and len(str(footer.get("text") or "")) > _LONGEST_FOOTER:
        raise invalid(f"FOOTER has {_LONGEST_FOOTER} characters at most.")
    _demand_buttons((by_type.get("BUTTONS") or {}).get("buttons") or [])


def _demand_buttons(buttons: Any) -> None:
    if len(buttons) > _MOST_URLS or any(each.get("type") != "URL" for each in buttons):
        raise invalid(f"{_MOST_URLS} buttons of type URL at most; others are not emulated.")
    for each in buttons:
        text, url = str(each.get("text") or ""), str(each.get("url") or "")
        if not 0 < len(text) <= _LONGEST_BUTTON or not 0 < len(url) <= _LONGEST_URL:
            raise invalid("A button has a text of 25 characters at most, and a url of 2,000.")
        if _HOLE.search(url) and (not url.endswith("{{1}}") or not each.get("example")):
            raise invalid("A button's variable stands at the end of its url, and needs an example.")


def _filled(template: Mapping[str, Any], given: Any) -> dict[str, Any]:
    if not isinstance(given, list) or not all(isinstance(each, Mapping) for each in given):
        raise WhatsAppError(131009, "components is a list of objects")
    body = next(each for each in template["components"] if each["type"].upper() == "BODY")["text"]
    values = _texts(next((e for e in given if str(e.get("type")).lower() == "body"), {}))
    holes = len(_HOLE.findall(body))
    if len(values) != holes:
        raise WhatsAppError(
            132000,
            f"body: number of localizable_params ({len(values)}) does not match the expected ({holes})",
        )
    text = _HOLE.sub(lambda hole: values[int(hole[1]) - 1], body)
    if len(text) > _LONGEST_BODY:
        raise WhatsAppError(132005, f"body: {len(text)} characters, {_LONGEST_BODY} at most")
    footer = next((e["text"] for e in template["components"] if e["type"].upper() == "FOOTER"), None)
    return {"text": text, "footer": footer, "buttons": _pressed(template, given)}


def _pressed(template: Mapping[str, Any], given: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    whole: dict[str, Any] = next(
        (e for e in template["components"] if e["type"].upper() == "BUTTONS"), {"buttons": []}
    )
    said = {
        str(each.get("index")): _texts(each)
        for each in given
        if str(each.get("type")).lower() == "button" and str(each.get("sub_type")).lower() == "url"
    }
    buttons = []
    for place, each in enumerate(whole["buttons"]):
        holes, values = len(_HOLE.findall(each["url"])), said.get(str(place), [])
        if len(values) != holes:
            raise WhatsAppError(
                132000,
                f"button {place}: number of params ({len(values)}) does not match the expected ({holes})",
            )
        url = each["url"].replace("{{1}}", values[0]) if values else each["url"]
        buttons.append({"text": each["text"], "url": url})
    return buttons


def _texts(component: Mapping[str, Any]) -> list[str]:
    found = []
    for each in component.get("parameters") or []:
        if not isinstance(each, Mapping) or each.get("type") != "text":
            raise WhatsAppError(132012, "parameters of type text alone")
        text = str(each.get("text") or "")
        if not text or _UNFIT.search(text):
            raise WhatsAppError(
                132018, "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
            )
        found.append(text)
    return found
