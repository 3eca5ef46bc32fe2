"""What is held here of the contacts, or the deals, that are written: our side of each, and what was agreed."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.db.session import TenantScope
from app.services.integrations.crm.comparing import Comparison
from app.services.integrations.crm.deal_repository import DealRepository
from app.services.integrations.crm.deal_side import DealSide
from app.services.integrations.crm.keys import keys_told
from app.services.integrations.crm.ours import Found, OurSide
from app.services.integrations.crm.ports import RemoteState
from app.services.integrations.crm.write_rules import Agreed
from app.services.integrations.crm.writing_repository import WritingRepository


async def known_sides(
    scope: TenantScope, work: Comparison, names: Sequence[str]
) -> tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Found]]:
    """What was agreed of each of these that is known here, and our side of it."""
    account_id = work.account.id
    if work.kind == "deals":
        deals = await DealRepository(scope).rows(account_id, names)
        here = await DealSide(scope, work.account, work.fields).of(deals)
        return {name: row.fields for name, row in deals.items()}, here
    contacts = await WritingRepository(scope).contacts(account_id, names)
    keys = {name: row.keys for name, row in contacts.items()}
    here = await OurSide(scope, work.fields).of(keys)
    return {name: row.fields for name, row in contacts.items()}, here


async def met_sides(
    scope: TenantScope, work: Comparison, states: Sequence[RemoteState]
) -> Mapping[str, Found]:
    """Our side of what the CRM has shown: of a contact by what it names now, of a deal by whose it was read to be."""
    if work.kind == "deals":
        return (await known_sides(scope, work, [each.row.id for each in states]))[1]
    keys = {each.row.id: keys_told(each.row, work.mapping, work.tenant_id) for each in states}
    return await OurSide(scope, work.fields).of(keys)


async def keep_agreed(
    scope: TenantScope,
    work: Comparison,
    agreed: Mapping[str, Mapping[str, Agreed]],
    whose: Mapping[str, str | None],
) -> set[str]:
    """Keep what each one's fields have agreed on; which of these are known still."""
    if work.kind == "deals":
        return await DealRepository(scope).keep(work.account.id, _json(agreed), whose)
    return await WritingRepository(scope).keep(work.account.id, _json(agreed))


def _json(kept: Mapping[str, Mapping[str, Agreed]]) -> dict[str, str]:
    return {
        name: msgspec.json.encode({each: agreed.to_keep() for each, agreed in fields.items()}).decode()
        for name, fields in kept.items()
    }
