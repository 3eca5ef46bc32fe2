"""The inbox, by its API."""

from app.auth.permissions import Role
from app.core.clock import real_now
from tests.factories.access import Company
from tests.factories.notifications import a_notice, tell

URL = "/api/v1/notifications"


async def test_what_was_told_is_read_newest_first_by_pages(acme: Company) -> None:
    for number in range(5):
        await tell(acme, a_notice(key=str(number), facts={"sentence": f"Number {number}"}))
    seen, cursor = [], None
    for _ in range(3):
        page = (
            await acme.client().get(URL, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        ).json()
        seen += [each["title"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"Incident: Number {number}" for number in (4, 3, 2, 1, 0)]
    assert cursor is None


async def test_reading_one_counts_it_off(acme: Company) -> None:
    first = await tell(acme, a_notice(key="one"))
    await tell(acme, a_notice(key="two"))
    assert (await acme.client().get(f"{URL}/unread")).json() == {"unread": 2, "is_more": False}
    read = await acme.client().post(f"{URL}/{first.id}/read")
    assert read.json()["read_at"] is not None
    again = await acme.client().post(f"{URL}/{first.id}/read")
    assert again.json()["read_at"] == read.json()["read_at"], "when it was read first"
    assert (await acme.client().get(f"{URL}/unread")).json()["unread"] == 1
    unread = (await acme.client().get(URL, params={"unread": True})).json()["items"]
    assert [each["id"] for each in unread] != [str(first.id)]
    assert (await acme.client(Role.VIEWER).get(f"{URL}/unread")).json()["unread"] == 2, (
        "a reading is one's own"
    )


async def test_all_are_read_but_what_came_after_one_looked(acme: Company) -> None:
    await tell(acme, a_notice(key="before"))
    looked = real_now().isoformat()
    await tell(acme, a_notice(key="after"))
    assert (await acme.client().post(f"{URL}/read-all", json={"until": looked})).json() == {"read": 1}
    assert (await acme.client().post(f"{URL}/read-all", json={})).json() == {"read": 1}
    assert (await acme.client().get(f"{URL}/unread")).json()["unread"] == 0


async def test_more_than_a_hundred_are_not_counted(acme: Company) -> None:
    for number in range(101):
        await tell(acme, a_notice(key=str(number)))
    assert (await acme.client().get(f"{URL}/unread")).json() == {"unread": 100, "is_more": True}


async def test_only_a_kind_can_be_asked_for(acme: Company) -> None:
    await tell(acme, a_notice())
    found = await acme.client().get(URL, params={"kind": "dead_letter"})
    assert found.json()["items"] == []
    wrong = await acme.client().get(URL, params={"kind": "gossip"})
    assert (wrong.status_code, wrong.json()["fields"][0]["field"]) == (422, "query.kind")


async def test_a_program_has_no_inbox(acme: Company) -> None:
    made = await acme.client().post(
        "/api/v1/api-keys", json={"name": "Bot", "scopes": ["notifications:read"]}
    )
    assert made.status_code == 422
