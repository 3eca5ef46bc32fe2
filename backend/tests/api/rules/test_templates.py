"""Templates become rules of the company's own, switched off, in its currency and its time zone."""

from typing import Any

import pytest

from app.auth.permissions import Role
from tests.factories.access import Company

URL = "/api/v1/rules/templates"
VALUES: dict[str, dict[str, Any]] = {
    "stop_loss": {"cpa": 50, "spend": 200},
    "no_conversions": {"spend": 100},
    "scale_winners": {"ceiling": 500},
    "pause_fatigue": {},
    "budget_guard": {"percent": 130},
}


async def test_every_template_becomes_a_rule_that_can_be_previewed(acme: Company) -> None:
    manager = acme.client(Role.MANAGER)
    listed = (await manager.get(URL)).json()
    assert {each["name"] for each in listed} == VALUES.keys()
    for name, values in VALUES.items():
        answer = await manager.post(f"{URL}/{name}", json={"values": values})
        assert answer.status_code == 201, answer.text
        rule = answer.json()
        assert (rule["state"], rule["template"]) == ("off", name)
        preview = await manager.post("/api/v1/rules/preview", json={"definition": rule["definition"]})
        assert preview.status_code == 200, preview.text


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"cpa": 50}, "body.values.spend", "give a number"),
        ({"cpa": 0, "spend": 1}, "body.values.cpa", "from 0.01"),
        ({"cpa": 1, "spend": 1, "magic": 1}, "body.values.magic", "leave it out"),
    ],
)
async def test_a_number_that_cannot_be_used_is_named(
    acme: Company, values: dict[str, Any], field: str, said: str
) -> None:
    answer = await acme.client(Role.MANAGER).post(f"{URL}/stop_loss", json={"values": values})
    assert answer.status_code == 422
    [fault] = answer.json()["fields"]
    assert fault["field"] == field
    assert said in fault["message"]


async def test_there_is_no_other_template(acme: Company) -> None:
    answer = await acme.client(Role.MANAGER).post(f"{URL}/magic", json={"values": {}})
    assert (answer.status_code, answer.json()["code"]) == (404, "rules.templates.not_found")
