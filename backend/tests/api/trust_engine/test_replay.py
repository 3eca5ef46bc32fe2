"""What a draft would have decided, one decision made again, and how what passed ended, over the wire."""

from uuid import UUID

from app.auth.permissions import Role
from app.models.trust_engine.kinds import Origin
from app.services.trust_engine.gate.service import Ask, GateService, Proposal
from app.services.trust_engine.health.service import HealthService
from tests.factories.access import Company
from tests.factories.trust import make_account, trusted

URL = "/api/v1/trust/replay"
TRUSTING = {"document": {"rise_after": 1}}


async def _decided(company: Company, *, measured: bool = True) -> str:
    """A raise that a mode which has not risen yet blocks; without `measured` it passes on signals that are gone."""
    account = await make_account(company.scopes)
    if measured:
        async with company.scopes() as scope:
            await HealthService(scope).evaluate(account.id)
    else:
        await trusted(company.scopes, account.id)
    async with company.scopes() as scope:
        decision = await GateService(scope).decide(
            Proposal(
                change=account.raise_by(10),
                ad_account_id=account.id,
                ask=Ask(origin=Origin.PERSON, actor="Ada"),
            )
        )
    return str(decision.id)


async def test_a_draft_is_held_against_what_was_decided(acme: Company, globex: Company) -> None:
    await _decided(acme)
    found = await acme.client(Role.VIEWER).post(f"{URL}/counterfactual", json=TRUSTING)
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["rows"], told["rescored"], told["cut_short"], told["policy_version"]) == (1, True, False, 2)
    assert told["together"]["before"] == {"PASS": 0, "HOLD": 0, "BLOCK": 1}
    assert told["together"]["after"] == {"PASS": 1, "HOLD": 0, "BLOCK": 0}
    [group] = told["groups"]
    assert (group["risk_class"], group["platform"]) == ("high", "meta")
    [change] = group["transitions"]
    assert (change["before"], change["after"], change["decisions"]) == ("BLOCK", "PASS", 1)
    assert change["money"] == [{"currency": "USD", "raises_micros": 10_000_000, "cuts_micros": 0}]
    assert change["reasons"] == [{"code": "critical", "result": "BLOCK", "decisions": 1}]
    assert (change["outcomes"], change["rolled_back"]) == ([], None)
    theirs = await globex.client().post(f"{URL}/counterfactual", json=TRUSTING)
    assert theirs.json()["rows"] == 0
    assert (await acme.client().get("/api/v1/trust/policies/current")).json()["version"] == 1


async def test_what_cannot_be_decided_again_is_counted_with_its_reason(acme: Company) -> None:
    await _decided(acme, measured=False)
    told = (await acme.client().post(f"{URL}/counterfactual", json=TRUSTING)).json()["together"]
    assert (told["before"]["PASS"], told["after"]["PASS"], told["transitions"]) == (1, 0, [])
    [undecided] = told["undecided"]
    assert (undecided["gap"], undecided["decisions"]) == ("evidence_gone", 1)


async def test_an_unsound_draft_and_a_time_that_runs_backwards_are_refused(acme: Company) -> None:
    unsound = await acme.client().post(f"{URL}/counterfactual", json={"document": {"dead_cap": 60}})
    assert (unsound.status_code, unsound.json()["code"]) == (422, "trust_engine.policies.unsound")
    for times in (
        {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2199-01-01T00:00:00Z"},
    ):
        refused = await acme.client().post(f"{URL}/counterfactual", json={**TRUSTING, **times})
        assert refused.status_code == 422


async def test_a_decision_is_made_again_by_its_own_policy_the_present_one_and_a_draft(
    acme: Company, globex: Company
) -> None:
    decision = await _decided(acme)
    adopted = {"note": "Careful.", "document": {"score_ttl_minutes": 30}}
    await acme.client().post("/api/v1/trust/policies", json=adopted)
    found = await acme.client(Role.VIEWER).post(f"{URL}/decisions/{decision}", json=TRUSTING)
    assert found.status_code == 200, found.text
    told = found.json()
    assert (told["identical"], told["present_version"]) == (True, 2)
    assert [told[which]["result"] for which in ("recorded", "own", "present", "draft")] == [
        "BLOCK",
        "BLOCK",
        "BLOCK",
        "PASS",
    ]
    assert told["own"] == told["recorded"]
    assert told["recorded"]["reasons"][0]["code"] == "critical"
    alone = (await acme.client().post(f"{URL}/decisions/{decision}", json={})).json()
    assert alone["draft"] is None
    assert (await globex.client().post(f"{URL}/decisions/{decision}", json={})).status_code == 404
    assert (await acme.client().post(f"{URL}/decisions/{UUID(int=1)}", json={})).status_code == 404


async def test_before_anything_has_passed_there_is_no_calibration(acme: Company) -> None:
    await _decided(acme)
    found = (await acme.client(Role.VIEWER).get(f"{URL}/calibration")).json()
    assert found["bands"] == []
