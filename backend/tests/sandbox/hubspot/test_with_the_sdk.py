"""The unmodified hubspot-sdk reads, writes, pages, and is refused as it is at HubSpot."""

from typing import Any

import httpx2
import hubspot_sdk
import pytest
from hubspot_sdk import HubSpot

from tests.sandbox.hubspot.conftest import CONTACT
from tests.sandbox_process import HTTP, Sandbox

LEAD = {"property_name": "lifecyclestage", "operator": "EQ", "value": "lead"}


def search(hub: HubSpot, *filters: Any, kind: str = "contacts", **facts: Any) -> Any:
    asked = {"after": "", "limit": 100, "properties": ["email"], "sorts": ["hs_object_id"]} | facts
    return getattr(hub.crm.objects, kind).search(filter_groups=[{"filters": list(filters)}], **asked)


def test_contacts_are_people_of_the_shop(crm: Sandbox, hub: HubSpot) -> None:
    found = hub.crm.objects.contacts.get(CONTACT, properties=["email", "phone", "lifecyclestage"])
    [person] = crm.control("GET", "truth/people", params={"limit": 1})["people"]
    assert found.properties["email"] == person["email"]
    assert found.properties["phone"] == person["phone"]
    assert found.id == CONTACT


def test_some_have_bought_and_some_are_only_leads(crm: Sandbox, hub: HubSpot) -> None:
    customers = search(hub, LEAD | {"value": "customer"}).total
    leads = search(hub, LEAD).total
    assert customers > 20
    assert leads > 20
    made = search(hub, {"property_name": "lifecyclestage", "operator": "NOT_HAS_PROPERTY"}).total
    assert customers + leads + made == crm.vendor("hubspot")["contacts"]


def test_the_client_walks_all_pages(crm: Sandbox, hub: HubSpot) -> None:
    ids = [each.id for each in hub.crm.objects.contacts.list(limit=50)]
    assert len(ids) == len(set(ids)) == crm.vendor("hubspot")["contacts"]
    assert ids == sorted(ids)


def test_deals_name_their_contact(hub: HubSpot) -> None:
    first = next(iter(hub.crm.objects.deals.list(limit=1, associations=["contacts"])))
    assert first.associations is not None
    [linked] = first.associations["contacts"].results
    assert linked.type == "deal_to_contact"
    batch = hub.crm.associations.batch.get(
        "contacts", from_object_type="deals", inputs=[{"id": first.id}, {"id": "1"}]
    )
    assert [each.to[0].to_object_id for each in batch.results] == [linked.id]


def test_deals_move_through_stages_as_time_passes(crm: Sandbox, hub: HubSpot) -> None:
    won = [{"property_name": "hs_is_closed_won", "operator": "EQ", "value": "true"}]
    before = search(hub, *won, kind="deals").total
    crm.advance(24 * 14)
    page = search(hub, *won, kind="deals", properties=["amount", "closedate", "deal_currency_code"])
    assert page.total > before > 0
    assert all(each.properties["deal_currency_code"] == "USD" for each in page.results)
    assert all(each.properties["closedate"] for each in page.results)


def test_a_contact_is_written_and_its_modification_moves(crm: Sandbox, hub: HubSpot) -> None:
    contacts = hub.crm.objects.contacts
    made = contacts.create(properties={"email": "Ada@example.com", "firstname": "Ada"}, associations=[])
    crm.advance(0.01)
    same = contacts.update(made.id, properties={"firstname": "Ada"})
    assert same.updated_at == made.updated_at, "nothing differed"
    changed = contacts.update("ada@example.com", id_property="email", properties={"firstname": "Countess"})
    assert (changed.id, changed.properties["firstname"]) == (made.id, "Countess")
    assert changed.updated_at > made.updated_at
    contacts.delete(made.id)
    with pytest.raises(hubspot_sdk.NotFoundError):
        contacts.get(made.id)


def test_a_batch_updates_and_creates_by_the_address(hub: HubSpot) -> None:
    batch = hub.crm.objects.contacts.batch
    inputs: Any = [
        {"id": "new@example.com", "id_property": "email", "properties": {"firstname": "Neo"}},
        {"id": CONTACT, "id_property": "hs_object_id", "properties": {"stratum_rfm": "Champions"}},
    ]
    assert [each.new for each in batch.upsert(inputs=inputs).results] == [True, False]
    again = batch.upsert(inputs=inputs)
    assert [each.new for each in again.results] == [False, False]
    read = batch.get(inputs=[{"id": CONTACT}], properties=["stratum_rfm"], properties_with_history=[])
    assert read.results[0].properties["stratum_rfm"] == "Champions"


