"""Drafts as people meet them: planned, changed, submitted, decided by somebody else, and never past an approval."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import text

from app.auth.permissions import Role
from app.core.ids import uuid7
from app.db.session import Scopes, TenantScope
from app.models.campaigns import Campaign
from app.models.campaigns.metrics import CampaignMetricsDay
from app.services.autopilot.enforcement.service import EnforcementService
from app.services.campaigns.drafts.publishing import DraftPublishing
from app.services.integrations.ad_accounts.sync import AccountSyncService
from app.services.integrations.gateway import Gateway
from app.services.trust_engine.gate.service import KillSwitch
from tests.factories import google
from tests.factories.access import Company
from tests.factories.drafts import DAILY, UNIT, plan_json
from tests.factories.integrations import connect
from tests.sandbox_process import Sandbox

URL = "/api/v1/campaigns/drafts"


@pytest.fixture
async def account(scopes: Scopes, sandbox: Sandbox, platforms: Gateway) -> UUID:
    return (await connect(scopes, sandbox)).dollars


async def make(company: Company, account: UUID, role: Role = Role.ANALYST, **changes: Any) -> dict[str, Any]:
    body = {"ad_account_id": str(account), "plan": plan_json(**changes)}
    answer = await company.client(role).post(URL, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def step(
    company: Company, draft: dict[str, Any], verb: str, role: Role = Role.ANALYST, **more: Any
) -> Response:
    body = {"version": draft["version"]} | more
    return await company.client(role).post(f"{URL}/{draft['id']}/{verb}", json=body)


async def read(company: Company, draft: dict[str, Any], role: Role = Role.VIEWER) -> dict[str, Any]:
    found: dict[str, Any] = (await company.client(role).get(f"{URL}/{draft['id']}")).json()
    return found


async def approved(company: Company, account: UUID, **changes: Any) -> dict[str, Any]:
    draft = await make(company, account, **changes)
    assert (await step(company, draft, "submit")).status_code == 200
    answer = await step(company, draft, "approve", Role.MANAGER, reason="It is in the plan.")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_from_a_plan_to_a_paused_campaign_in_the_list(acme: Company, account: UUID) -> None:
    name = f"Spring {uuid7()}"  # the sandbox keeps what other tests have published
    draft = await approved(acme, account, name=name)
    asked = await step(acme, draft, "publish", Role.MANAGER)
    assert (asked.status_code, asked.json()["status"]) == (202, "publishing")
    await DraftPublishing(acme.scopes).run(UUID(draft["id"]))
    await AccountSyncService(acme.scopes).sync(account)
    shown = await read(acme, draft)
    assert (shown["status"], shown["error_code"]) == ("published", None)
    assert [line["outcome"] for line in shown["log"][:3]] == ["started", "created", "verified"]
    listed = (await acme.client().get("/api/v1/campaigns", params={"q": name})).json()["items"]
    assert [(each["id"], each["external_id"], each["status"]) for each in listed] == [
        (shown["campaign_id"], shown["external_id"], "paused")
    ]


async def told(company: Company, role: Role, draft: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Newest first: the kind, the title, and whether they know already."""
    items = (await company.client(role).get("/api/v1/notifications")).json()["items"]
    return [
        (each["kind"], each["title"], each["read_at"] is not None)
        for each in items
        if each["subject_id"] == draft["id"]
    ]


async def test_people_are_told_that_a_draft_waits_what_became_of_it_and_where_it_stands(
    acme: Company, account: UUID
) -> None:
    draft = await make(acme, account, name="Spring sale")
    await step(acme, draft, "submit")
    waits = ("draft_waits", "Draft “Spring sale” waits for an approval", False)
    assert await told(acme, Role.MANAGER, draft) == [waits]
    assert await told(acme, Role.ANALYST, draft) == []
    await step(acme, draft, "approve", Role.MANAGER)
    decided = ("draft_decided", "Draft “Spring sale” was approved")
    assert await told(acme, Role.ANALYST, draft) == [(*decided, False)]
    assert (await told(acme, Role.MANAGER, draft))[0] == (*decided, True)
    await step(acme, draft, "publish", Role.MANAGER)
    await DraftPublishing(acme.scopes).run(UUID(draft["id"]))
    stands = ("draft_published", "“Spring sale” stands at Meta, paused", False)
    assert (await told(acme, Role.ANALYST, draft))[0] == stands


