"""A message as Slack's blocks. Pure.

Limits are Slack's: a header of 150 characters, a section of 3,000, a button's text of 75 and its address of 3,000.
"""

from typing import Any

from app.services.notifications.slack.ports import SlackMessage

_HEADER, _SECTION, _BUTTON, _ADDRESS = 150, 3_000, 75, 3_000


def blocks(message: SlackMessage) -> list[dict[str, Any]]:
    """`plain_text` alone, so that a campaign called `<!channel>` calls nobody."""
    found: list[dict[str, Any]] = [{"type": "header", "text": _plain(message.title, _HEADER)}]
    if said := "\n".join(message.lines):
        found.append({"type": "section", "text": _plain(said, _SECTION)})
    if message.context:
        found.append({"type": "context", "elements": [_plain(message.context, _SECTION)]})
    buttons = [
        {"type": "button", "text": _plain(each.text, _BUTTON), "url": each.url, "action_id": f"open_{place}"}
        for place, each in enumerate(message.buttons)
        if len(each.url) <= _ADDRESS
    ]
    if buttons:
        found.append({"type": "actions", "elements": buttons})
    return found


def fallback(message: SlackMessage) -> str:
    """What a phone's banner shows: the three characters that Slack reads as markup are escaped."""
    return message.title.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str, longest: int) -> dict[str, Any]:
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return {"type": "plain_text", "text": cut or " ", "emoji": False}
