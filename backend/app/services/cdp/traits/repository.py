from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Numeric, Text, Uuid, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.ids import uuid7
from app.db.utils import Slice, in_order, paginate
from app.models.cdp.identity import CdpIdentifier
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.traits import CdpRfm, CdpTrait, CdpTraitCursor
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.conditions.service import text_of
from app.services.cdp.feed.service import FeedReading
from app.services.cdp.traits.computing_repository import evidence, values
from app.services.cdp.traits.errors import NameTaken

_SORTS: Mapping[str, Any] = {
    "name": CdpTrait.name,
    "created_at": CdpTrait.created_at,
    "updated_at": CdpTrait.updated_at,
}
_SAMPLE = 10
_NAMES_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_NAMES_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_READS = text(
    "SELECT name FROM cdp_segments WHERE tenant_id = :tenant AND archived_at IS NULL AND jsonb_path_exists(rule, "
    "'$.** ? (@.kind == \"computed\" && @.name == $name)', jsonb_build_object('name', CAST(:name AS text))) "
    "ORDER BY name LIMIT 20"
)


@dataclass(frozen=True, slots=True)
class Preview:
    """Who would have a value, of how many; how the values are spread; and some of them."""

    count: int
    total: int
    numbers: dict[str, Any] | None
    top: Sequence[dict[str, Any]]
    sample: Sequence[dict[str, Any]]


