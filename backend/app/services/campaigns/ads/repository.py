from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from app.core.ids import uuid7
from app.db.readers import Reads
from app.db.session import TenantScope
from app.db.utils import Slice, counted, in_order, slice_of
from app.models.campaigns import AdSet, Campaign
from app.models.campaigns.ads import Ad, AdReviewed
from app.models.integrations.kinds import AdReview
from app.services.campaigns.ads.rules import Refusals, Refused
from app.services.integrations.ads.ports import AdState

_CHUNK = 2_000
_ESCAPED = str.maketrans({"%": r"\%", "_": r"\_", "\\": r"\\"})
_STOPPED = ("paused", "archived", "deleted", "ended")

# One statement: the ads as told, and each verdict that differs from the one before. Platforms tell none of an ad
# that is stopped: that is no other verdict. What a part of it reads of a table is how that stood before the statement.
_KEEP = text(
    """
    WITH told AS (
      SELECT r.*, coalesce(c.id, s.campaign_id) AS campaign_id, s.id AS ad_set_id
      FROM jsonb_to_recordset(:ads) AS r (
        id uuid, external_id text, ad_set text, campaign text, name text, status text, effective_status text,
        review text, review_reasons jsonb, creative_id text, creative_kind text, headline text, body text,
        call_to_action text, landing_url text, image_url text, media text, platform_updated_at timestamptz)
      LEFT JOIN campaigns AS c ON c.ad_account_id = :account AND c.external_id = r.campaign
      LEFT JOIN (ad_sets AS s JOIN campaigns AS above ON above.tenant_id = s.tenant_id AND above.id = s.campaign_id
        AND above.ad_account_id = :account) ON s.external_id = r.ad_set
      WHERE coalesce(c.id, s.campaign_id) IS NOT NULL),
    before AS (
      SELECT a.external_id, a.reviewed_at, told.review IS NOT NULL
        AND (last.review IS NULL OR last.review <> told.review OR last.reasons <> told.review_reasons) AS is_other
      FROM ads AS a JOIN told ON told.external_id = a.external_id
      LEFT JOIN LATERAL (
        SELECT r.review, r.reasons FROM ad_reviews AS r
        WHERE r.tenant_id = a.tenant_id AND r.ad_id = a.id AND r.review IS NOT NULL
        ORDER BY r.seen_at DESC LIMIT 1) AS last ON true
      WHERE a.ad_account_id = :account),
    kept AS (
      INSERT INTO ads AS a (tenant_id, id, ad_account_id, campaign_id, ad_set_id, external_id, name, status,
        effective_status, review, review_reasons, reviewed_at, creative_id, creative_kind, headline, body,
        call_to_action, landing_url, image_url, media, platform_updated_at, synced_at, gone)
      SELECT (SELECT current_tenant()), id, :account, campaign_id, ad_set_id, external_id, name, status,
        effective_status, review, review_reasons, CASE WHEN before.is_other THEN :now
          ELSE coalesce(before.reviewed_at, :now) END, creative_id, creative_kind, headline, body,
        call_to_action, landing_url, image_url, media, platform_updated_at, :now, false
      FROM told LEFT JOIN before USING (external_id) ORDER BY external_id
      ON CONFLICT (tenant_id, ad_account_id, external_id) DO UPDATE SET
        campaign_id = excluded.campaign_id, ad_set_id = excluded.ad_set_id, name = excluded.name,
        status = excluded.status, effective_status = excluded.effective_status,
        reviewed_at = excluded.reviewed_at, review = excluded.review, review_reasons = excluded.review_reasons,
        creative_id = excluded.creative_id,
        creative_kind = excluded.creative_kind, headline = excluded.headline, body = excluded.body,
        call_to_action = excluded.call_to_action, landing_url = excluded.landing_url,
        image_url = excluded.image_url, media = excluded.media,
        platform_updated_at = excluded.platform_updated_at, synced_at = excluded.synced_at, gone = false, missed = false
      RETURNING a.tenant_id, a.id, a.external_id, a.review, a.review_reasons)
    INSERT INTO ad_reviews (tenant_id, ad_id, seen_at, review, reasons)
    SELECT kept.tenant_id, kept.id, :now, kept.review, kept.review_reasons
    FROM kept LEFT JOIN before USING (external_id)
    WHERE kept.review IS NOT NULL AND before.is_other IS NOT FALSE
    ON CONFLICT (tenant_id, ad_id, seen_at) DO UPDATE SET review = excluded.review, reasons = excluded.reasons
    """
).bindparams(bindparam("ads", type_=JSONB))


