"""The unmodified simple-salesforce reads, writes, pages, and is refused as it is at Salesforce."""

# ruff: noqa: S608  (queries of the sandbox, made of its own ids)

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import httpx2
import pytest
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from tests.sandbox.salesforce.conftest import CONTACT, VERSION, client_of, rows
from tests.sandbox_process import HTTP, Sandbox

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def refused(org: Any, soql: str) -> tuple[str, str]:
    with pytest.raises(SalesforceMalformedRequest) as caught:
        org.query(soql)
    content: Any = caught.value.content
    [entry] = content
    return entry["errorCode"], entry["message"].splitlines()[-1]


def test_contacts_are_people_of_the_shop_and_belong_to_accounts(crm: Sandbox, org: Any) -> None:
    [first] = rows(org, "SELECT Id, Email, Phone, Account.Name, Owner.Email FROM Contact ORDER BY Id LIMIT 1")
    [person] = crm.control("GET", "truth/people", params={"limit": 1})["people"]
    assert (first["Email"], first["Phone"], first["Id"]) == (person["email"], person["phone"], CONTACT)
    assert first["Account"]["Name"].endswith("household")
    assert first["Owner"]["attributes"]["type"] == "User"
    assert org.Contact.get(CONTACT[:15])["Id"] == CONTACT, "fifteen characters name it too"


def test_leads_become_contacts_with_their_first_order(crm: Sandbox, org: Any) -> None:
    [lead] = rows(org, "SELECT Email, ConvertedContactId FROM Lead WHERE IsConverted = true LIMIT 1")
    contact = org.Contact.get(lead["ConvertedContactId"])
    assert contact["Email"] == lead["Email"]
    assert contact["Customer_Since__c"]
    facts = crm.vendor("salesforce")
    assert org.query("SELECT COUNT() FROM Lead WHERE IsConverted = false")["totalSize"] == facts["leads"] > 0


def test_the_client_walks_all_pages_in_the_order_of_ids(crm: Sandbox, org: Any) -> None:
    small = {"Sforce-Query-Options": "batchSize=200"}
    first = org.query("SELECT Id FROM Contact ORDER BY Id", headers=small)
    assert (len(first["records"]), first["done"]) == (200, False)
    rest = org.query_more(first["nextRecordsUrl"], identifier_is_url=True)
    ids = [each["Id"] for each in (*first["records"], *rest["records"])]
    assert rest["done"]
    assert ids == sorted(ids)
    assert len(ids) == len(set(ids)) == first["totalSize"] == crm.vendor("salesforce")["contacts"]
    after = rows(org, f"SELECT Id FROM Contact WHERE Id > '{ids[99]}' ORDER BY Id LIMIT 3")
    assert [each["Id"] for each in after] == ids[100:103]


def test_opportunities_move_through_stages_as_time_passes(crm: Sandbox, org: Any) -> None:
    won = (
        "SELECT Amount, CloseDate, CurrencyIsoCode, IsClosed FROM Opportunity WHERE StageName = 'Closed Won'"
    )
    before = org.query(won)["totalSize"]
    crm.advance(24 * 14)
    found = org.query(won)
    assert found["totalSize"] > before > 0
    assert all(each["IsClosed"] and each["CurrencyIsoCode"] == "USD" for each in found["records"])
    assert all(each["CloseDate"] <= "2026-03-16" for each in found["records"]), (
        "closed, it is no plan any more"
    )


def test_roles_say_whose_an_opportunity_is(org: Any) -> None:
    [role] = rows(
        org, "SELECT OpportunityId, ContactId, Contact.Email, IsPrimary FROM OpportunityContactRole LIMIT 1"
    )
    assert role["IsPrimary"]
    assert role["Contact"]["Email"] == org.Contact.get(role["ContactId"])["Email"]
    again = rows(
        org,
        f"SELECT Id FROM Opportunity WHERE Id IN ('{role['OpportunityId']}', '006bS0000000000')",
    )
    assert [each["Id"] for each in again] == [role["OpportunityId"]]


