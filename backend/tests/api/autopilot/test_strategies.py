"""Strategies: what is set is kept, and a run tells what it found of every campaign."""

from app.auth.permissions import Role
from tests.factories.access import Company
from tests.factories.trust import make_account

URL = "/api/v1/autopilot/strategies"


async def test_a_strategy_is_off_until_somebody_switches_it_on(acme: Company) -> None:
    found = (await acme.client().get(URL)).json()
    assert {each["name"]: each["enabled"] for each in found} == dict.fromkeys(
        ("performance_scaling", "reallocation", "budget_pacing", "status_management", "ad_fatigue"), False
    )


async def test_settings_are_kept_and_bounded(acme: Company) -> None:
    manager = acme.client(Role.MANAGER)
    changed = await manager.patch(
        f"{URL}/performance_scaling", json={"enabled": True, "config": {"target_roas": 3.0}}
    )
    assert (changed.json()["enabled"], changed.json()["config"]["target_roas"]) == (True, 3.0)
    assert changed.json()["config"]["raise_step"] == 0.15
    assert (
        await manager.patch(f"{URL}/performance_scaling", json={"config": {"raise_step": 0.5}})
    ).status_code == 422
    assert (await manager.get(f"{URL}/magic")).status_code == 404


async def test_a_run_tells_what_it_found_and_proposes_through_the_gate(acme: Company) -> None:
    await make_account(acme.scopes)
    run = (await acme.client(Role.MANAGER).post(f"{URL}/performance_scaling/run")).json()["considered"]
    assert len(run) == 1
    assert run[0]["sentence"]
    if run[0]["action_id"]:
        action = (await acme.client().get(f"/api/v1/autopilot/actions/{run[0]['action_id']}")).json()
        assert (action["strategy"], action["origin"]) == ("performance_scaling", "autopilot")
        assert action["decision_id"] is not None
