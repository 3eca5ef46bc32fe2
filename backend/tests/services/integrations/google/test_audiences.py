"""Customer Match lists: Google's own client, unmodified, does what ours does, and leaves the same behind."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from google.ads import datamanager_v1 as official
from google.api_core import exceptions
from google.oauth2.credentials import Credentials

from app.core.ids import uuid7
from app.db.session import Scopes
from app.services.integrations.audiences.ports import AudiencePlatform, Batch, Person, Row
from app.services.integrations.audiences.service import AudienceService
from app.services.integrations.google.audiences import OFFER
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from tests.factories.google import US_ACCOUNT, Connected
from tests.sandbox_process import HTTP, Sandbox

PEOPLE: list[Person] = [
    {"email": ["Ava.B+x@gmail.com"], "phone": ["+1 650 555 1212"], "country": ["us"]},
    {
        "email": ["noah@example.com"],
        "first_name": ["Mr. Noah "],
        "last_name": ["O'Brien Jr."],
        "zip": ["10001"],
        "country": ["US"],
    },
    {"phone": ["(800) 555-0100"], "country": ["USA"]},
]
CHOSEN = OFFER.identifiers
_numbers = itertools.count(1)


@pytest.fixture
async def audiences(scopes: Scopes, connected: Connected) -> AudiencePlatform:
    return await AudienceService(scopes).open(connected.dollars)


@pytest.fixture
def credentials(sandbox: Sandbox) -> Credentials:
    return Credentials(sandbox.vendor("google")["access_token"])


@pytest.fixture
def members(sandbox: Sandbox, credentials: Credentials) -> Iterator[official.IngestionServiceClient]:
    options = {"api_endpoint": f"{sandbox.url}/google"}
    client = official.IngestionServiceClient(
        credentials=credentials, transport="rest", client_options=options
    )
    with client:
        yield client
        client.transport._session.close()


@pytest.fixture
def lists(sandbox: Sandbox, credentials: Credentials) -> Iterator[official.UserListServiceClient]:
    options = {"api_endpoint": f"{sandbox.url}/google"}
    client = official.UserListServiceClient(credentials=credentials, transport="rest", client_options=options)
    with client:
        yield client
        client.transport._session.close()


def whole(rows: list[Row]) -> Batch:
    return Batch(uuid7().int >> 76, 1, last=True, total=len(rows))


def inside(sandbox: Sandbox, user_list: str) -> list[dict[str, str]]:
    found = sandbox.control("GET", f"google/audiences/{user_list}")["members"]
    return sorted((one["entry"] for one in found), key=str)


def their_list(lists: official.UserListServiceClient) -> str:
    """A list that Google's own client makes."""
    wanted = official.UserList(
        display_name=f"Theirs {next(_numbers)} {uuid7()}",
        ingested_user_list_info=official.IngestedUserListInfo(
            upload_key_types=[official.IngestedUserListInfo.UploadKeyType.CONTACT_ID]
        ),
    )
    parent = f"accountTypes/GOOGLE_ADS/accounts/{US_ACCOUNT}"
    return str(lists.create_user_list(parent=parent, user_list=wanted).id)


def destination(user_list: str) -> official.Destination:
    account = official.ProductAccount(account_type="GOOGLE_ADS", account_id=US_ACCOUNT)
    return official.Destination(
        operating_account=account, login_account=account, product_destination_id=user_list
    )


def their_member(row: Row) -> official.AudienceMember:
    """One of our entries, said with Google's own types."""
    values = dict(zip(CHOSEN, row, strict=True))
    found = []
    if values["email"]:
        found.append(official.UserIdentifier(email_address=values["email"]))
    if values["phone"]:
        found.append(official.UserIdentifier(phone_number=values["phone"]))
    if all(values[name] for name in ("first_name", "last_name", "zip", "country")):
        address = official.AddressInfo(
            given_name=values["first_name"],
            family_name=values["last_name"],
            region_code=values["country"],
            postal_code=values["zip"],
        )
        found.append(official.UserIdentifier(address=address))
    granted = official.ConsentStatus.CONSENT_GRANTED
    return official.AudienceMember(
        user_data=official.UserData(user_identifiers=found),
        consent=official.Consent(ad_user_data=granted, ad_personalization=granted),
    )


async def test_googles_own_client_and_ours_leave_the_same_behind(
    audiences: AudiencePlatform,
    members: official.IngestionServiceClient,
    lists: official.UserListServiceClient,
    sandbox: Sandbox,
) -> None:
    rows = [row for each in PEOPLE for row in audiences.prepare(CHOSEN, each)]
    theirs, ours = their_list(lists), await audiences.create_audience(f"Ours {uuid7()}", str(uuid7()))
    answer = members.ingest_audience_members(
        official.IngestAudienceMembersRequest(
            destinations=[destination(theirs)],
            audience_members=[their_member(row) for row in rows],
            encoding=official.Encoding.HEX,
        )
    )
    assert answer.request_id
    await audiences.add_members(ours, CHOSEN, rows, whole(rows))
    assert inside(sandbox, ours) == inside(sandbox, theirs)
    assert len(inside(sandbox, ours)) == 5  # two addresses, two numbers, one postal address
    gone = audiences.prepare(CHOSEN, PEOPLE[1])
    members.remove_audience_members(
        official.RemoveAudienceMembersRequest(
            destinations=[destination(theirs)],
            audience_members=[their_member(row) for row in gone],
            encoding=official.Encoding.HEX,
        )
    )
    await audiences.remove_members(ours, CHOSEN, gone, whole(gone))
    assert inside(sandbox, ours) == inside(sandbox, theirs)
    assert len(inside(sandbox, ours)) == 3