async def test_people_are_told_that_a_publication_failed_and_why(acme: Company, account: UUID) -> None:
    draft = await approved(acme, account, name="Never")
    await step(acme, draft, "publish", Role.MANAGER)
    async with acme.scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Stop.")
    await DraftPublishing(acme.scopes).run(UUID(draft["id"]))
    assert (await read(acme, draft))["status"] == "failed"
    assert (await told(acme, Role.ANALYST, draft))[0] == (
        "draft_failed",
        "“Never” could not be published at Meta",
        False,
    )


async def test_half_a_plan_is_kept_and_its_validation_names_every_field(acme: Company, account: UUID) -> None:
    draft = await make(acme, account, name="", objective=None, ad_sets=[])
    told = (await acme.client().get(f"{URL}/{draft['id']}/validation")).json()
    assert (told["valid"], told["least_daily_micros"]) == (False, UNIT)
    assert [each["field"] for each in told["faults"]] == ["plan.name", "plan.objective", "plan.ad_sets"]
    refused = await step(acme, draft, "submit")
    assert (refused.status_code, refused.json()["code"]) == (422, "campaigns.drafts.not_fit")
    assert [each["field"] for each in refused.json()["fields"]] == [
        "plan.name",
        "plan.objective",
        "plan.ad_sets",
    ]
    assert (await read(acme, draft))["status"] == "draft"


