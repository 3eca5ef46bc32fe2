"""What the platforms take, as people are shown it."""

from app.schemas.campaigns.drafts import AdOfferRead, OfferRead
from app.services.campaigns.drafts.rules import longest_marked, longest_name
from app.services.integrations.campaigns.service import AdOffer, CampaignOffer, offers


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
            ads=None,
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
        ads=None if offer.ads is None else _ads(offer.ads),
    )


def _ads(offer: AdOffer) -> AdOfferRead:
    return AdOfferRead(
        calls_to_action=list(offer.calls_to_action),
        longest_name=longest_marked(offer.longest_name),
        longest_headline=offer.longest_headline,
        longest_body=offer.longest_body,
        identity=offer.identity,
        longest_brand=offer.longest_brand,
        has_logo=offer.has_logo,
        counts_width=offer.counts_width,
        one_line=offer.one_line,
        most=offer.most,
    )
