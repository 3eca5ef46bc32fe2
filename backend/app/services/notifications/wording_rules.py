"""What a notification says, in every channel. Pure.

Facts hold names and sentences of others' choosing: each is one line, with nothing unseen and nothing that a mail
program turns into a link.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.models.notifications.kinds import NotificationKind, NotificationSeverity, NotificationSubject

K = NotificationKind

_LONGEST_TITLE = 140
_LONGEST_LINE = 400
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LINKED = re.compile(r":?//|@|[<>]|(?<=[^\s.])[.](?=[^\W\d_])")
"""A scheme, an address, a tag, a dot with a letter behind it: `1.2` and the end of a sentence stay as they are."""

_ADDRESS = re.compile(r"[A-Za-z0-9_.+-]{1,64}@[A-Za-z0-9.-]{1,190}")

_TITLES = {
    K.INCIDENT_OPENED: "Incident: {sentence}",
    K.INCIDENT_CLOSED: "Closed: {sentence}",
    K.APPROVAL_WANTED: "Approval wanted: {change} of “{entity}”",
    K.CONNECTION_NEEDS_SIGN_IN: "{platform} needs a new sign-in",
    K.KILL_SWITCH_CHANGED: "Kill switch {turned}",
    K.STOP_CHANGED: "{whose}: campaigns {turned}",
    K.ACTION_BLOCKED: "Blocked: {change} of “{entity}”",
    K.DRAFT_WAITS: "Draft “{draft}” waits for an approval",
    K.DRAFT_DECIDED: "Draft “{draft}” was {decision}",
    K.DRAFT_PUBLISHED: "“{draft}” stands at {platform}, paused",
    K.DRAFT_FAILED: "“{draft}” could not be published at {platform}",
    K.DEAD_LETTER: "A task was given up: {task}",
    K.RULE_HELD: "Rule “{rule}” holds for {campaigns}",
}
_BODIES = {
    K.INCIDENT_OPENED: ("{sentence}", "What to do: {mend}"),
    K.INCIDENT_CLOSED: ("{sentence}",),
    K.APPROVAL_WANTED: ("{change} of “{entity}”", "Why: {reason}", "It waits because: {note}"),
    K.CONNECTION_NEEDS_SIGN_IN: (
        "The platform no longer takes our token ({code}).",
        "Until somebody signs in again, nothing is read from it or written to it.",
    ),
    K.KILL_SWITCH_CHANGED: ("{by} turned it {turned}: {reason}", "{effect}"),
    K.STOP_CHANGED: ("{by} asked for it: {reason}", "Campaigns: {campaigns}", "Out of reach: {unreached}"),
    K.ACTION_BLOCKED: ("{change} of “{entity}”", "Wanted because: {reason}", "The gate said: {note}"),
    K.DRAFT_WAITS: (
        "{by} submitted it for {platform}.",
        "Nothing is created there before somebody approves it.",
    ),
    K.DRAFT_DECIDED: ("{by} decided.", "Why: {reason}"),
    K.DRAFT_PUBLISHED: ("It spends nothing until somebody switches it on.",),
    K.DRAFT_FAILED: ("{error}", "Its log says what stands at the platform nevertheless."),
    K.DEAD_LETTER: ("{error}", "It can be run again once its cause is mended."),
    K.RULE_HELD: ("{message}", "For {campaigns}", "{reason}"),
}
_ROOMS = {
    NotificationSubject.INCIDENT: "/trust/incidents/{id}",
    NotificationSubject.ACTION: "/autopilot/actions/{id}",
    NotificationSubject.CONNECTION: "/connect",
    NotificationSubject.KILL_SWITCH: "/autopilot",
    NotificationSubject.STOP: "/autopilot/stops/{id}",
    NotificationSubject.DRAFT: "/campaigns/drafts/{id}",
    NotificationSubject.DEAD_LETTER: "/operations/dead-letters",
    NotificationSubject.RULE: "/autopilot/rules/{id}",
}
_NAMES = {
    K.INCIDENT_OPENED: "An incident was opened",
    K.INCIDENT_CLOSED: "An incident was closed",
    K.APPROVAL_WANTED: "An approval is wanted",
    K.CONNECTION_NEEDS_SIGN_IN: "A connection needs a sign-in",
    K.KILL_SWITCH_CHANGED: "The kill switch was turned",
    K.STOP_CHANGED: "Everything was paused, or given back",
    K.ACTION_BLOCKED: "The gate blocked an action",
    K.DRAFT_WAITS: "A draft waits for an approval",
    K.DRAFT_DECIDED: "A draft was decided on",
    K.DRAFT_PUBLISHED: "A draft was published",
    K.DRAFT_FAILED: "A publication failed",
    K.DEAD_LETTER: "A task was given up",
    K.RULE_HELD: "A rule holds",
}
_HOLE = re.compile(r"{(\w+)}")


@dataclass(frozen=True, slots=True)
class Worded:
    title: str
    lines: tuple[str, ...]
    room: str

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def worded(
    kind: NotificationKind,
    facts: Mapping[str, str],
    *,
    subject: NotificationSubject,
    subject_id: UUID | None,
    times: int = 1,
) -> Worded:
    """A sentence whose fact is not known is left out; where the title's is not, the kind's own name stands for it."""
    said = {name: value if _is_member(name, value) else plain(value) for name, value in facts.items()}
    title = _filled(_TITLES[kind], said) or _NAMES[kind]
    lines = [line for each in _BODIES[kind] if (line := _filled(each, said))]
    if times > 1:
        lines.append(f"It happened {times} times.")
    return Worded(
        shortened(title, _LONGEST_TITLE),
        tuple(shortened(line, _LONGEST_LINE) for line in lines),
        _ROOMS[subject].format(id=subject_id),
    )


def _is_member(name: str, value: str) -> bool:
    """Who did something is a member, by their proven address: it is shown as they know it."""
    return name == "by" and _ADDRESS.fullmatch(value) is not None


def subject_line(company: str, severity: str, title: str) -> str:
    """Of a mail about one thing."""
    urgent = "Critical: " if severity == NotificationSeverity.CRITICAL else ""
    return f"[{shortened(plain(company), 40)}] {urgent}{title}"


def kind_name(kind: NotificationKind) -> str:
    return _NAMES[kind]


def plain(text: str) -> str:
    """One line, nothing unseen, nothing that becomes a link.

    >>> plain("Win at https://evil.example now, ROAS 1.2")
    'Win at https evil example now, ROAS 1.2'
    """
    seen = "".join(
        " " if each.isspace() else each
        for each in unicodedata.normalize("NFKC", text)
        if each.isspace() or unicodedata.category(each) not in _UNSEEN
    )
    return " ".join(_LINKED.sub(" ", seen).split())


def shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def _filled(sentence: str, facts: Mapping[str, str]) -> str | None:
    if any(not facts.get(hole) for hole in _HOLE.findall(sentence)):
        return None
    return _HOLE.sub(lambda hole: facts[hole[1]], sentence)