async def test_googles_own_client_reads_the_list_that_we_made_and_deletes_it(
    audiences: AudiencePlatform, lists: official.UserListServiceClient
) -> None:
    tag = str(uuid7())
    made = await audiences.create_audience(f"Ours {tag}", tag)
    name = f"accountTypes/GOOGLE_ADS/accounts/{US_ACCOUNT}/userLists/{made}"
    read = lists.get_user_list(name=name)
    assert (read.display_name, tag in read.description) == (f"Ours {tag}", True)
    assert read.membership_duration.days == 540
    assert read.membership_status == official.UserList.MembershipStatus.OPEN
    listed = lists.list_user_lists(parent=name.rpartition("/userLists/")[0])
    assert made in {str(each.id) for each in listed}
    lists.delete_user_list(name=name)
    with pytest.raises(PlatformError) as gone:
        await audiences.read_audience(made)
    assert gone.value.code == "google.audience_gone"


async def test_a_request_is_acknowledged_and_its_status_is_told_later(
    audiences: AudiencePlatform, members: official.IngestionServiceClient
) -> None:
    made = await audiences.create_audience(f"Ours {uuid7()}", str(uuid7()))
    rows = audiences.prepare(CHOSEN, PEOPLE[0])
    taken = await audiences.add_members(made, CHOSEN, rows, whole(rows))
    assert await audiences.read_requests(taken.receipts) == []
    told = members.retrieve_request_status(request={"request_id": taken.receipts[0]})
    [one] = told.request_status_per_destination
    assert one.request_status == official.RequestStatusPerDestination.RequestStatus.PROCESSING


def test_what_cannot_be_read_is_refused_whole_in_googles_words(
    members: official.IngestionServiceClient, lists: official.UserListServiceClient, sandbox: Sandbox
) -> None:
    made = their_list(lists)
    good = official.UserIdentifier(email_address="0" * 64)
    bad = official.UserIdentifier(email_address="nonsense")
    request = official.IngestAudienceMembersRequest(
        destinations=[destination(made)],
        audience_members=[
            official.AudienceMember(user_data=official.UserData(user_identifiers=[each]))
            for each in (good, bad)
        ],
        encoding=official.Encoding.HEX,
    )
    with pytest.raises(exceptions.BadRequest) as refused:
        members.ingest_audience_members(request)
    assert "audience_members[1].user_data.user_identifiers[0].email_address" in str(refused.value)
    assert inside(sandbox, made) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"destinations": []}, "REQUIRED_FIELD_MISSING"),
        ({"audienceMembers": []}, "REQUIRED_FIELD_MISSING"),
        ({"encoding": "BASE64"}, "REQUIRED_FIELD_MISSING"),
        ({"audienceMembers": [{}]}, "INVALID_AUDIENCE_MEMBER"),
        ({"audienceMembers": [{"userData": {"userIdentifiers": []}}]}, "NO_IDENTIFIERS_PROVIDED"),
        ({"audienceMembers": [{"userData": {}}] * 10_001}, "TOO_MANY_AUDIENCE_MEMBERS"),
        ({"consent": {"adUserData": "MAYBE"}}, "INVALID_ENUM_VALUE"),
    ],
)
def test_a_request_that_is_none_says_why(
    members: official.IngestionServiceClient,
    lists: official.UserListServiceClient,
    sandbox: Sandbox,
    change: dict[str, Any],
    reason: str,
) -> None:
    account = {"accountType": "GOOGLE_ADS", "accountId": US_ACCOUNT}
    body = {
        "destinations": [{"operatingAccount": account, "productDestinationId": their_list(lists)}],
        "audienceMembers": [{"userData": {"userIdentifiers": [{"emailAddress": "0" * 64}]}}],
        "encoding": "HEX",
        **change,
    }
    token = sandbox.vendor("google")["access_token"]
    answer = HTTP.post(
        f"{sandbox.url}/google/v1/audienceMembers:ingest",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 400
    assert reason in answer.text


async def test_without_the_terms_it_says_who_accepts_them(
    audiences: AudiencePlatform, sandbox: Sandbox
) -> None:
    made = await audiences.create_audience(f"Ours {uuid7()}", str(uuid7()))
    rows = audiences.prepare(CHOSEN, PEOPLE[0])
    sandbox.control("POST", "google/audience-terms", json={"accepted": False})
    try:
        with pytest.raises(PlatformError) as refused:
            await audiences.add_members(made, CHOSEN, rows, whole(rows))
    finally:
        sandbox.control("POST", "google/audience-terms", json={"accepted": True})
    assert refused.value.code == "google.terms_and_conditions_not_signed"
    assert "Google Ads" in refused.value.message


async def test_an_account_below_a_manager_is_reached_by_it(scopes: Scopes, connected: Connected) -> None:
    yen = await AudienceService(scopes).open(connected.yen)
    tag = str(uuid7())
    made = await yen.create_audience(f"Yen {tag}", tag)
    rows = yen.prepare(CHOSEN, PEOPLE[0])
    assert (await yen.add_members(made, CHOSEN, rows, whole(rows))).received == 1
    assert made in {each.external_id for each in await yen.list_audiences()}


async def test_an_id_that_leads_elsewhere_does_not_leave(audiences: AudiencePlatform) -> None:
    with pytest.raises(PlatformError) as refused:
        await audiences.read_audience("1/../../customers")
    assert refused.value.kind is PlatformErrorKind.INVALID
