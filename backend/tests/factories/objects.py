"""One real row for each path parameter: what a neighbour would try to reach.

Whoever adds a route with a parameter registers here what it names, with `@names`, or adds it to `NO_ROW`.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from app.auth.permissions import Role
from app.core.clock import real_now
from app.core.ids import uuid7
from app.models.auth.sessions import UserSession
from app.models.cdp.audience_sync import CdpAudience, CdpAudienceRun
from app.models.cdp.events import CdpEvent, CdpEventVerdict
from app.models.cdp.identity import (
    CdpIdentifier,
    CdpIdentityEdge,
    CdpIdentityQuarantined,
    CdpProfileChange,
)
from app.models.cdp.webhooks import CdpWebhook
from app.models.integrations.ad_accounts import AdAccount
from app.models.integrations.calls import PlatformCall
from app.models.integrations.conversions import ConversionDelivery
from app.models.trust_engine.incidents import TrustIncident
from app.models.trust_engine.kinds import CalendarKind
from app.models.work.dead_letters import DeadLetter
from app.services.autopilot.recommendations.service import RecommendationService
from app.services.cdp.identity.service import Resolver
from app.services.cdp.privacy.service import PrivacyWork
from app.services.cdp.webhooks.service import Teller
from app.services.people.service import People
from app.services.trust_engine.calendar.service import Calendar, Window
from app.services.users.service import Members
from tests.factories.access import Company, password_hash
from tests.factories.ads import absorb, an_ad, campaign_id_at_the_platform, kept
from tests.factories.assets import an_asset
from tests.factories.autopilot import Target, approved_action
from tests.factories.cdp import make_source
from tests.factories.crm import connect_crm
from tests.factories.drafts import make_draft
from tests.factories.events import FUNNEL, RETENTION
from tests.factories.files import exported, upload
from tests.factories.notifications import a_dead_delivery, a_notification
from tests.factories.rules import make_rule
from tests.factories.shops import connect_shop
from tests.factories.trust import BUDGET, make_account
from tests.factories.webhooks import make_webhook

Maker = Callable[[Company], Awaitable[UUID]]

MAKERS: dict[str, Maker] = {}
NO_ROW = {
    "name": "a strategy's or a template's name, which every tenant has",
    "platform": "a platform's name",
    "provider": "a CRM's name",
}
"""Parameters that name nothing of a tenant's, and why."""


def names(parameter: str) -> Callable[[Maker], Maker]:
    def register(maker: Maker) -> Maker:
        MAKERS[parameter] = maker
        return maker

    return register


names("notification_id")(a_notification)
names("notification_delivery_id")(a_dead_delivery)


@names("user_id")
async def _member(company: Company) -> UUID:
    async with company.scopes() as scope:
        user = await People(scope.session).create(
            email=f"{uuid7()}@new.example", full_name="Mo Member", password_hash=password_hash()
        )
        assert user is not None
        await Members(scope).join(user.id, Role.VIEWER)
    return user.id


@names("session_id")
async def _session(company: Company) -> UUID:
    session_id = uuid7()
    async with company.scopes() as scope:
        scope.session.add(
            UserSession(
                id=session_id,
                user_id=company.person(Role.ADMIN).id,
                tenant_id=company.id,
                refresh_hash=uuid7().bytes,
                expires_at=real_now() + timedelta(days=1),
            )
        )
    return session_id


@names("key_id")
async def _api_key(company: Company) -> UUID:
    body = {"name": "k", "scopes": ["tenants:read"]}
    return UUID((await company.client().post("/api/v1/api-keys", json=body)).json()["id"])


@names("invitation_id")
async def _invitation(company: Company) -> UUID:
    body = {"email": f"{uuid7()}@new.example", "role": "viewer"}
    return UUID((await company.client().post("/api/v1/invitations", json=body)).json()["id"])