def test_a_query_tests_and_orders_as_its_language_says(org: Any) -> None:
    [first] = rows(org, f"SELECT Email, SystemModstamp FROM Contact WHERE Id = '{CONTACT}'")
    upper, start = first["Email"].upper(), first["Email"][:6]
    moment = first["SystemModstamp"].replace("+0000", "Z")
    same = (
        f"Email = '{upper}'",
        f"Email LIKE '{start}%' AND (Title = null OR NOT Email != null)",
        f"SystemModstamp >= {moment} AND SystemModstamp <= {moment}",
    )
    for where in same:
        assert CONTACT in {each["Id"] for each in rows(org, f"SELECT Id FROM Contact WHERE {where}")}, where
    assert rows(org, f"SELECT Id FROM Contact WHERE Email = '{upper}' AND Title != null") == []
    cities = [
        e["MailingCity"] for e in rows(org, "SELECT MailingCity FROM Contact ORDER BY MailingCity DESC, Id")
    ]
    assert cities == sorted(cities, reverse=True)


def test_what_cannot_be_read_is_refused_with_its_place(org: Any) -> None:
    assert refused(org, "SELECT Id FORM Contact") == ("MALFORMED_QUERY", "unexpected token: 'FORM'")
    assert refused(org, "SELECT Id, (SELECT Id FROM Contacts) FROM Account")[0] == "MALFORMED_QUERY"
    mixed = "SELECT Id FROM Contact WHERE Title = 'a' AND Title = 'b' OR Title = 'c'"
    assert refused(org, mixed) == ("MALFORMED_QUERY", "unexpected token: 'OR'")
    code, message = refused(org, "SELECT Shoe__c FROM Contact")
    assert (code, message[:36]) == ("INVALID_FIELD", "No such column 'Shoe__c' on entity '")
    assert refused(org, "SELECT Boss.Name FROM Contact")[0] == "INVALID_FIELD"
    quoted = refused(org, "SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-01T00:00:00Z'")
    assert quoted[1].endswith("must be of type dateTime and should not be enclosed in quotes")
    assert refused(org, "SELECT Id FROM Shoe__c")[0] == "INVALID_TYPE"
    assert refused(org, "SELECT Id FROM Contact OFFSET 2001")[0] == "NUMBER_OUTSIDE_VALID_RANGE"
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_QUERY_LOCATOR"):
        org.query_more("01g000000000000-2000")


def test_an_org_of_one_currency_has_no_field_for_it(crm: Sandbox, org: Any) -> None:
    names = {each["name"] for each in org.Opportunity.describe()["fields"]}
    assert {"Id", "Amount", "CurrencyIsoCode", "SystemModstamp"} <= names
    crm.control("POST", "salesforce/currencies", json={"several": False})
    assert "CurrencyIsoCode" not in {each["name"] for each in org.Opportunity.describe()["fields"]}
    assert refused(org, "SELECT CurrencyIsoCode FROM Opportunity")[0] == "INVALID_FIELD"
    assert refused(org, "SELECT Id FROM CurrencyType")[0] == "INVALID_TYPE"
    told: Any = org.restful("connect/organization")
    assert (told["features"]["multiCurrency"], told["features"]["defaultCurrencyIsoCode"]) == (False, "USD")


