"""Ads and creatives of a publication that failed are taken away again: half of them would be no plan of anybody's.

Only what this version made, what is still as it was made, and what nobody has switched on: a creative of an ad that
stays is left to it. An image stays: it shows nothing by itself. Campaign and ad sets stay too, paused: a new attempt
goes on from them, and makes the ads anew.
"""

from collections.abc import Iterator, Mapping

from app.core.logging import get_logger
from app.models.campaigns.kinds import PublishOutcome
from app.services.campaigns.drafts.ad_parts_rules import AdParts
from app.services.campaigns.drafts.parts_rules import Part
from app.services.campaigns.drafts.service import offer_for
from app.services.campaigns.drafts.standing import Ended, Job, PartStanding
from app.services.integrations.campaigns.ports import (
    CREATED_STATUS,
    REMOVE_AD,
    REMOVE_CREATIVE,
    REMOVED_STATUS,
    MadeType,
)
from app.services.integrations.campaigns.service import AdMaker
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.trust_engine.gate.errors import PermitRefused
from app.services.trust_engine.gate.service import Change

log = get_logger(__name__)


class AdRemoval:
    """`begun` and `made` as the log tells them when all of it is over."""

    def __init__(
        self, standing: PartStanding, maker: AdMaker, job: Job, begun: frozenset[str], made: Mapping[str, str]
    ) -> None:
        self._standing = standing
        self._maker = maker
        self._job = job
        self._begun = begun
        self._made = made
        offer = offer_for(job.draft)
        self._keeps_creatives = offer is None or offer.ads is None or not offer.ads.removes_creatives

    async def remove(self) -> None:
        """As far as the gate and the platform let it: whatever is left stands paused, and the log says so."""
        for each in reversed(self._job.ads):
            for part, kind in self._newest_first(each):
                try:
                    is_gone = await self._one(part, kind)
                except (Ended, PlatformError, PermitRefused) as error:
                    # The failure that led here is the one to be told; the calls' own list has this one.
                    log.warning("campaigns.drafts.not_removed", part=part.key, error=str(error))
                    is_gone = False
                if not is_gone:
                    break

    def _newest_first(self, each: AdParts) -> Iterator[tuple[Part, MadeType]]:
        if each.ad.key in self._begun:
            yield each.ad, "ad"
        if each.creative is not None and each.creative.key in self._begun and not self._keeps_creatives:
            yield each.creative, "creative"

    async def _one(self, part: Part, kind: MadeType) -> bool:
        """Whether it is not there, or not any more."""
        external_id = self._made.get(part.key)
        if external_id is None:
            found = await self._maker.find_made(kind, part.name)
            if found is None:
                return True
            external_id = found.external_id
        made = await self._maker.read_made(kind, external_id)
        if not made.is_gone:
            if made.name != part.name or (kind == "ad" and made.status != CREATED_STATUS):
                return False
            await self._send(part, kind, external_id)
            made = await self._maker.read_made(kind, external_id)
        if made.is_gone:
            await self._standing.note(part, PublishOutcome.REMOVED, external_id=external_id)
        return made.is_gone

    async def _send(self, part: Part, kind: MadeType, external_id: str) -> None:
        change = Change(
            platform=self._job.draft.platform,
            account=self._job.account,
            entity_type=kind,
            entity=external_id,
            operation=REMOVE_AD if kind == "ad" else REMOVE_CREATIVE,
            before={"status": CREATED_STATUS},
            after={"status": REMOVED_STATUS},
        )
        permit = await self._standing.permit(part, change)
        remove = self._maker.remove_ad if kind == "ad" else self._maker.remove_creative
        try:
            await remove(change, permit)
        except PlatformError as error:
            if error.kind is not PlatformErrorKind.AMBIGUOUS:
                raise