@names("envelope_id")
async def _envelope(company: Company) -> UUID:
    account = await make_account(company.scopes)
    ends_at = (real_now() + timedelta(hours=12)).isoformat()
    body = {"ad_account_id": str(account.id), "ends_at": ends_at, "reason": "For the night."}
    return UUID((await company.client().post("/api/v1/autopilot/envelopes", json=body)).json()["id"])


@names("stop_id")
async def _stop(company: Company) -> UUID:
    await make_account(company.scopes)
    body = {"kind": "pause_all", "reason": "The pixel is dead."}
    return UUID((await company.client().post("/api/v1/autopilot/stops", json=body)).json()["id"])


@names("crm_id")
async def _crm_account(company: Company) -> UUID:
    return (await connect_crm(company.scopes, None, writes=True)).account_id


@names("shop_id")
async def _shop(company: Company) -> UUID:
    return (await connect_shop(company.scopes, None)).shop_id


@names("letter_id")
async def _dead_letter(company: Company) -> UUID:
    letter = DeadLetter(
        id=uuid7(),
        task="work.heartbeat",
        payload={},
        context={},
        attempts=1,
        error_code="internal",
        error="It failed.",
        enqueued_at=real_now(),
        created_at=real_now(),
    )
    async with company.scopes() as scope:
        scope.session.add(letter)
    return letter.id