def test_a_record_is_written_and_its_stamp_moves_with_it(crm: Sandbox, org: Any) -> None:
    made: Any = org.Contact.create({"LastName": "Lovelace", "Email": "ada@example.com"})
    before: Any = org.Contact.get(made["id"])
    crm.advance(0.01)
    assert org.Contact.update(made["id"], {"LastName": "Lovelace"}) == 204
    assert org.Contact.get(made["id"])["SystemModstamp"] == before["SystemModstamp"], "nothing differed"
    org.Contact.update(made["id"], {"FirstName": "Ada"})
    changed: Any = org.Contact.get(made["id"])
    assert changed["Name"] == "Ada Lovelace"
    assert changed["SystemModstamp"] > before["SystemModstamp"]
    org.Contact.delete(made["id"])
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        org.Contact.get(made["id"])
    ask = f"SELECT IsDeleted FROM Contact WHERE Id = '{made['id']}'"
    assert rows(org, ask) == []
    assert [e["IsDeleted"] for e in org.query(ask, include_deleted=True)["records"]] == [True]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Shoe__c": "44"}, "INVALID_FIELD"),
        ({"SystemModstamp": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"FirstName": "x" * 41}, "STRING_TOO_LONG"),
        ({"LeadSource": "Dreams"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"AccountId": "001bS0000000000"}, "INVALID_CROSS_REFERENCE_KEY"),
        ({"Birthdate": "yesterday"}, "JSON_PARSER_ERROR"),
    ],
)
def test_what_may_not_be_written_is_refused(org: Any, values: dict[str, Any], code: str) -> None:
    with pytest.raises(SalesforceMalformedRequest, match=code):
        org.Contact.update(CONTACT, values)


def test_collections_read_and_write_each_for_itself(org: Any) -> None:
    other = "003bS0000000000"
    asked = {"ids": [CONTACT, other], "fields": ["Email"]}
    read: Any = org.restful("composite/sobjects/Contact", method="POST", json=asked)
    assert [each and each["Id"] for each in read] == [CONTACT, None]
    records = [
        {"attributes": {"type": "Contact"}, "id": CONTACT, "Stratum_Lifecycle__c": "active"},
        {"attributes": {"type": "Contact"}, "id": CONTACT, "Shoe__c": "44"},
    ]
    body = {"allOrNone": False, "records": records}
    done: Any = org.restful("composite/sobjects", method="PATCH", json=body)
    assert [each["success"] for each in done] == [True, False]
    assert done[1]["errors"][0]["statusCode"] == "INVALID_FIELD"
    assert org.Contact.get(CONTACT)["Stratum_Lifecycle__c"] == "active"


def test_the_days_calls_are_counted_and_end(crm: Sandbox, org: Any) -> None:
    crm.control("POST", "salesforce/quota", json={"calls_per_day": 2})
    org.query("SELECT COUNT() FROM Contact")
    assert tuple(org.api_usage["api-usage"]) == (1, 2)
    org.query("SELECT COUNT() FROM Contact")
    with pytest.raises(SalesforceRefusedRequest, match="REQUEST_LIMIT_EXCEEDED"):
        org.query("SELECT COUNT() FROM Contact")


def test_an_import_writes_all_in_one_moment(crm: Sandbox, org: Any) -> None:
    crm.control("POST", "salesforce/archive", json={"contacts": 250})
    found = rows(org, "SELECT SystemModstamp FROM Contact WHERE Id > '003bS0000006IDU' AND AccountId = null")
    assert len({each["SystemModstamp"] for each in found}) == 1
    assert len(found) >= 250


def test_faults_speak_as_salesforce_does(crm: Sandbox, org: Any) -> None:
    crm.control("POST", "faults", json={"kind": "server_error", "vendor": "salesforce", "status": 503})
    with pytest.raises(SalesforceGeneralError, match="SERVER_UNAVAILABLE"):
        org.query("SELECT Id FROM Contact LIMIT 1")
    crm.repair()
    crm.control("POST", "faults", json={"kind": "token_expired", "vendor": "salesforce"})
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        org.query("SELECT Id FROM Contact LIMIT 1")


