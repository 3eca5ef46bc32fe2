"""What of an account may be written, and what is to be."""

from collections.abc import Sequence

from app.models.integrations.connections import Connection
from app.models.integrations.crm import CrmAccount
from app.services.integrations.crm import rules
from app.services.integrations.crm.ports import Kind
from app.services.integrations.crms import writable

KINDS: Sequence[Kind] = ("contacts", "deals")


def can_write(account: CrmAccount, connection: Connection, kind: Kind = "contacts") -> bool:
    """Whether its connection was made for writing these."""
    vendor = writable(account.provider)
    if vendor is None or connection.read_only:
        return False
    return vendor.writing_scopes[kind] in connection.scopes


def written_kinds(account: CrmAccount, connection: Connection) -> Sequence[Kind]:
    """What is to be written there and may be."""
    if not account.enabled:
        return ()
    wanted = {
        "contacts": bool(rules.written_fields(rules.fields_of(account.mapping))),
        "deals": bool(account.deal_mapping),
    }
    return tuple(kind for kind in KINDS if wanted[kind] and can_write(account, connection, kind))