@names("segment_id")
async def _segment(company: Company) -> UUID:
    body = {"name": f"Known {uuid7()}", "rule": {"kind": "has", "identifier": "email"}}
    answer = await company.client().post("/api/v1/cdp/segments", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


@names("webhook_id")
async def _webhook(company: Company) -> UUID:
    """One for all who ask, so that a try in its log is found under it."""
    made = (await company.client().get("/api/v1/cdp/webhooks")).json()["items"]
    return UUID(made[0]["id"]) if made else (await make_webhook(company, "http://127.0.0.1:9/hook")).id


@names("webhook_delivery_id")
async def _webhook_delivery(company: Company) -> UUID:
    """A try that failed, of a message that can be sent again."""
    webhook = await _webhook(company)
    async with company.scopes() as scope:
        await scope.session.execute(update(CdpWebhook).values(next_attempt_at=None))
        change = {"at": real_now(), "reason": "events", "profile_ids": [uuid7()]}
        scope.session.add(CdpProfileChange(**change, event_names=[], traits=[]))
    await Teller(company.scopes).drain(webhook)
    path = f"/api/v1/cdp/webhooks/{webhook}/deliveries"
    return UUID((await company.client().get(path)).json()["items"][0]["id"])


@names("source_id")
async def _source(company: Company) -> UUID:
    return (await make_source(company)).id


async def _people(company: Company) -> UUID:
    """Somebody with two identifiers; the link between them."""
    event = {"type": "track", "event": "Seen", "userId": f"u-{uuid7()}", "anonymousId": f"a-{uuid7()}"}
    source = await make_source(company)
    answer = await company.client().post("/v1/track", json=event, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    await Resolver(company.scopes).drain()
    async with company.scopes() as scope:
        newest = select(CdpIdentityEdge.assertion).order_by(CdpIdentityEdge.decided_at.desc()).limit(1)
        found: UUID | None = await scope.session.scalar(newest)
    assert found is not None
    return found


@names("assertion_id")
async def _assertion(company: Company) -> UUID:
    return await _people(company)


@names("profile_id")
async def _profile(company: Company) -> UUID:
    assertion = await _people(company)
    async with company.scopes() as scope:
        key = select(CdpIdentityEdge.a_key).where(CdpIdentityEdge.assertion == assertion).scalar_subquery()
        owner = select(CdpIdentifier.profile_id).where(CdpIdentifier.key == key)
        found: UUID | None = await scope.session.scalar(owner)
    assert found is not None
    return found


@names("verdict_id")
async def _verdict(company: Company) -> UUID:
    """A refused event, kept with what was sent."""
    event = {"type": "track", "messageId": f"m-{uuid7()}", "userId": "u-1"}
    source = await make_source(company)
    answer = await company.client().post("/v1/track", json=event, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    async with company.scopes() as scope:
        found = await scope.session.scalar(
            select(CdpEventVerdict.id).where(CdpEventVerdict.source_id == source.id)
        )
    assert found is not None
    return found


@names("event_id")
async def _event(company: Company) -> UUID:
    """A stored event that identity has set aside."""
    event = {"type": "track", "event": "Seen", "messageId": f"m-{uuid7()}", "userId": "u-1"}
    source = await make_source(company)
    answer = await company.client().post("/v1/track", json=event, auth=(source.key, ""))
    assert answer.status_code == 200, answer.text
    async with company.scopes() as scope:
        found = await scope.session.scalar(select(CdpEvent).where(CdpEvent.source_id == source.id))
        assert found is not None
        scope.session.add(
            CdpIdentityQuarantined(
                id=found.id,
                received_at=found.received_at,
                quarantined_at=real_now(),
                code="internal",
                reason="It broke.",
            )
        )
    return found.id


@names("funnel_id")
async def _funnel(company: Company) -> UUID:
    return await _saved(company, "funnels", FUNNEL)


@names("report_id")
async def _retention_report(company: Company) -> UUID:
    return await _saved(company, "retention", RETENTION)


async def _saved(company: Company, address: str, definition: dict[str, Any]) -> UUID:
    body = {"name": f"Saved {uuid7()}", "definition": definition}
    answer = await company.client().post(f"/api/v1/cdp/{address}", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


@names("trait_id")
async def _trait(company: Company) -> UUID:
    body = {"name": f"t_{uuid7().hex}", "definition": {"kind": "count", "event": "Viewed"}}
    answer = await company.client().post("/api/v1/cdp/traits", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


@names("import_id")
async def _import(company: Company) -> UUID:
    return UUID((await upload(company, "email\njo@example.com\n"))["id"])


@names("export_id")
async def _export(company: Company) -> UUID:
    return UUID((await exported(company, columns=["profile_id"]))["id"])


@names("audience_id")
async def _audience(company: Company) -> UUID:
    """One that a run has been made of, and whose people wait to leave."""
    made = (await company.client().get("/api/v1/cdp/audience-sync")).json()["items"]
    if made:
        return UUID(made[0]["id"])
    account = await make_account(company.scopes)
    async with company.scopes() as scope:
        await scope.session.execute(
            update(AdAccount).where(AdAccount.id == account.id).values(enabled=True, write_lease=True)
        )
    body = {
        "name": f"Audience {uuid7()}",
        "segment_id": str(await _segment(company)),
        "ad_account_id": str(account.id),
        "identifiers": ["email"],
    }
    answer = await company.client().post("/api/v1/cdp/audience-sync", json=body)
    assert answer.status_code == 201, answer.text
    audience_id = UUID(answer.json()["id"])
    async with company.scopes() as scope:
        run = {"kind": "difference", "status": "done", "started_at": real_now()}
        scope.session.add(CdpAudienceRun(id=uuid7(), audience_id=audience_id, **run))
        await scope.session.execute(update(CdpAudience).values(waiting_leaving=4, waiting_of=9))
    return audience_id


@names("run_id")
async def _audience_run(company: Company) -> UUID:
    audience = await _audience(company)
    path = f"/api/v1/cdp/audience-sync/{audience}/runs"
    return UUID((await company.client().get(path)).json()["items"][0]["id"])


@names("incident_id")
async def _incident(company: Company) -> UUID:
    incident = TrustIncident(
        id=uuid7(),
        kind="pixel_silent",
        subject=uuid7().hex,
        severity="warning",
        status="open",
        sentence="The pixel is silent.",
        opened_at=real_now(),
        updated_at=real_now(),
    )
    async with company.scopes() as scope:
        scope.session.add(incident)
    return incident.id


@names("action_id")
async def _action(company: Company) -> UUID:
    account = await make_account(company.scopes)
    target = Target(account.id, account.campaign_id, 10_000_000)
    return await approved_action(company.scopes, target, 11_000_000)


@names("recommendation_id")
async def _recommendation(company: Company) -> UUID:
    account = await make_account(company.scopes)
    async with company.scopes() as scope:
        await RecommendationService(scope).refresh()
    async with company.scopes() as scope:
        found, _ = await RecommendationService(scope).listed(states=["open"], cursor=None, limit=200)
        return next(each.id for each in found if each.ad_account_id == account.id)


@names("asset_id")
async def _asset(company: Company) -> UUID:
    return await an_asset(company, 64, 64, shade=uuid7().bytes[-1])


@names("draft_id")
async def _draft(company: Company) -> UUID:
    account = await make_account(company.scopes)
    return (await make_draft(company.scopes, account.id)).id


@names("label_id")
async def _label(company: Company) -> UUID:
    made = await company.client().post("/api/v1/campaigns/labels", json={"name": f"Label {uuid7()}"})
    return UUID(made.json()["id"])


@names("rule_id")
async def _rule(company: Company) -> UUID:
    return (await make_rule(company.scopes)).id


@names("ad_id")
async def _ad(company: Company) -> UUID:
    account = await make_account(company.scopes)
    campaign = await campaign_id_at_the_platform(company.scopes, account.campaign_id)
    name = f"Ad {uuid7()}"
    await absorb(company.scopes, account.id, an_ad(name, campaign))
    return (await kept(company.scopes, name)).id


@names("campaign_id")
async def _campaign(company: Company) -> UUID:
    return (await make_account(company.scopes)).campaign_id


@names("ad_account_id")
async def _ad_account(company: Company) -> UUID:
    return (await make_account(company.scopes)).id


@names("account_id")
async def _account(company: Company) -> UUID:
    return (await make_account(company.scopes)).id


@names("connection_id")
async def _connection(company: Company) -> UUID:
    account = await make_account(company.scopes)
    async with company.scopes() as scope:
        found = await scope.session.scalar(select(AdAccount.connection_id).where(AdAccount.id == account.id))
    assert found is not None
    return found


@names("call_id")
async def _call(company: Company) -> UUID:
    """A read that failed, of an account that is connected."""
    call = PlatformCall(
        id=uuid7(),
        started_at=real_now(),
        platform="meta",
        ad_account_id=(await make_account(company.scopes)).id,
        operation="list_campaigns",
        method="GET",
        path="act_1/campaigns",
        mutating=False,
        attempt=1,
        outcome="transient",
        duration_ms=5,
        asked={"fields": "id"},
    )
    async with company.scopes() as scope:
        scope.session.add(call)
    return call.id


@names("delivery_id")
async def _delivery(company: Company) -> UUID:
    account = await make_account(company.scopes)
    of_account = select(ConversionDelivery.id).where(ConversionDelivery.ad_account_id == account.id)
    async with company.scopes() as scope:
        found = await scope.session.scalar(of_account.limit(1))
    assert found is not None
    return found


@names("decision_id")
async def _decision(company: Company) -> UUID:
    """What the gate said of a cut that somebody asked for."""
    account = await make_account(company.scopes)
    body = {
        "campaign_id": str(account.campaign_id),
        "daily_budget_micros": BUDGET // 2,
        "reason": "Too dear.",
    }
    answer = await company.client().post("/api/v1/autopilot/actions", json=body)
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["decision_id"])


@names("entry_id")
async def _calendar_entry(company: Company) -> UUID:
    async with company.scopes() as scope:
        now = scope.now()
        window = Window(CalendarKind.PROMOTION, "Spring sale", now, now + timedelta(days=1))
        return (await Calendar(scope).enter(window)).id


@names("request_id")
async def _privacy_request(company: Company) -> UUID:
    """An export that has been made."""
    body = {"kind": "export", "profile_id": str(await _profile(company)), "reason": "They asked."}
    answer = await company.client().post("/api/v1/cdp/privacy/requests", json=body)
    assert answer.status_code == 202, answer.text
    request_id = UUID(answer.json()["id"])
    await PrivacyWork(company.scopes).run(request_id)
    return request_id
