"""What the platforms take, as people are shown it."""

from app.schemas.campaigns.drafts import OfferRead
from app.services.campaigns.drafts.rules import longest_name
from app.services.integrations.campaigns.service import CampaignOffer, offers


def offers_read() -> list[OfferRead]:
    return [_offer(platform, offer) for platform, offer in offers().items()]


def _offer(platform: str, offer: CampaignOffer | None) -> OfferRead:
    if offer is None:
        return OfferRead(
            platform=platform,
            offered=False,
            objectives=[],
            bid_strategies=[],
            longest_name=None,
            countries=None,
            takes_ages=False,
            budget_levels=[],
            whole_days=False,
            declaration=None,
        )
    return OfferRead(
        platform=platform,
        offered=True,
        objectives=list(offer.objectives),
        bid_strategies=list(offer.bid_strategies),
        longest_name=longest_name(offer),
        countries=None if offer.countries is None else sorted(offer.countries),
        takes_ages=offer.takes_ages,
        budget_levels=list(offer.budget_levels),
        whole_days=offer.whole_days,
        declaration=offer.declaration,
    )