async def test_a_budget_under_the_accounts_own_minimum_is_refused(acme: Company, account: UUID) -> None:
    small = {"level": "campaign", "kind": "daily", "amount_micros": UNIT // 2}
    draft = await make(acme, account, budget=small)
    refused = (await step(acme, draft, "submit")).json()
    assert [(each["field"], each["code"]) for each in refused["fields"]] == [
        ("plan.budget.amount_micros", "too_small")
    ]


@pytest.mark.parametrize("mode", ["advisory", "hard_block"])
async def test_a_draft_may_not_go_over_the_companys_limits_in_any_mode(
    acme: Company, account: UUID, mode: str
) -> None:
    """Meta may spend 1.75 times a daily budget on one day: a cap of the budget itself is too low."""
    async with acme.scopes() as scope:
        await EnforcementService(scope).set_limits(
            {"mode": mode, "currency": "USD", "max_campaign_budget_micros": DAILY}
        )
    draft = await make(acme, account)
    refused = await step(acme, draft, "submit")
    assert [(each["field"], each["code"]) for each in refused.json()["fields"]] == [
        ("plan.budget.amount_micros", "campaign_cap")
    ]
    assert "105.00 USD" in refused.json()["fields"][0]["message"]
    async with acme.scopes() as scope:
        await EnforcementService(scope).set_limits({"max_campaign_budget_micros": DAILY * 7 // 4})
    assert (await step(acme, draft, "submit")).status_code == 200


async def test_a_small_account_is_told_of_its_usual_cap_before_anybody_approves(
    acme: Company, account: UUID
) -> None:
    """The gate would hold the publication: 60 a day, where 20 are usual and half as much again is the most."""
    async with acme.scopes() as scope:
        await spent_daily(scope, account, days=20, spend_micros=20 * UNIT)
    draft = await make(acme, account)
    refused = await step(acme, draft, "submit")
    assert [(each["field"], each["code"]) for each in refused.json()["fields"]] == [
        ("plan.budget.amount_micros", "usual_cap")
    ]
    assert "30.00 USD" in refused.json()["fields"][0]["message"]
    less = {"level": "campaign", "kind": "daily", "amount_micros": 30 * UNIT}
    assert (await step(acme, await make(acme, account, budget=less), "submit")).status_code == 200


async def spent_daily(scope: TenantScope, account: UUID, *, days: int, spend_micros: int) -> None:
    """Five conversions a day, of a campaign that is paused since."""
    now = scope.now()
    campaign = Campaign(
        id=uuid7(), ad_account_id=account, platform="meta", external_id="c1", name="Old", status="paused",
        effective_status="paused", budget_level="campaign", currency="USD", synced_at=now,
    )  # fmt: skip
    scope.session.add(campaign)
    await scope.session.flush()
    scope.session.add_all(
        CampaignMetricsDay(
            campaign_id=campaign.id, day=now.date() - timedelta(days=back + 2), currency="USD",
            spend_micros=spend_micros, impressions=900, clicks=30, conversions=Decimal(5),
            conversion_value_micros=9 * UNIT, ad_set_rows=1, maturity=Decimal(1), first_seen_at=now,
            observed_at=now,
        )
        for back in range(days)
    )  # fmt: skip


async def test_what_a_platform_has_not_is_told_by_the_field_and_by_its_offer(
    acme: Company, sandbox: Sandbox, platforms: Gateway
) -> None:
    google.as_laid(sandbox)
    account = (await google.connect(acme.scopes, sandbox)).dollars
    draft = await make(acme, account, objective="awareness")
    refused = await step(acme, draft, "submit")
    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json()["fields"]] == [
        ("plan.objective", "not_taken")
    ]
    told = (await acme.client().get(f"{URL}/{draft['id']}/validation")).json()
    assert told["least_daily_micros"] == 5_000_000
    offers = {each["platform"]: each for each in (await acme.client().get(f"{URL}/offers")).json()}
    assert {name: each["offered"] for name, each in offers.items()} == dict.fromkeys(offers, True)
    assert (offers["google"]["budget_levels"], offers["google"]["whole_days"]) == (["campaign"], True)
    assert (offers["meta"]["budget_levels"], offers["meta"]["whole_days"]) == (["campaign", "ad_set"], False)
    assert "no political advertising of the European Union" in offers["google"]["declaration"]
    assert offers["meta"]["declaration"] is None


async def test_who_submits_does_not_decide_while_somebody_else_could(acme: Company, account: UUID) -> None:
    draft = await make(acme, account, Role.MANAGER)
    await step(acme, draft, "submit", Role.MANAGER)
    for verb, more in (("approve", {}), ("reject", {"reason": "Too dear."})):
        own = await step(acme, draft, verb, Role.MANAGER, **more)
        assert (own.status_code, own.json()["code"]) == (403, "campaigns.drafts.four_eyes")
    assert (await read(acme, draft, Role.MANAGER))["may_approve"] is False
    assert (await read(acme, draft, Role.ADMIN))["may_approve"] is True
    assert (await step(acme, draft, "approve", Role.ADMIN)).json()["status"] == "approved"


async def test_who_is_alone_decides_alone(acme: Company, account: UUID) -> None:
    async with acme.scopes() as scope:
        await scope.session.execute(
            text("update memberships set is_active = false where user_id <> :me"),
            {"me": acme.person(Role.ADMIN).id},
        )
    draft = await make(acme, account, Role.ADMIN)
    await step(acme, draft, "submit", Role.ADMIN)
    assert (await step(acme, draft, "approve", Role.ADMIN)).json()["status"] == "approved"


async def test_a_key_submits_and_does_not_decide(
    acme: Company, account: UUID, anonymous: AsyncClient
) -> None:
    scopes = [f"campaigns.drafts:{verb}" for verb in ("read", "write", "approve")]
    made = await acme.client().post("/api/v1/api-keys", json={"name": "Agent", "scopes": scopes})
    key = {"X-API-Key": made.json()["key"]}
    draft = await make(acme, account)
    url = f"{URL}/{draft['id']}"
    assert (await anonymous.post(f"{url}/submit", json={"version": 1}, headers=key)).status_code == 200
    own = await anonymous.post(f"{url}/approve", json={"version": 1}, headers=key)
    assert (own.status_code, own.json()["code"]) == (403, "campaigns.drafts.person_needed")


async def test_a_change_takes_the_approval_away(acme: Company, account: UUID) -> None:
    draft = await approved(acme, account)
    edited = await acme.client(Role.ANALYST).put(
        f"{URL}/{draft['id']}", json={"version": 1, "plan": plan_json(name="Autumn sale")}
    )
    assert (edited.json()["status"], edited.json()["version"], edited.json()["decided_by"]) == (
        "draft",
        2,
        None,
    )
    for version in (1, 2):
        answer = await step(acme, draft | {"version": version}, "publish", Role.MANAGER)
        assert answer.status_code == 409
    assert (await read(acme, draft))["log"] == []


async def test_the_same_plan_again_changes_nothing(acme: Company, account: UUID) -> None:
    draft = await approved(acme, account)
    same = await acme.client(Role.ANALYST).put(
        f"{URL}/{draft['id']}", json={"version": 1, "plan": plan_json()}
    )
    assert (same.json()["status"], same.json()["version"]) == ("approved", 1)


async def test_a_decision_on_another_version_than_the_newest_is_refused(acme: Company, account: UUID) -> None:
    draft = await make(acme, account)
    await acme.client(Role.ANALYST).put(
        f"{URL}/{draft['id']}", json={"version": 1, "plan": plan_json(name="B")}
    )
    await step(acme, draft | {"version": 2}, "submit")
    stale = await step(acme, draft, "approve", Role.MANAGER)
    assert (stale.status_code, stale.json()["code"]) == (409, "campaigns.drafts.stale_version")
    assert stale.json()["fields"][0]["field"] == "body.version"
    late = await acme.client(Role.ANALYST).put(
        f"{URL}/{draft['id']}", json={"version": 1, "plan": plan_json(name="C")}
    )
    assert late.status_code == 409
    assert (await read(acme, draft))["name"] == "B"


async def test_a_rejected_draft_says_why_and_may_be_submitted_again(acme: Company, account: UUID) -> None:
    draft = await make(acme, account)
    await step(acme, draft, "submit")
    rejected = (await step(acme, draft, "reject", Role.MANAGER, reason="Too dear.")).json()
    assert (rejected["status"], rejected["decision_reason"]) == ("rejected", "Too dear.")
    assert (await step(acme, draft, "publish", Role.MANAGER)).status_code == 409
    again = (await step(acme, draft, "submit")).json()
    assert (again["status"], again["decision_reason"]) == ("submitted", None)
    assert (await step(acme, draft, "approve", Role.MANAGER)).json()["status"] == "approved"


async def test_nothing_is_published_without_an_approval(acme: Company, account: UUID) -> None:
    draft = await make(acme, account)
    for _ in range(2):
        answer = await step(acme, draft, "publish", Role.MANAGER)
        assert (answer.status_code, answer.json()["code"]) == (409, "campaigns.drafts.step_not_allowed")
        await step(acme, draft, "submit")


async def test_what_stands_at_the_platform_is_neither_changed_nor_deleted(
    acme: Company, account: UUID
) -> None:
    draft = await approved(acme, account)
    await step(acme, draft, "publish", Role.MANAGER)
    await DraftPublishing(acme.scopes).run(UUID(draft["id"]))
    client = acme.client(Role.ANALYST)
    assert (await client.delete(f"{URL}/{draft['id']}")).status_code == 409
    edit = {"version": 1, "plan": plan_json(name="B")}
    assert (await client.put(f"{URL}/{draft['id']}", json=edit)).status_code == 409


async def test_a_draft_is_deleted(acme: Company, account: UUID) -> None:
    draft = await make(acme, account)
    assert (await acme.client(Role.ANALYST).delete(f"{URL}/{draft['id']}")).status_code == 204
    assert (await acme.client().get(f"{URL}/{draft['id']}")).status_code == 404
    assert (await acme.client().get(URL)).json()["items"] == []


async def test_drafts_are_listed_newest_first_by_state_and_account(acme: Company, account: UUID) -> None:
    first, second = await make(acme, account, name="A"), await make(acme, account, name="B")
    await step(acme, second, "submit")

    async def names(**asked: Any) -> list[str]:
        return [each["name"] for each in (await acme.client().get(URL, params=asked)).json()["items"]]

    assert await names() == ["B", "A"]
    assert await names(status="submitted") == ["B"]
    assert await names(ad_account_id=first["id"]) == []
    page = (await acme.client().get(URL, params={"limit": 1})).json()
    assert await names(limit=1, cursor=page["next_cursor"]) == ["A"]


async def test_roles(acme: Company, account: UUID) -> None:
    draft = await make(acme, account)
    body = {"ad_account_id": str(account), "plan": plan_json()}
    assert (await acme.client(Role.VIEWER).post(URL, json=body)).status_code == 403
    assert (await step(acme, draft, "approve", Role.ANALYST)).status_code == 403
    assert (await step(acme, draft, "publish", Role.ANALYST)).status_code == 403


@pytest.mark.parametrize(
    ("plan", "field"),
    [
        (plan_json(objective="fame"), "body.plan.objective"),
        (plan_json(budget={"amount_micros": 0}), "body.plan.budget.amount_micros"),
        (plan_json(schedule={"starts_at": "2026-11-01T07:30:00Z"}), "body.plan.schedule.starts_at"),
        (plan_json(ad_sets=[{"name": "A", "countries": ["usa"]}]), "body.plan.ad_sets.0.countries.0"),
        (plan_json(colour="red"), "body.plan.colour"),
        (plan_json(name="a\u0000b"), "body.plan.name"),
    ],
)
async def test_what_is_no_plan_is_refused_by_its_field(
    acme: Company, account: UUID, plan: dict[str, Any], field: str
) -> None:
    answer = await acme.client().post(URL, json={"ad_account_id": str(account), "plan": plan})
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["fields"]] == [field]


async def test_a_draft_for_a_neighbours_account_or_of_a_neighbour_does_not_exist(
    acme: Company, globex: Company, account: UUID
) -> None:
    draft = await make(acme, account)
    assert (await globex.client().get(f"{URL}/{draft['id']}")).status_code == 404
    assert (await globex.client().post(f"{URL}/{draft['id']}/submit", json={"version": 1})).status_code == 404
    body = {"ad_account_id": str(account), "plan": plan_json()}
    refused = await globex.client().post(URL, json=body)
    assert (refused.status_code, refused.json()["fields"][0]["field"]) == (404, "body.ad_account_id")
