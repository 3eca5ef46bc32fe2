"""The ledger over the wire."""

from app.auth.permissions import Role
from tests.api.trust_engine.test_gate import _decided
from tests.factories.access import Company
from tests.factories.trust import make_account

URL = "/api/v1/trust/ledger"


async def test_an_empty_ledger_is_whole(acme: Company) -> None:
    found = (await acme.client().post(f"{URL}/verify")).json()
    assert (found["whole"], found["rows"], found["faults"]) == (True, 0, [])


async def test_each_row_follows_the_one_before_and_the_head_is_the_last(acme: Company) -> None:
    account = await make_account(acme.scopes)
    for _ in range(3):
        await _decided(acme, account)
    rows = (await acme.client().get(URL)).json()["items"]
    assert [row["sequence"] for row in rows] == [3, 2, 1]
    assert [row["previous_hash"] for row in rows[:2]] == [row["hash"] for row in rows[1:]]
    head = (await acme.client().get(f"{URL}/head")).json()
    assert (head["sequence"], head["hash"]) == (3, rows[0]["hash"])
    verified = (await acme.client(Role.ANALYST).post(f"{URL}/verify")).json()
    assert (verified["whole"], verified["rows"]) == (True, 3)


async def test_a_viewer_may_not_read_the_ledger(acme: Company) -> None:
    assert (await acme.client(Role.VIEWER).get(URL)).status_code == 403
