"""Who changed what: written into a file when it is asked for, as TikTok does."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.store import Store
from sandbox.vendors.tiktok.entities import Entity

_DOCUMENT = "tiktok_changelog"
_COUNTS = ("Budget changes", "Bid changes", "Status changes", "Targeting changes")
_HEAD = ("Time", "log_object_type", "Object ID", "Object", "Operator", "Source", "App ID", "Activity details")
_TYPES = {"campaign": "Campaign", "adgroup": "Ad group", "ad": "Ad"}
_WHERE = {"Budget": "Budget & Schedule", "Status": "On/Off Status", "Name": "Settings"}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person works in Ads Manager; a program through its app."""

    name: str
    app_id: str | None = None

    @property
    def source(self) -> str:
        return "TikTok Ads Manager" if self.app_id is None else "Marketing API"


class ChangeLog:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[dict[str, Any]] = store.document(_DOCUMENT) or []

    def record(
        self, entity: Entity, what: str, at: float, *, actor: Actor, before: str | None, after: str | None
    ) -> None:
        action = "Change " if before is not None else "Create"
        entry: dict[str, Any] = {"action": action, "name": what}
        if before is not None:
            # TikTok writes its texts as Python writes bytes.
            entry["before_after"] = [{"before": f"b'{before}'", "after": f"b'{after}'"}]
        self._rows.append(
            {
                "at": at,
                "advertiser": entity.advertiser,
                "kind": entity.kind,
                "id": entity.id,
                "what": what,
                "operator": actor.name,
                "source": actor.source,
                "app": actor.app_id or "",
                "details": [entry],
            }
        )
        self._store.keep(_DOCUMENT, self._rows)

    def file(
        self, advertiser: str, since: float, until: float, *, timezone: str, kinds: set[str], ids: set[str]
    ) -> str:
        """The file's text: counts, then the entries with times of `timezone`, to the minute."""
        rows = [
            row
            for row in self._rows
            if row["advertiser"] == advertiser
            and since <= row["at"] <= until
            and (not kinds or row["kind"] in kinds)
            and (not ids or row["id"] in ids)
        ]
        out = io.StringIO()
        for count in _COUNTS:
            out.write(f"{count},{sum(row['what'] == count.split()[0] for row in rows)}\r\n")
        out.write("\r\n")
        writer = csv.writer(out)
        writer.writerow(_HEAD)
        for row in rows:
            at = datetime.fromtimestamp(row["at"], ZoneInfo(timezone))
            writer.writerow(
                (
                    f"{at:%Y-%m-%d %H:%M}",
                    _TYPES[row["kind"]],
                    row["id"],
                    _WHERE.get(row["what"], row["what"]),
                    row["operator"],
                    row["source"],
                    row["app"],
                    json.dumps(row["details"]),
                )
            )
        return out.getvalue()


def spelt(text: str) -> str:
    """As the download spells a file: Python's bytes, as text; quotes stand as they are."""
    inside = text.encode().decode("latin-1").encode("unicode_escape").decode()
    return f"b'{inside}'"
