"""The write key's form: `wk_<tenant>_<source>_<secret>`. The tenant stands in it, so no look-up crosses tenants."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

PREFIX = "wk"
_SHOWN = 4


class SourceKind(StrEnum):
    """Where the code that sends runs; a browser's request carries its visitor's own address."""

    BROWSER = "browser"
    SERVER = "server"
    MOBILE = "mobile"


@dataclass(frozen=True, slots=True)
class WriteKey:
    tenant_id: int
    source_id: UUID
    secret: str

    def __str__(self) -> str:
        return f"{PREFIX}_{self.tenant_id}_{self.source_id.hex}_{self.secret}"

    @property
    def shown(self) -> str:
        """Enough for a person to tell one key from another."""
        return f"{PREFIX}_{self.tenant_id}_{self.source_id.hex}_{self.secret[:_SHOWN]}…"


def parse_write_key(text: str) -> WriteKey | None:
    try:
        prefix, tenant, source, secret = text.split("_", 3)
        if prefix != PREFIX or not secret or not tenant.isdecimal() or len(tenant) > 9:  # noqa: PLR2004 an int4
            return None
        return WriteKey(int(tenant), UUID(hex=source), secret)
    except ValueError:
        return None
