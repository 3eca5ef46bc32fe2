"""Both sides of contacts compared: what of each is to be written, and what is to be told here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.models.integrations.crm import CrmAccount
from app.services.integrations.crm import rules, write_rules
from app.services.integrations.crm.ours import Found, value_hash
from app.services.integrations.crm.ports import Kind, RemoteObject, RemoteState
from app.services.integrations.crm.write_rules import Agreed, Sides, Verdict

Kept = dict[str, dict[str, Agreed]]
"""By contact, or deal, and property."""


@dataclass(slots=True)
class Comparison:
    """What is compared: an account's written fields, and the whole of its mapping, of contacts or of deals."""

    account: CrmAccount
    kind: Kind
    tenant_id: int
    fields: Sequence[rules.Field]
    mapping: Sequence[rules.Field]


@dataclass(slots=True)
class Compared:
    """What comparing came to. `agreed` is what each one's fields are known to have agreed on, or have under way.

    `whose` says of a deal by which contact our side of it is known.
    """

    agreed: Kept = field(default_factory=dict)
    writes: dict[str, dict[str, str | None]] = field(default_factory=dict)
    hashes: dict[str, dict[str, str]] = field(default_factory=dict)
    news: dict[str, tuple[RemoteObject, dict[str, str | None], dict[str, Agreed], bytes]] = field(
        default_factory=dict
    )

    whose: dict[str, str | None] = field(default_factory=dict)

    def forget_but(self, known: set[str]) -> None:
        """Who was erased meanwhile is neither written nor told."""
        self.writes = {name: values for name, values in self.writes.items() if name in known}
        self.news = {name: news for name, news in self.news.items() if name in known}


def compared_of(
    work: Comparison, states: Sequence[RemoteState], here: Mapping[str, Found], kept: Kept
) -> Compared:
    compared = Compared()
    place = {"provider": work.account.provider, "portal": work.account.external_id}
    for state in states:
        name, ours = state.row.id, here[state.row.id].ours
        if ours is None:
            continue
        compared.whose[name] = here[name].contact
        news: dict[str, str | None] = {}
        told: dict[str, Agreed] = {}
        for each in work.fields:
            if each.property in state.lacks:
                continue
            value = ours.values[each.property]
            if value is None and here[name].keeps:
                continue
            theirs = rules.clean(state.row.properties.get(each.property))
            sides = Sides(
                value_hash(value, work.tenant_id),
                value_hash(theirs, work.tenant_id),
                ours.since.get(each.property),
                state.since.get(each.property, state.row.modified_at),
            )
            verdict, agreed = write_rules.resolve(each, kept[name][each.property], sides)
            if verdict is Verdict.WRITE:
                agreed = write_rules.writing(agreed, sides.ours)
                compared.writes.setdefault(name, {})[each.property] = value
                compared.hashes.setdefault(name, {})[each.property] = sides.ours
            elif verdict is Verdict.TELL:
                news[each.name or each.property] = theirs
                at = write_rules.told_at(sides) or state.row.modified_at
                told[each.property] = write_rules.telling(agreed, sides.theirs, at)
            compared.agreed.setdefault(name, {})[each.property] = agreed
        named = rules.told(state.row, work.mapping)
        if news and named is not None:
            at = max(each.told_at or state.row.modified_at for each in told.values())
            compared.news[name] = (state.row, news, told, rules.news_event(named, news, at, **place))
    return compared
