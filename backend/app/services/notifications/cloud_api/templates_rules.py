"""Our templates at Meta, what fills them, and the same as text for whoever wrote within a day. Pure.

Meta's rules for them: no hole at either end, no line break, tab or row of spaces in what fills one, 1,024 characters
of body, at most two buttons with an address each, whose hole stands at its end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.models.notifications.kinds import NotificationSeverity
from app.models.notifications.kinds import WhatsAppTemplateStatus as S
from app.services.notifications.channels.rules import Item
from app.services.notifications.cloud_api.ports import Filled, TemplateFound
from app.services.notifications.wording_rules import plain, shortened

LANGUAGE = "en"
UTILITY = "UTILITY"
NOTICE, ACT, DIGEST = "stratum_notice_1", "stratum_act_1", "stratum_digest_1"
NAMES = (NOTICE, ACT, DIGEST)
INBOX = "notifications"
_STOPS = "Reply STOP to end these messages."
_COMPANY, _LINES, _LONGEST_TEXT = 40, 600, 4_000
_SAME = re.compile(r"\s+")
_BODIES = {
    NOTICE: "News from {{1}} in Stratum: {{2}}\n\n{{3}}\n\nOpen it for more.",
    ACT: "From {{1}} in Stratum, for you to answer: {{2}}\n\n{{3}}\n\nOpen it to answer.",
    DIGEST: "News from {{1}} in Stratum: {{2}} notifications wait.\n\n{{3}}\n\nOpen your inbox for all of them.",
}
_EXAMPLES = {
    NOTICE: ["Acme", "Incident: The pixel sends nothing", "What to do: Look at the tag"],
    ACT: ["Acme", "Approval wanted: budget of “Summer”", "Why: ROAS 4.1 over 7 days"],
    DIGEST: ["Acme", "3", "Incident: The pixel sends nothing; Closed: The pixel sends again"],
}
_MENDS = {
    S.PENDING: "Meta is reviewing it, which takes up to a day. Until then its messages come by mail.",
    S.REJECTED: "Meta rejected it: appeal in the WhatsApp manager, or delete it there and hand it in again.",
    S.PAUSED: "Meta paused it because people blocked it or reported it; it comes back by itself in some hours.",
    S.DISABLED: "Meta disabled it for good: delete it in the WhatsApp manager and hand it in again.",
    S.MISSING: "The account does not have it: hand it in.",
    S.DIFFERS: "It was changed at Meta, or the dashboard has moved since: delete it there and hand it in again.",
    S.OTHER: "Look at it in the WhatsApp manager.",
}
_NOT_UTILITY = (
    "Meta counts it as {category}: only what is of the utility category is sent. Ask for a review there."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a template stands: what Meta says of it, and what to do."""

    name: str
    status: S
    category: str | None = None
    reason: str | None = None

    @property
    def is_usable(self) -> bool:
        return self.status is S.APPROVED and self.category == UTILITY

    @property
    def mend(self) -> str | None:
        """None for one that is good."""
        if self.status is S.APPROVED:
            return None if self.is_usable else _NOT_UTILITY.format(category=(self.category or "none").lower())
        return _MENDS[self.status]


def wanted(name: str, public_url: str) -> dict[str, Any]:
    """A template as it is handed in."""
    url = public_url.rstrip("/")
    opens = _button("Open in Stratum", f"{url}/{{{{1}}}}", f"{url}/trust/incidents")
    buttons = {
        NOTICE: [opens],
        ACT: [
            _button("Review and decide", f"{url}/act?token={{{{1}}}}", f"{url}/act?token=nal_1_2_3"),
            opens,
        ],
        DIGEST: [{"type": "URL", "text": "Open the inbox", "url": f"{url}/{INBOX}"}],
    }[name]
    return {
        "name": name,
        "language": LANGUAGE,
        "category": UTILITY,
        "components": [
            {"type": "BODY", "text": _BODIES[name], "example": {"body_text": [_EXAMPLES[name]]}},
            {"type": "FOOTER", "text": _STOPS},
            {"type": "BUTTONS", "buttons": buttons},
        ],
    }