class AdLine(NamedTuple):
    """An ad, with the names of what it belongs to."""

    ad: Ad
    campaign_name: str
    ad_set_name: str | None
    platform: str


class AdRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session

    async def keep(self, ad_account_id: UUID, ads: Sequence[AdState], *, now: datetime) -> None:
        """Insert or overwrite, and note each change of a verdict. An ad of a campaign that is not here is left out."""
        once = sorted({one.external_id: one for one in ads}.items())
        for start in range(0, len(once), _CHUNK):
            rows = [_row(one) for _, one in once[start : start + _CHUNK]]
            await self._session.execute(_KEEP, {"ads": rows, "account": ad_account_id, "now": now})

    async def mark_gone(self, ad_account_id: UUID, *, but: Collection[str]) -> None:
        """What the newest whole listing no longer holds."""
        listed = func.jsonb_array_elements_text(bindparam("listed", sorted(but), type_=JSONB)).column_valued(
            "l"
        )
        await self._session.execute(
            update(Ad)
            .where(Ad.ad_account_id == ad_account_id, ~Ad.gone, Ad.external_id.not_in(select(listed)))
            .values(gone=True)
            .execution_options(synchronize_session=False)
        )

    async def miss(self, ad_account_id: UUID) -> None:
        """None was listed: those are gone that were missed before and not told of since."""
        await self._session.execute(
            update(Ad)
            .where(Ad.ad_account_id == ad_account_id, ~Ad.gone)
            .values(gone=Ad.missed, missed=True)
            .execution_options(synchronize_session=False)
        )

    async def refusals(self, ad_account_id: UUID, now: datetime) -> dict[UUID, Refusals]:
        """Of each campaign that runs: its ads that are to run, and which of them are disapproved, if any are."""
        disapproved = Ad.review == AdReview.DISAPPROVED
        told = func.jsonb_build_object(
            *("id", Ad.id, "name", Ad.name, "reasons", Ad.review_reasons, "landing_url", Ad.landing_url)
        )
        statement = (
            select(
                Campaign.id,
                Campaign.name,
                func.count(),
                func.jsonb_agg(aggregate_order_by(told, Ad.name, Ad.id)).filter(disapproved),
            )
            .join(Ad, (Ad.tenant_id == Campaign.tenant_id) & (Ad.campaign_id == Campaign.id))
            .outerjoin(AdSet, (AdSet.tenant_id == Ad.tenant_id) & (AdSet.id == Ad.ad_set_id))
            .where(
                Campaign.ad_account_id == ad_account_id,
                Campaign.status == "active",
                Campaign.effective_status.not_in(_STOPPED),
                or_(Campaign.ends_at.is_(None), Campaign.ends_at > now),
                Ad.status == "active",
                ~Ad.gone,
                or_(AdSet.id.is_(None), (AdSet.status == "active") & ~AdSet.gone),
            )
            .group_by(Campaign.id, Campaign.name)
            .having(func.count().filter(disapproved) > 0)
        )
        return {
            campaign_id: Refusals(name, count, [_refused(one) for one in refused])
            for campaign_id, name, count, refused in await self._session.execute(statement)
        }

    async def verdicts(self, ids: Collection[UUID]) -> list[str | None]:
        """Of those that are still there."""
        return list(await self._session.scalars(select(Ad.review).where(Ad.id.in_(ids), ~Ad.gone)))