def test_a_batch_writes_what_it_can_and_nothing_of_one_with_a_wrong_value(crm: Sandbox, hub: HubSpot) -> None:
    batch, other = hub.crm.objects.contacts.batch, str(int(CONTACT) + 1)
    done = batch.update(
        inputs=[
            {"id": CONTACT, "properties": {"stratum_lifecycle": "known"}, "object_write_trace_id": "1"},
            {"id": "999", "properties": {"stratum_lifecycle": "known"}},
        ]
    )
    facts: Any = done.model_dump()
    assert [each["id"] for each in facts["results"]] == [CONTACT]
    assert (facts["numErrors"], facts["errors"][0]["context"]) == (1, {"ids": ["999"]})
    with pytest.raises(hubspot_sdk.BadRequestError) as caught:
        batch.update(
            inputs=[
                {"id": other, "properties": {"stratum_lifecycle": "churned"}},
                {"id": CONTACT, "properties": {"stratum_lifetime_value": "much", "hs_object_id": "3"}},
            ]
        )
    body: Any = caught.value.body
    assert [each["code"] for each in body["errors"]] == ["INVALID_INTEGER", "READ_ONLY_VALUE"]
    untouched = hub.crm.objects.contacts.get(other, properties=["stratum_lifecycle"])
    assert untouched.properties["stratum_lifecycle"] is None


def test_a_property_has_a_history_and_half_as_many_are_asked_for_theirs(crm: Sandbox, hub: HubSpot) -> None:
    contacts = hub.crm.objects.contacts
    contacts.update(CONTACT, properties={"jobtitle": "Smith"})
    crm.advance(0.01)
    contacts.update(CONTACT, properties={"jobtitle": "Reeve"})
    read = contacts.batch.get(
        inputs=[{"id": CONTACT}], properties=["jobtitle"], properties_with_history=["jobtitle"]
    )
    histories = read.results[0].properties_with_history
    assert histories is not None
    newest, before = histories["jobtitle"][:2]
    assert (newest.value, before.value) == ("Reeve", "Smith")
    assert newest.timestamp > before.timestamp
    with pytest.raises(hubspot_sdk.BadRequestError, match="histories is 50"):
        contacts.batch.get(inputs=[{"id": CONTACT}] * 51, properties=[], properties_with_history=["jobtitle"])


def test_refusals_have_a_category_and_an_id_for_the_support(hub: HubSpot) -> None:
    contacts = hub.crm.objects.contacts
    with pytest.raises(hubspot_sdk.BadRequestError) as caught:
        contacts.update(CONTACT, properties={"shoe_size": "44", "hs_object_id": "1", "email": "nobody"})
    body: Any = caught.value.body
    assert body["category"] == "VALIDATION_ERROR"
    assert body["correlationId"]
    assert [each["code"] for each in body["errors"]] == [
        "PROPERTY_DOESNT_EXIST",
        "READ_ONLY_VALUE",
        "INVALID_EMAIL",
    ]
    taken = contacts.get(CONTACT, properties=["email"]).properties["email"]
    with pytest.raises(hubspot_sdk.ConflictError) as conflict:
        contacts.create(properties={"email": taken}, associations=[])
    assert f"Existing ID: {CONTACT}" in str(conflict.value.body)
    with pytest.raises(hubspot_sdk.BadRequestError, match="exceeds the limit of 100"):
        contacts.batch.get(inputs=[{"id": CONTACT}] * 101, properties=["email"], properties_with_history=[])


def test_a_search_ends_at_its_ten_thousandth_result(crm: Sandbox, hub: HubSpot) -> None:
    with pytest.raises(hubspot_sdk.BadRequestError, match="10000"):
        search(hub, LEAD, after="9950", limit=100)
    with pytest.raises(hubspot_sdk.BadRequestError, match="at most 200"):
        search(hub, LEAD, limit=201)
    with pytest.raises(hubspot_sdk.BadRequestError, match="does not exist"):
        search(hub, LEAD | {"property_name": "hs_lastmodifieddate"})
    crm.control("POST", "hubspot/archive", json={"contacts": 250})
    imported = {"property_name": "hs_object_id", "operator": "BETWEEN", "value": "150000001"}
    page = search(hub, imported | {"high_value": "160000000"}, limit=200)
    assert page.total == 250
    assert len({each.updated_at for each in page.results}) == 1, "an import writes all in one moment"


