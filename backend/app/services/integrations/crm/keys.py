"""By which hashed identifiers the customer data platform knows a contact."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.services.cdp.events.service import keys_of
from app.services.integrations.crm import rules
from app.services.integrations.crm.ports import RemoteObject

_KINDS: Mapping[str, str] = {"email": "email", "phone": "phone", "userId": "user_id"}


def keys_named(identifiers: Mapping[str, str], tenant_id: int) -> list[UUID]:
    return [
        key
        for member, value in identifiers.items()
        for kind, key in keys_of(value, tenant_id).items()
        if str(kind) == _KINDS[member]
    ]


def keys_told(contact: RemoteObject, mapping: Sequence[rules.Field], tenant_id: int) -> list[UUID]:
    """Of a contact as it is at the CRM; none of one that names nobody."""
    found = rules.told(contact, mapping)
    return [] if found is None else keys_named(found.identifiers, tenant_id)
