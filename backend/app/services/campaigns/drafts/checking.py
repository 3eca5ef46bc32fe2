"""Whether a platform and the company's limits would take a draft now: asked before it is submitted and published."""

from dataclasses import dataclass, replace
from uuid import UUID

from app.core.logging import get_logger
from app.db.session import Scopes, TenantScope
from app.models.campaigns.drafts import CampaignDraft
from app.schemas.campaigns.drafts import CampaignPlan, plan_of
from app.services.campaigns.assets.service import Assets
from app.services.campaigns.drafts.ad_rules import ad_faults
from app.services.campaigns.drafts.asking import over_limits, proposal_of
from app.services.campaigns.drafts.asset_rules import asset_faults, named
from app.services.campaigns.drafts.parts_rules import parts, total_micros
from app.services.campaigns.drafts.rules import Fault, Place, faults
from app.services.campaigns.drafts.service import Drafts, offer_for
from app.services.integrations.campaigns.service import CampaignMakers
from app.services.integrations.ports import BudgetedType, PlatformError

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    version: int
    place: Place
    faults: tuple[Fault, ...]
    least_daily_micros: int | None


class DraftChecks:
    """Takes a scope factory: no transaction is open while a platform is asked for its smallest budget."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes = scopes

    async def check(self, draft_id: UUID) -> Checked:
        async with self._scopes() as scope:
            drafts = Drafts(scope)
            draft = await drafts.get(draft_id)
            place = await drafts.place(draft)
        plan = plan_of(draft.plan)
        least = await self._least(draft, place, plan.budget.level)
        place = replace(place, least_campaign_micros=least, least_ad_set_micros=least)
        async with self._scopes() as scope:
            offer = offer_for(draft)
            found = list(faults(plan, place, offer, scope.now()))
            if offer is not None:
                pictures = await Assets(scope).pictures({asset_id for _, asset_id in named(plan)})
                found += ad_faults(plan, place.platform, offer)
                found += asset_faults(plan, place.platform, pictures)
            found += await _limits(scope, draft, plan, place)
        return Checked(draft.version, place, tuple(found), least)

    async def submit(self, draft_id: UUID, version: int) -> CampaignDraft:
        checked = await self.check(draft_id)
        async with self._scopes() as scope:
            return await Drafts(scope).submit(draft_id, version, _of(checked, version))

    async def publish(self, draft_id: UUID, version: int) -> CampaignDraft:
        checked = await self.check(draft_id)
        async with self._scopes() as scope:
            return await Drafts(scope).publish(draft_id, version, _of(checked, version))

    async def _least(self, draft: CampaignDraft, place: Place, level: BudgetedType) -> int | None:
        """The platform's word; None while it does not tell, or the account cannot be asked."""
        if offer_for(draft) is None or not place.enabled:
            return None
        try:
            return await (await CampaignMakers(self._scopes).open(draft.ad_account_id)).least_daily_micros(
                level
            )
        except PlatformError as error:
            log.warning("campaigns.drafts.least_not_told", draft_id=str(draft.id), code=error.code)
            return None


def _of(checked: Checked, version: int) -> tuple[Fault, ...]:
    """The faults, where they were found in the version that is meant; else the version itself is refused."""
    return checked.faults if checked.version == version else ()


async def _limits(scope: TenantScope, draft: CampaignDraft, plan: CampaignPlan, place: Place) -> list[Fault]:
    """What the company's own limits forbid, by the gate's own reckoning."""
    offer = offer_for(draft)
    if offer is None or total_micros(plan) <= 0:
        return []
    campaign, _ = parts(plan, (draft.id, draft.version), place, offer, scope.now())
    change = campaign.change(draft.platform, await Drafts(scope).account_number(draft), {})
    _, decision = await proposal_of(scope, draft, campaign, change, place)
    field = "plan.budget.amount_micros" if plan.budget.level == "campaign" else "plan.ad_sets"
    return over_limits(decision, field)