class AdReads:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def page(
        self, *, page: int, limit: int, sort: str, gone: bool, filters: Mapping[str, Any]
    ) -> Slice[AdLine]:
        given = {name: value for name, value in filters.items() if value}
        if search := given.get("search"):
            given["search"] = f"%{search.translate(_ESCAPED)}%"
        matching = frozenset(given)
        found = await self._reads.rows(
            _page(sort, matching, gone), **given, limit=limit, offset=(page - 1) * limit
        )
        total = found[0][-1] if found else 0
        if not found and page > 1:
            [(total,)] = await self._reads.rows(_total(matching, gone), **given)
        return slice_of([AdLine(*columns) for *columns, _ in found], total, page=page, limit=limit)

    async def one(self, ad_id: UUID) -> AdLine | None:
        found = await self._reads.rows(_ONE, id=ad_id)
        return AdLine(*found[0]) if found else None

    async def reviews_of(self, ad_id: UUID) -> Sequence[AdReviewed]:
        """The newest 100, newest first."""
        return [one for (one,) in await self._reads.rows(_REVIEWS, ad_id=ad_id)]


_SORTS = {
    "name": Ad.name,
    "campaign": Campaign.name,
    "review": Ad.review,
    "reviewed_at": Ad.reviewed_at,
    "synced_at": Ad.synced_at,
}
_FILTERS: dict[str, ColumnElement[bool]] = {
    "search": Ad.name.ilike(bindparam("search"), escape="\\"),
    "review": Ad.review == bindparam("review"),
    "campaign_id": Ad.campaign_id == bindparam("campaign_id"),
    "ad_account_id": Ad.ad_account_id == bindparam("ad_account_id"),
}


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(Ad, Campaign.name, AdSet.name, Campaign.platform)
        .join(Campaign, (Campaign.tenant_id == Ad.tenant_id) & (Campaign.id == Ad.campaign_id))
        .outerjoin(AdSet, (AdSet.tenant_id == Ad.tenant_id) & (AdSet.id == Ad.ad_set_id))
    )


def _matching(statement: Select[*tuple[Any, ...]], names: frozenset[str], gone: bool) -> Any:  # noqa: FBT001
    wanted = [_FILTERS[name] for name in sorted(names)]
    return statement.where(*wanted) if gone else statement.where(*wanted, ~Ad.gone)


@cache
def _page(sort: str, names: frozenset[str], gone: bool) -> Select[*tuple[Any, ...]]:  # noqa: FBT001
    found = in_order(_matching(_lines(), names, gone), sort, _SORTS, then=Ad.id)
    total = counted(_matching(select(Ad), names, gone)).label("total")
    page: Select[*tuple[Any, ...]] = (
        found.add_columns(total).limit(bindparam("limit")).offset(bindparam("offset"))
    )
    return page


@cache
def _total(names: frozenset[str], gone: bool) -> Select[int]:  # noqa: FBT001
    return select(counted(_matching(select(Ad), names, gone)))


_ONE = _lines().where(Ad.id == bindparam("id"))
_REVIEWS = (
    select(AdReviewed)
    .where(AdReviewed.ad_id == bindparam("ad_id"))
    .order_by(AdReviewed.seen_at.desc())
    .limit(100)
)


def _row(one: AdState) -> dict[str, Any]:
    told = asdict(one.creative)
    return {
        "id": str(uuid7()),
        "external_id": one.external_id,
        "ad_set": one.ad_set,
        "campaign": one.campaign,
        "name": one.name,
        "status": one.status,
        "effective_status": one.effective_status,
        "review": one.review,
        "review_reasons": list(one.reasons),
        "creative_id": told.pop("external_id"),
        "creative_kind": told.pop("kind"),
        **told,
        "platform_updated_at": one.updated_at.isoformat() if one.updated_at else None,
    }


def _refused(told: Mapping[str, Any]) -> Refused:
    return Refused(told["id"], told["name"], tuple(told["reasons"]), told["landing_url"])
