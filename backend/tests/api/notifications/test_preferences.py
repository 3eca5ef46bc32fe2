"""How one wishes to be told, by its API."""

import pytest

from app.auth.permissions import Role
from tests.factories.access import Company

URL = "/api/v1/notifications/preferences"


async def test_who_chose_nothing_has_the_defaults_on_the_companys_clocks(acme: Company) -> None:
    found = (await acme.client(Role.VIEWER).get(URL)).json()
    by_kind = {each["kind"]: each for each in found["choices"]}
    assert by_kind["incident_opened"] == {
        "kind": "incident_opened",
        "name": "An incident was opened",
        "in_app": True,
        "email": True,
        "whatsapp": True,
        "may_hear": True,
    }
    assert by_kind["incident_closed"]["email"] is False
    assert by_kind["dead_letter"]["may_hear"] is False
    assert (found["digest"], found["quiet_from"], found["timezone"]) == ("immediate", None, "UTC")
    assert found["timezone_is_the_companys"] is True


async def test_what_is_given_changes_and_the_rest_stays(acme: Company) -> None:
    client = acme.client()
    await client.patch(URL, json={"digest": "daily", "digest_at": "07:30", "timezone": "Europe/Berlin"})
    found = (
        await client.patch(
            URL,
            json={
                "quiet_from": "22:00",
                "quiet_until": "06:45",
                "choices": [{"kind": "incident_closed", "email": True}],
            },
        )
    ).json()
    assert (found["digest"], found["digest_at"], found["timezone"]) == ("daily", "07:30", "Europe/Berlin")
    assert (found["quiet_from"], found["quiet_until"]) == ("22:00", "06:45")
    assert {each["kind"]: each for each in found["choices"]}["incident_closed"]["email"] is True
    ended = (await client.patch(URL, json={"quiet_from": None, "quiet_until": None, "timezone": None})).json()
    assert (ended["quiet_from"], ended["timezone"]) == (None, "UTC")
    assert (await acme.client(Role.VIEWER).get(URL)).json()["digest"] == "immediate", "they are one's own"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quiet_from": "22:00"}, "body.quiet_until"),
        ({"quiet_until": "06:00"}, "body.quiet_from"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "body.quiet_until"),
        ({"digest_at": "24:00"}, "body.digest_at"),
        ({"timezone": "Mars/Base"}, "body.timezone"),
        ({"choices": [{"kind": "gossip"}]}, "body.choices.0.kind"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    acme: Company, body: dict[str, object], field: str
) -> None:
    answer = await acme.client().patch(URL, json=body)
    assert (answer.status_code, answer.json()["fields"][0]["field"]) == (422, field)
