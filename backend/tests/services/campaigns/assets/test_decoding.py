"""The places of the decoders are shared among companies."""

import asyncio
import io

from app.services.campaigns.assets.decoding import decoded
from app.services.campaigns.assets.errors import Busy
from app.services.campaigns.assets.images import Taken
from tests.factories.assets import jpeg

MOST = 1_048_576


async def test_a_company_has_one_place_at_a_time_and_three_that_wait() -> None:
    image, ended = jpeg(20, 20), []

    async def one(name: str, tenant_id: int) -> Taken:
        try:
            return await decoded(io.BytesIO(image), MOST, tenant_id=tenant_id)
        finally:
            ended.append(name)

    ours = [asyncio.create_task(one(f"ours {number}", -1)) for number in range(5)]
    theirs = asyncio.create_task(one("theirs", -2))
    *taken, refused = await asyncio.gather(*ours, return_exceptions=True)
    assert isinstance(refused, Busy)
    assert [type(each) for each in taken] == [Taken] * 4
    assert (await theirs).width == 20
    assert ended[0] == "ours 4", "it was told at once"
    assert ended.index("theirs") < ended.index("ours 2"), "another company waited for all of ours"
    assert (await one("ours again", -1)).width == 20