class TraitRepository(FeedReading):
    turn = "cdp.traits"

    async def cursor(self) -> CdpTraitCursor | None:
        found: CdpTraitCursor | None = await self._session.scalar(
            select(CdpTraitCursor).where(CdpTraitCursor.tenant_id == self._tenant_id)
        )
        return found

    async def begin(self, now: datetime, churn: Mapping[str, Any]) -> UUID | None:
        """Begin to follow the feed from here, unless that has begun; the trait that is to be computed whole then."""
        rows = insert(CdpTraitCursor).values(tenant_id=self._tenant_id, seq=await self.head())
        begun = await self._session.scalar(rows.on_conflict_do_nothing().returning(CdpTraitCursor.tenant_id))
        if begun is None:
            return None
        trait_id = uuid7()
        self._session.add(CdpRfm(tenant_id=self._tenant_id, next_at=now))
        self._session.add(
            CdpTrait(
                id=trait_id,
                name="churn",
                definition=dict(churn),
                version=1,
                built_in=True,
                created_at=now,
                updated_at=now,
                computing_since=now,
            )
        )
        await self._session.flush()
        return trait_id

    async def add(self, trait: CdpTrait) -> None:
        """`NameTaken` where another has the name."""
        self._session.add(trait)
        try:
            await self._session.flush()
        except IntegrityError as error:
            if "uq_cdp_traits_name" in str(error.orig):
                raise NameTaken from error
            raise

    async def page(self, *, page: int, limit: int, sort: str, search: str | None) -> Slice[CdpTrait]:
        statement = in_order(select(CdpTrait), sort, _SORTS, then=CdpTrait.id)
        statement = statement.where(
            CdpTrait.tenant_id == self._tenant_id, ~CdpTrait.built_in, CdpTrait.removed_at.is_(None)
        )
        if search:
            statement = statement.where(CdpTrait.name.icontains(search, autoescape=True))
        return await paginate(self._session, statement, page=page, limit=limit)

    async def one(self, trait_id: UUID, *, for_update: bool = False) -> CdpTrait | None:
        statement = select(CdpTrait).where(CdpTrait.tenant_id == self._tenant_id, CdpTrait.id == trait_id)
        if for_update:
            statement = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
        found: CdpTrait | None = await self._session.scalar(statement)
        return found

    async def all(self) -> Sequence[CdpTrait]:
        """Every one that is followed: those that are being removed, and ours, too."""
        statement = select(CdpTrait).where(CdpTrait.tenant_id == self._tenant_id).order_by(CdpTrait.name)
        return (await self._session.scalars(statement)).all()

    async def hold_names(self, *, alone: bool) -> None:
        """No trait is made or removed until this transaction ends, unless by itself: then it is `alone` at it."""
        lock = _NAMES_LOCK if alone else _NAMES_SHARED
        await self._session.execute(lock, {"name": self._scope.key("cdp.traits.names")})

    async def readers(self, name: str) -> Sequence[str]:
        """The names of segments that ask for a trait."""
        return list(await self._session.scalars(_READS, {"tenant": self._tenant_id, "name": name}))

    async def remove(self, trait: CdpTrait) -> None:
        await self._session.delete(trait)
        await self._session.flush()

    async def profile(self, profile_id: UUID) -> CdpProfile | None:
        """The profile with this id, or the one that it was merged into."""
        now_of = (
            select(CdpIdentifier.profile_id)
            .where(CdpIdentifier.tenant_id == self._tenant_id, CdpIdentifier.key == profile_id)
            .scalar_subquery()
        )
        found: CdpProfile | None = await self._session.scalar(
            select(CdpProfile).where(CdpProfile.tenant_id == self._tenant_id, CdpProfile.id == now_of)
        )
        return found

    async def value(self, definition: TraitDefinition, profile_id: UUID, now: datetime) -> Any:
        touched = literal([profile_id], ARRAY(Uuid()))
        found = values(definition, self._tenant_id, now, touched).subquery()
        return await self._session.scalar(select(found.c.value))

    async def evidence(
        self, definition: TraitDefinition, profile_id: UUID, now: datetime, most: int
    ) -> tuple[list[tuple[UUID, datetime]], int]:
        rows = (
            await self._session.execute(evidence(definition, self._tenant_id, now, profile_id, most))
        ).all()
        return [(row.id, row.event_time) for row in rows], rows[0].of if rows else 0

    async def preview(self, definition: TraitDefinition, now: datetime) -> Preview:
        had = values(definition, self._tenant_id, now).cte("had")
        number = func.jsonb_typeof(had.c.value) == "number"
        numeric = select(cast(text_of(had.c.value), Numeric).label("n")).where(number).cte("numeric")
        spread = select(
            func.jsonb_build_object(
                "min", _exact(func.min(numeric.c.n)), "max", _exact(func.max(numeric.c.n)),
                "average", _exact(func.round(func.avg(numeric.c.n), 6)),
                *[each for name, share in (("p25", 0.25), ("median", 0.5), ("p75", 0.75))
                  for each in (name, _exact(func.percentile_disc(share).within_group(numeric.c.n.asc())))],
                type_=JSONB(),
            )
        ).having(func.count() > 0)  # fmt: skip
        common = (
            select(had.c.value, func.count().label("count"))
            .group_by(had.c.value)
            .order_by(func.count().desc(), had.c.value)
            .limit(_SAMPLE)
            .subquery("common")
        )
        some = (
            select(had.c.profile_id, had.c.value).order_by(had.c.profile_id).limit(_SAMPLE).subquery("some")
        )
        profiles = select(func.count()).select_from(CdpProfile).where(CdpProfile.tenant_id == self._tenant_id)
        statement = select(
            select(func.count()).select_from(had).scalar_subquery(),
            profiles.scalar_subquery(),
            spread.scalar_subquery(),
            _listed(common.c.value, "value", common.c.count, "count", order=common.c.count.desc()),
            _listed(some.c.value, "value", some.c.profile_id, "profile_id", order=some.c.profile_id.asc()),
        )
        row = (await self._session.execute(statement)).one()
        return Preview(row[0], row[1], row[2], row[3] or [], row[4] or [])

    @property
    def _session(self) -> AsyncSession:
        return self._scope.session

    @property
    def _tenant_id(self) -> int:
        return self._scope.tenant_id


def _exact(number: ColumnElement[Any]) -> ColumnElement[Any]:
    """As text: a number in JSON is read as a double, which holds less."""
    return cast(number, Text)


def _listed(
    value: ColumnElement[Any],
    value_name: str,
    other: ColumnElement[Any],
    name: str,
    *,
    order: ColumnElement[Any],
) -> Any:
    made = func.jsonb_build_object(value_name, value, name, other)
    return select(func.jsonb_agg(aggregate_order_by(made, order, value), type_=JSONB())).scalar_subquery()


async def tenants_waiting(session: AsyncSession, at: datetime) -> list[int]:
    """Whose traits have something to follow, to begin or to rank; the maintenance role's."""
    return list(await session.scalars(text("SELECT cdp_traits_waiting(:at)"), {"at": at}))
