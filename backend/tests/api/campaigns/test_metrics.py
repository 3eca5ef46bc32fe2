"""A campaign's days are shown with how complete they are."""

import pytest
from httpx2 import AsyncClient

from tests.factories.integrations import BROAD

CAMPAIGNS = "/api/v1/campaigns"


@pytest.mark.usefixtures("synced")
async def test_a_campaigns_days_come_with_their_maturity(client: AsyncClient) -> None:
    items = (await client.get(CAMPAIGNS)).json()["items"]
    broad = next(one for one in items if one["external_id"] == BROAD)
    detail = (await client.get(f"{CAMPAIGNS}/{broad['id']}")).json()
    assert len(detail["ad_sets"]) == 2
    shown = (await client.get(f"{CAMPAIGNS}/{broad['id']}/metrics")).json()
    assert (shown["currency"], shown["timezone"]) == ("USD", "America/New_York")
    maturities = [day["maturity"] for day in shown["days"]]
    assert maturities == sorted(maturities, reverse=True)
    assert (maturities[0], maturities[-1]) == (1.0, 0.0)
    recent = sum(day["spend_micros"] for day in shown["days"][-8:-1])
    assert broad["spend_micros"] == pytest.approx(recent, rel=0.2)
