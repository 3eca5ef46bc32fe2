"""What is said of ads that a platform turned down. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.models.integrations.kinds import AdReview
from app.models.trust_engine.kinds import IncidentSeverity

_NAMED = 3
_LONGEST_REASON = 200
MEND = (
    "Change the ad or its landing page in the platform's ads manager, or ask for another review there. "
    "This closes by itself once the platform approves."
)


@dataclass(frozen=True, slots=True)
class Refused:
    """An ad that is switched on and that its platform does not show. `id` is ours."""

    id: str
    name: str
    reasons: tuple[str, ...]
    landing_url: str | None


@dataclass(frozen=True, slots=True)
class Refusals:
    """A campaign that runs, how many of its ads are switched on, and which of them are disapproved."""

    campaign: str
    ads: int
    refused: Sequence[Refused]

    @property
    def severity(self) -> IncidentSeverity:
        """With all of them gone, nothing of the campaign is shown any more."""
        return IncidentSeverity.CRITICAL if len(self.refused) >= self.ads else IncidentSeverity.WARNING


def sentence(account: str, found: Refusals) -> str:
    """In plain words which are disapproved, and why."""
    refused = sorted(found.refused, key=lambda one: (one.name, one.id))
    told = "; ".join(f"“{one.name}”: {_why(one)}" for one in refused[:_NAMED])
    more = f"; and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
    return f"{account}: {_share(found)} of “{found.campaign}” disapproved. {told}{more}."


def evidence(found: Refusals) -> dict[str, Any]:
    return {
        "campaign": found.campaign,
        "active_ads": found.ads,
        "disapproved_ads": [
            {"id": one.id, "name": one.name, "reasons": list(one.reasons), "landing_url": one.landing_url}
            for one in found.refused[:100]
        ],
    }


def farewell(campaign: str, verdicts: Sequence[str | None]) -> str:
    """Why it is over: `verdicts` are those of the ads that it was about, as they stand now."""
    shown = {AdReview.APPROVED.value, AdReview.LIMITED.value}
    if verdicts and all(one in shown for one in verdicts):
        return f"The ads of “{campaign}” are approved again."
    return f"No ad of “{campaign}” that is to run is disapproved any more: they were changed or stopped."


def _share(found: Refusals) -> str:
    count = len(found.refused)
    if count >= found.ads:
        return "the only active ad" if count == 1 else f"all {count} active ads"
    return f"{count} of {found.ads} active ads"


def _why(one: Refused) -> str:
    said = "; ".join(one.reasons).rstrip(".")
    if not said:
        return "the platform gives no reason"
    return said if len(said) <= _LONGEST_REASON else f"{said[:_LONGEST_REASON].rstrip()}…"
