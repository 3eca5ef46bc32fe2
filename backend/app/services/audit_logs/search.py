"""What to look for in the audit trail."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """`action` is whole, or ends in `.*`; `actor` is an id or a part of a label; `q` is looked for anywhere."""

    action: str | None = None
    entity: str | None = None
    entity_id: str | None = None
    actor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    q: str | None = None