def standings(found: Sequence[TemplateFound], public_url: str) -> list[Standing]:
    """How each of ours stands among those of the account."""
    by_name = {each.name: each for each in found if each.language == LANGUAGE}
    return [_standing(name, by_name.get(name), public_url) for name in NAMES]


def status_of(word: str) -> S:
    """Meta's word, whatever its case."""
    try:
        return S(word.lower())
    except ValueError:
        return S.OTHER


def fitting(items: Sequence[Item], standing: Mapping[str, Standing]) -> tuple[str, ...]:
    """The templates that can carry these, the best first; one that may decide can be told of without its button."""
    if len(items) > 1:
        names: tuple[str, ...] = (DIGEST,)
    else:
        names = (ACT, NOTICE) if items[0].token else (NOTICE,)
    usable = tuple(each for each in names if each in standing and standing[each].is_usable)
    return usable or names[-1:]


def filled(name: str, company: str, items: Sequence[Item], public_url: str) -> Filled:
    """What fills a template for one thing, or for several."""
    by = _fit(company, _COMPANY)
    if name == DIGEST:
        titles = "; ".join(_title(each) for each in items)
        return Filled(name, LANGUAGE, (by, str(len(items)), _fit(titles, _LINES)))
    [item] = items
    lines = " · ".join(item.worded.lines) or _title(item)
    room = item.page.removeprefix(public_url.rstrip("/")).lstrip("/")
    buttons = (item.token or "", room) if name == ACT else (room,)
    return Filled(name, LANGUAGE, (by, _fit(_title(item), _LINES), _fit(lines, _LINES)), buttons)


def as_text(company: str, items: Sequence[Item]) -> str:
    """The same for whoever wrote within a day: with every link, as in a mail."""
    parts = []
    for number, each in enumerate(items, start=1):
        acts = [f"{label} {address}" for label, address in each.acts]
        head = f"{number}. {_title(each)}" if len(items) > 1 else _title(each)
        parts.append("\n".join([head, *each.worded.lines, *acts, f"Open it: {each.page}"]))
    text = f"{shortened(plain(company), _COMPANY)}\n\n"
    for place, part in enumerate(parts):
        if len(text) + len(part) > _LONGEST_TEXT:
            return f"{text}… and {len(parts) - place} more in your inbox."
        text += f"{part}\n\n"
    return text.strip()


def _standing(name: str, found: TemplateFound | None, public_url: str) -> Standing:
    if found is None:
        return Standing(name, S.MISSING)
    reason = found.reason if found.reason not in {None, "", "NONE"} else None
    status = status_of(found.status)
    if status is S.APPROVED and _shape(found.components) != _shape(wanted(name, public_url)["components"]):
        status = S.DIFFERS
    return Standing(name, status, found.category, reason)


def _shape(components: Sequence[Mapping[str, Any]]) -> tuple[str, tuple[str, ...]]:
    """What has to be the same for our filling to fit: the body and the buttons' addresses."""
    by_type = {str(each.get("type", "")).upper(): each for each in components}
    body = _SAME.sub(" ", str(by_type.get("BODY", {}).get("text", ""))).strip()
    buttons = by_type.get("BUTTONS", {}).get("buttons") or []
    return body, tuple(str(each.get("url", "")) for each in buttons)


def _button(text: str, url: str, example: str) -> dict[str, Any]:
    return {"type": "URL", "text": text, "url": url, "example": [example]}


def _title(item: Item) -> str:
    urgent = "Critical: " if item.severity == NotificationSeverity.CRITICAL else ""
    return f"{urgent}{item.worded.title}"


def _fit(text: str, longest: int) -> str:
    """One line that is not empty, as a hole takes it."""
    return shortened(_SAME.sub(" ", text).strip(), longest) or "-"
