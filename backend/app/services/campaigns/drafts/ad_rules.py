"""What a platform would not take of a plan's ads."""

import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from app.schemas.campaigns.drafts import CampaignPlan, PlanAd
from app.services.campaigns.drafts.rules import Fault, longest_marked
from app.services.integrations.campaigns.ports import AdOffer, CampaignOffer

_LONGEST_URL = 2_000
_NO_ADDRESS = "This is no address: write one such as https://shop.example/sale."


def ad_faults(plan: CampaignPlan, platform: str, offer: CampaignOffer) -> Iterator[Fault]:
    """In the order of the plan; nothing is said of a plan without ads."""
    count = sum(len(one.ads) for one in plan.ad_sets)
    if not count:
        return
    if offer.ads is None:
        for number, one in enumerate(plan.ad_sets):
            if one.ads:
                yield Fault(
                    f"plan.ad_sets.{number}.ads",
                    "not_offered",
                    f"Leave the ads out: for {platform} they are made at {platform} itself, not from here yet.",
                )
        return
    yield from _identity(plan, platform, offer.ads)
    if count > offer.ads.most:
        yield Fault(
            "plan.ad_sets", "too_many_ads", f"Plan {offer.ads.most} ads at the most: there are {count}."
        )
    for number, one in enumerate(plan.ad_sets):
        for place, ad in enumerate(one.ads):
            yield from _ad(f"plan.ad_sets.{number}.ads.{place}", ad, platform, offer.ads)


def _identity(plan: CampaignPlan, platform: str, offer: AdOffer) -> Iterator[Fault]:
    told = plan.identity
    if offer.identity is None:
        if told.page:
            yield Fault(
                "plan.identity.page", "not_here", f"Leave it empty: {platform} shows the brand's name alone."
            )
    elif not offer.is_identity(told.page):
        code = "wrong" if told.page else "missing"
        yield Fault("plan.identity.page", code, f"Name {offer.identity}, as which {platform} shows the ads.")
    if offer.longest_brand:
        yield from _shown("plan.identity.brand", told.brand, offer.longest_brand, offer, "the brand's name")
    if offer.has_logo and told.logo is None:
        yield Fault("plan.identity.logo", "missing", f"Choose the logo that {platform} shows beside the ads.")
    elif not offer.has_logo and told.logo is not None:
        yield Fault("plan.identity.logo", "not_here", f"Take the logo away: ads of {platform} show none.")


def _ad(field: str, ad: PlanAd, platform: str, offer: AdOffer) -> Iterator[Fault]:
    yield from _words(f"{field}.name", ad.name, longest_marked(offer.longest_name), "a name")
    yield from _shown(f"{field}.headline", ad.headline, offer.longest_headline, offer, "a headline")
    if offer.longest_body:
        yield from _shown(f"{field}.body", ad.body, offer.longest_body, offer, "a text")
        if offer.one_line and "\n" in ad.body:
            yield Fault(
                f"{field}.body", "several_lines", f"Write it in one line: {platform} takes no breaks."
            )
    elif ad.body:
        yield Fault(f"{field}.body", "not_here", f"Leave it empty: ads of {platform} have a headline alone.")
    if ad.call_to_action is None:
        yield Fault(f"{field}.call_to_action", "missing", "Choose what its button says.")
    elif ad.call_to_action not in offer.calls_to_action:
        yield Fault(
            f"{field}.call_to_action",
            "not_taken",
            f"Choose one of these for {platform}: {', '.join(offer.calls_to_action)}.",
        )
    if (said := _wrong_url(ad.landing_url)) is not None:
        yield Fault(f"{field}.landing_url", "missing" if not ad.landing_url else "wrong", said)
    if ad.asset is None:
        yield Fault(f"{field}.asset", "missing", "Choose its image.")


def _shown(field: str, text: str, most: int, offer: AdOffer, what: str) -> Iterator[Fault]:
    if not offer.counts_width or width(text) == len(text):
        yield from _words(field, text, most, what)
    elif width(text) > most:
        yield Fault(
            field,
            "too_long",
            f"Shorten it to a width of {most}, where each letter such as 字 counts twice: it has {width(text)}.",
        )


def width(text: str) -> int:
    """Of a text as it is shown, where letters of Chinese, Japanese and Korean are two wide.

    >>> width("Dry"), width("靴"), width("")
    (3, 2, 0)
    """
    return sum(2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1 for one in text)


def _words(field: str, text: str, most: int, what: str) -> Iterator[Fault]:
    if not text:
        yield Fault(field, "missing", f"Give it {what}.")
    elif len(text) > most:
        yield Fault(field, "too_long", f"Shorten it to {most} characters: it has {len(text)}.")


def _wrong_url(text: str) -> str | None:
    if not text:
        return "Say where it leads, as an https address."
    if len(text) > _LONGEST_URL:
        return f"Shorten the address to {_LONGEST_URL} characters: it has {len(text)}."
    try:
        found = urlsplit(text)
        host, _ = found.hostname or "", found.port
    except ValueError:
        return _NO_ADDRESS
    if found.scheme != "https":
        return "Let it begin with https://: visitors are led nowhere else."
    if found.username is not None or found.password is not None:
        return "Leave the name and password out of the address."
    is_whole = "." in host.strip(".") and not any(each.isspace() for each in text)
    return None if is_whole else _NO_ADDRESS