def test_a_sign_in_is_bound_to_who_began_it_and_yields_tokens(crm: Sandbox) -> None:
    facts = crm.vendor("salesforce")
    app = {"client_id": facts["client_id"], "client_secret": facts["client_secret"]}
    back = "https://app.example.com/back"
    query = {
        "response_type": "code",
        "client_id": facts["client_id"],
        "redirect_uri": back,
        "scope": "api refresh_token",
        "state": "s",
    }
    oauth = f"{crm.url}/salesforce/services/oauth2"

    def allowed(**more: str) -> httpx2.QueryParams:
        answer = HTTP.post(f"{oauth}/authorize", params=query | more, data={"answer": "allow"})
        return httpx2.URL(answer.headers["location"]).params

    assert "Allow Access?" in HTTP.get(f"{oauth}/authorize", params=query).text
    assert allowed()["error_description"] == "missing required code challenge"
    bound = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    form = app | {"grant_type": "authorization_code", "redirect_uri": back}
    stolen = HTTP.post(
        f"{oauth}/token", data=form | {"code": allowed(**bound)["code"], "code_verifier": "w" * 43}
    )
    assert (stolen.status_code, stolen.json()["error"]) == (400, "invalid_grant")
    mine = form | {"code": allowed(**bound)["code"], "code_verifier": VERIFIER}
    first = HTTP.post(f"{oauth}/token", data=mine).json()
    assert first["instance_url"] == f"{crm.url}/salesforce"
    assert "expires_in" not in first, "when a session ends is not said"
    assert HTTP.post(f"{oauth}/token", data=mine).json()["error"] == "invalid_grant", "a code is for one use"

    renewal = app | {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    again = HTTP.post(f"{oauth}/token", data=renewal).json()
    assert again["access_token"] != first["access_token"]
    looked = HTTP.post(f"{oauth}/introspect", data=app | {"token": again["access_token"]}).json()
    assert looked["active"]
    assert looked["exp"] - looked["iat"] == 7200
    bearer = {"Authorization": f"Bearer {again['access_token']}"}
    assert HTTP.get(again["id"], headers=bearer).json()["organization_id"] == facts["org"]
    theirs = client_of(crm, again["access_token"])
    assert theirs.query("SELECT Id FROM Organization")["records"][0]["Id"] == facts["org"]

    revoked = HTTP.post(f"{oauth}/revoke", data={"token": first["refresh_token"]})
    assert (revoked.status_code, revoked.content) == (200, b"")
    with pytest.raises(SalesforceExpiredSession):
        theirs.query("SELECT Id FROM Organization")
    assert HTTP.post(f"{oauth}/token", data=renewal).json()["error"] == "invalid_grant"
    theirs.session.close()


GARBAGE = (
    "",
    "[",
    "[1]",
    "{}",
    "null",
    "-1",
    "²",
    "\x00",
    "é",
    "1e400",
    "'",
    "SELECT",
    "SELECT Id FROM Contact LIMIT ²",
)


def test_garbage_is_refused_in_salesforces_words(crm: Sandbox) -> None:
    facts = crm.vendor("salesforce")
    root = f"{crm.url}/salesforce/services/data/v{VERSION}"
    with httpx2.Client(headers={"Authorization": f"Bearer {facts['access_token']}"}, timeout=30) as client:
        for text in GARBAGE:
            answers = [
                client.get(f"{root}/query", params={"q": text}),
                client.post(f"{root}/composite/sobjects/Contact", content=text.encode()),
                client.patch(f"{root}/composite/sobjects", content=text.encode()),
                client.get(f"{root}/composite/sobjects/Contact", params={"ids": text, "fields": "Id"}),
                client.post(f"{root}/sobjects/Contact", content=text.encode()),
            ]
            for answer in answers:
                assert answer.status_code in {200, 400, 404}, (text, answer.status_code, answer.text)
                assert isinstance(answer.json(), list), (text, answer.text)
        assert client.get(f"{root}/sobjects/Shoe__c/describe").json()[0]["errorCode"] == "NOT_FOUND"
        assert client.get(f"{crm.url}/salesforce/services/data/v12.0/limits").status_code == 404
        assert client.get(f"{crm.url}/salesforce/services/data").json()[-1]["version"] == VERSION
