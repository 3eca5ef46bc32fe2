"""Whoever reads a list twice reads it in the same order: every ORDER BY ends in what no two rows share."""

import ast

from tests.house.source import Module, below

_UNIQUE = ("id", "seq", "version")
_DECIDED_BY_ALL = {
    "*self._key": "a table's whole primary key",
    "CampaignMetricsDay.campaign_id": "a campaign's day is one row",
    "CampaignMetricsDay.day": "of one campaign, whose day is one row",
    "CdpSegmentMember.profile_id": "of one segment, whose members are each a row",
    "CdpIdentifier.key": "a tenant's identifier is one row",
    "AdReviewed.seen_at": "of one ad, whose verdicts are told one at a time",
    "CdpIdentityEdge.place": "of one assertion, whose places are its rows",
    "CdpSourceSchema.event_name": "of one source and type, whose names are one row each",
    "CdpTrait.name": "a tenant's trait is one by its name",
    "batch.number": "of one run, whose requests are numbered",
    "CdpConsentString.kind": "of one identifier, whose kinds are one row each",
    "CdpImportReject.number": "of one import, whose parts are numbered",
    "CdpPrivacyExportPart.number": "of one request, whose parts are numbered",
    "None": "takes an order away",
    "chosen.c.profile_id": "of one funnel's people, each a row",
    "had.c.profile_id": "a profile has one value of a trait",
    "had.c.value": "values are counted, each a row",
    "event.c.event_time": "names an index to the planner; nobody reads in it",
    "edge.assertion": "of its links one alone is refused by itself",
    "matched.c.profile_id": "a profile is one row of a verdict",
    "newest.c.profile_id": "of one funnel's people, each a row",
    "rank.nulls_first()": "a rank is one group of people, and one row",
    "subject.profile_id": "of one export, which names each profile once",
    "table.number": "of one import, whose parts are numbered",
    "CrmContact.external_id": "of one account",
    "CrmDeal.external_id": "of one account",
    "CrmDeparture.external_id": "of one account, where a contact goes once",
    "CrmNotice.external_id": "of one account and kind",
    "CrmWrite.external_id": "of one account and kind",
    "ShopOrder.external_id": "of one shop",
    "WhatsAppTemplate.name": "a tenant's template is one by its name",
    "then": "the unique column that `in_order` is given",
    "timer.profile_id": "of one segment, whose profiles have one timer each",
}
"""Ends that are unique only with what stands before them, or that nobody sees, and why."""


def _orders(module: Module) -> list[tuple[int, ast.expr]]:
    return [
        (node.lineno, node.args[-1])
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "order_by"
        and node.args
    ]


def test_every_order_ends_in_a_unique_column() -> None:
    found = [
        (f"{module.name}:{line}", ast.unparse(last).removesuffix(".desc()").removesuffix(".asc()"))
        for module in below("app.")
        for line, last in _orders(module)
    ]
    assert len(found) > 20
    loose = [
        f"{place} ends in {last}"
        for place, last in found
        if last.rpartition(".")[2] not in _UNIQUE and last not in _DECIDED_BY_ALL
    ]
    assert loose == []