def test_too_many_calls_are_told_by_policy_and_headers(crm: Sandbox, hub: HubSpot) -> None:
    crm.control("POST", "hubspot/quota", json={"per_ten_seconds": 2})
    raw = hub.crm.objects.contacts.with_raw_response.get(CONTACT)
    assert raw.headers["X-HubSpot-RateLimit-Max"] == "2"
    assert raw.headers["X-HubSpot-RateLimit-Remaining"] == "1"
    hub.crm.objects.contacts.get(CONTACT)
    with pytest.raises(hubspot_sdk.RateLimitError) as caught:
        hub.crm.objects.contacts.get(CONTACT)
    body: Any = caught.value.body
    assert (body["policyName"], body["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")


def test_searches_have_a_limit_of_their_own_and_no_headers(crm: Sandbox, hub: HubSpot) -> None:
    crm.control("POST", "hubspot/quota", json={"searches_per_second": 1})
    asked: Any = {"after": "", "limit": 1, "properties": [], "sorts": [], "filter_groups": []}
    raw = hub.crm.objects.contacts.with_raw_response.search(**asked)
    assert "X-HubSpot-RateLimit-Max" not in raw.headers
    with pytest.raises(hubspot_sdk.RateLimitError) as caught:
        hub.crm.objects.contacts.search(**asked)
    assert "SECONDLY" in str(caught.value.body)


def test_owners_properties_and_the_account(hub: HubSpot) -> None:
    assert {each.first_name for each in hub.crm.owners.list()} == {"Dana", "Sam"}
    names = {each.name for each in hub.crm.properties.list("contacts").results}
    assert {"email", "lifecyclestage", "stratum_lifecycle"} <= names
    assert hub.account.get().company_currency == "USD"


def test_a_sign_in_yields_tokens_that_are_refreshed_and_taken_back(crm: Sandbox, hub: HubSpot) -> None:
    facts = crm.vendor("hubspot")
    app = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
    back = "https://app.example.com/back"
    query = {
        "client_id": facts["client_id"],
        "redirect_uri": back,
        "scope": "oauth crm.objects.contacts.read",
    }
    page = f"{crm.url}/hubspot/oauth/authorize"
    assert "Connect Stratum" in HTTP.get(page, params=query).text
    answer = HTTP.post(page, params=query | {"state": "s"}, data={"answer": "allow"})
    where = httpx2.URL(answer.headers["location"])
    code = where.params["code"]
    assert where.params["state"] == "s"

    oauth = hub.auth.oauth
    form: Any = app | {"grant_type": "authorization_code", "redirect_uri": back, "code": code}
    first: Any = oauth.create_token(**form)
    assert (first.expires_in, first.hub_id) == (1800, facts["portal"])
    with pytest.raises(hubspot_sdk.BadRequestError, match="auth code"):
        oauth.create_token(**form)
    again: Any = oauth.create_token(**app, grant_type="refresh_token", refresh_token=first.refresh_token)
    assert again.access_token != first.access_token
    assert again.refresh_token == first.refresh_token

    theirs = hub.with_options(access_token=again.access_token)
    assert theirs.crm.objects.contacts.get(CONTACT).id == CONTACT
    with pytest.raises(hubspot_sdk.PermissionDeniedError, match="MISSING_SCOPES"):
        theirs.crm.objects.deals.list(limit=1)
    crm.control("POST", "hubspot/tokens", json={"action": "expire", "token": again.access_token})
    with pytest.raises(hubspot_sdk.AuthenticationError, match="EXPIRED_AUTHENTICATION"):
        theirs.crm.objects.contacts.get(CONTACT)
    oauth.revoke_token(**app, token=first.refresh_token)
    with pytest.raises(hubspot_sdk.BadRequestError, match="refresh token"):
        oauth.create_token(**app, grant_type="refresh_token", refresh_token=first.refresh_token)


def test_a_person_edits_a_contact_and_closes_a_deal(crm: Sandbox, hub: HubSpot) -> None:
    body = {"object_id": int(CONTACT), "changes": {"city": "Reykjavík"}}
    crm.control("POST", "hubspot/edit", json=body)
    assert hub.crm.objects.contacts.get(CONTACT, properties=["city"]).properties["city"] == "Reykjavík"
    made = {"contact_id": int(CONTACT), "amount": "910.50", "currency": "USD"}
    deal = crm.control("POST", "hubspot/deals", json=made)["id"]
    closed = {"kind": "deals", "object_id": int(deal), "changes": {"dealstage": "closedwon"}}
    crm.control("POST", "hubspot/edit", json=closed)
    found = hub.crm.objects.deals.get(deal, properties=["amount", "hs_is_closed_won"])
    assert found.properties["hs_is_closed_won"] == "true"
    assert found.properties["amount"] == "910.50"
