"""How each kind of part is made at a platform, found there by its marker, and held against what was asked."""

from typing import cast
from uuid import UUID

from app.db.session import Scopes
from app.services.campaigns.assets.service import Assets
from app.services.campaigns.drafts.parts_rules import Part
from app.services.integrations.campaigns.ports import CREATED_STATUS, MadeType
from app.services.integrations.campaigns.service import AdMaker, CampaignMaker, Created
from app.services.integrations.ports import BudgetedType
from app.services.trust_engine.gate.service import Change, Permit

_FACTS = ("name", "status", "daily_budget_micros", "lifetime_budget_micros")


class EntityWay:
    """A campaign, or an ad set of one."""

    def __init__(self, maker: CampaignMaker, campaign: str | None = None) -> None:
        self._maker = maker
        self._campaign = campaign

    async def make(self, change: Change, permit: Permit) -> Created:
        if change.entity_type == "campaign":
            return await self._maker.create_campaign(change, permit)
        return await self._maker.create_ad_set(change, permit)

    async def find(self, part: Part) -> str | None:
        listed = await (
            self._maker.list_campaigns() if self._campaign is None else self._maker.list_ad_sets()
        )
        found = (each for each in listed if part.is_marked(each) and each.campaign == self._campaign)
        return next((each.external_id for each in found), None)

    async def differs(self, part: Part, change: Change, external_id: str) -> tuple[object, object] | None:
        del change
        state = await self._maker.read_entity(cast("BudgetedType", part.entity_type), external_id)
        if part.stands(state):
            return None
        asked = {name: part.after.get(name) for name in _FACTS}
        return asked, {name: getattr(state, name) for name in _FACTS}


class _MadeWay:
    """An image, a creative or an ad."""

    _kind: MadeType

    def __init__(self, maker: AdMaker, parent: str | None = None) -> None:
        self._maker = maker
        self._parent = parent

    async def find(self, part: Part) -> str | None:
        found = await self._maker.find_made(self._kind, part.name, self._parent)
        return None if found is None else found.external_id

    async def differs(self, part: Part, change: Change, external_id: str) -> tuple[object, object] | None:
        del part
        made = await self._maker.read_made(self._kind, external_id)
        found = dict(made.facts)
        asked = {name: change.after.get(name) for name in found}
        if self._kind == "ad":
            asked["status"], found["status"] = CREATED_STATUS, made.status
        if asked == found and not made.is_gone:
            return None
        return asked, found | {"status": made.status}


class ImageWay(_MadeWay):
    _kind: MadeType = "image"

    def __init__(self, maker: AdMaker, scopes: Scopes, asset_id: UUID) -> None:
        super().__init__(maker)
        self._scopes = scopes
        self._asset_id = asset_id

    async def make(self, change: Change, permit: Permit) -> Created:
        async with self._scopes() as scope:
            file = await Assets(scope).file(self._asset_id, "image")
        return await self._maker.upload_image(change, permit, file.content)


class CreativeWay(_MadeWay):
    _kind: MadeType = "creative"

    async def make(self, change: Change, permit: Permit) -> Created:
        return await self._maker.create_creative(change, permit)


class AdWay(_MadeWay):
    _kind: MadeType = "ad"

    async def make(self, change: Change, permit: Permit) -> Created:
        return await self._maker.create_ad(change, permit)
