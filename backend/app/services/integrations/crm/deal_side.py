"""Our side of a deal: how the person whose it is came before it ended, and what they are worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.db.session import TenantScope
from app.models.cdp.profiles import CdpProfile
from app.models.integrations.crm import CrmAccount, CrmDeal
from app.services.integrations.crm.deal_repository import DealRepository
from app.services.integrations.crm.ours import Found, Ours
from app.services.integrations.crm.rules import Field, written
from app.services.integrations.crm.touch_repository import Asked, TouchRepository, Which
from app.services.integrations.crm.touch_rules import Touch
from app.services.integrations.crm.writing_repository import WritingRepository

_TOUCHES = frozenset({"first_touch", "last_touch"})


@dataclass(frozen=True, slots=True)
class _Whose:
    """The first of a deal's contacts that names somebody; without a person where it names more than one."""

    contact: str
    profile_id: UUID | None


class DealSide:
    def __init__(self, scope: TenantScope, account: CrmAccount, fields: Sequence[Field]) -> None:
        self._account = account
        self._fields = fields
        self._deals = DealRepository(scope)
        self._rows = WritingRepository(scope)
        self._touches = TouchRepository(scope)

    async def of(self, deals: Mapping[str, CrmDeal]) -> dict[str, Found]:
        """By deal."""
        whose = await self._whose(deals)
        people = {name: each.profile_id for name, each in whose.items() if each and each.profile_id}
        profiles = await self._rows.profiles(set(people.values()))
        touches: Mapping[str, Mapping[Which, Touch]] = {}
        if people and any(each.to in _TOUCHES for each in self._fields):
            asked = [Asked(name, person, deals[name].ended_at) for name, person in people.items()]
            touches = await self._touches.ends(asked)
        found: dict[str, Found] = {}
        for name, each in whose.items():
            if each is None:
                found[name] = Found(None)
            elif each.profile_id is None:
                found[name] = Found(None, is_ambiguous=True)
            elif (profile := profiles.get(each.profile_id)) is None:  # ended since, by a merge or an erasure
                found[name] = Found(None)
            else:
                values = {
                    one.property: self._value(one, deals[name], profile, touches.get(name, {}))
                    for one in self._fields
                }
                # Events are not kept for ever: a deal that has ended does not lose what was known when it did.
                keeps = deals[name].ended_at is not None and deals[name].written_of == each.contact
                found[name] = Found(Ours(values, {}), contact=each.contact, keeps=keeps)
        return found

    async def _whose(self, deals: Mapping[str, CrmDeal]) -> dict[str, _Whose | None]:
        contacts = {each for deal in deals.values() for each in deal.contacts}
        keys = await self._deals.keys_of(self._account.id, contacts)
        owners = await self._rows.owners({key for each in keys.values() for key in each})
        named = {name: {owners[key] for key in each if key in owners} for name, each in keys.items()}
        found: dict[str, _Whose | None] = {}
        for name, deal in deals.items():
            contact = next((each for each in deal.contacts if named.get(each)), None)
            if contact is None:
                found[name] = None
            else:
                people = named[contact]
                found[name] = _Whose(contact, next(iter(people)) if len(people) == 1 else None)
        return found

    def _value(
        self, field: Field, deal: CrmDeal, profile: CdpProfile, touches: Mapping[Which, Touch]
    ) -> str | None:
        if field.to == "lifetime_value":
            return _worth(profile, deal.currency or self._account.currency)
        touch = touches.get("first_touch" if field.to == "first_touch" else "last_touch")
        return None if touch is None else next((v for n, v in touch.values.items() if n == field.name), None)


def _worth(profile: CdpProfile, currency: str | None) -> str | None:
    """All that they bought, less what was refunded, in this currency; None for who bought nothing in it."""
    if currency is None or currency not in profile.revenue:
        return None
    return written(profile.revenue[currency] - profile.refunded.get(currency, 0))
