"""Values put into profiles, by sets, without ever waiting for a profile that identity is just writing.

A profile that is locked is passed over: whoever asked tries it again. So nothing here can hold up the resolver, or end
in a deadlock with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by, insert

from app.db.base import UtcDateTime
from app.db.session import TenantScope
from app.models.cdp.profiles import CdpProfile
from app.models.cdp.traits import CdpTrait, CdpTraitTimer
from app.schemas.cdp.traits import TraitDefinition
from app.services.cdp.traits.computing_repository import NEVER, pairs, rhythm, values

_NOTHING = cast(literal("{}", Text), JSONB)


@dataclass(slots=True)
class Written:
    """By trait, whose value is another now; and how many were passed over."""

    changed: dict[str, list[UUID]] = field(default_factory=dict)
    passed_over: int = 0

    def add(self, other: "Written") -> None:
        for name, whom in other.changed.items():
            self.changed.setdefault(name, []).extend(whom)
        self.passed_over += other.passed_over


def definition_of(trait: CdpTrait) -> TraitDefinition | None:
    """None for what is computed of orders, and not of a definition."""
    return None if trait.built_in else TraitDefinition.model_validate(trait.definition)


class ValuesRepository:
    def __init__(self, scope: TenantScope) -> None:
        self._session = scope.session
        self._tenant_id = scope.tenant_id
        self._now = scope.now()

    async def evaluate(self, asked: Sequence[tuple[CdpTrait, Sequence[UUID]]]) -> Written:
        """Compute these traits of these profiles, put in what is another, and set timers: one statement."""
        given = [(trait, list(whom)) for trait, whom in asked if whom]
        if not given:
            return Written()
        wanted = pairs(
            [trait.id for trait, whom in given for _ in whom],
            [trait.name for trait, whom in given for _ in whom],
            [profile_id for _, whom in given for profile_id in whom],
        ).cte("wanted")
        fresh = union_all(*[self._fresh(trait, whom) for trait, whom in given]).cte("fresh")
        differs = self._differing(wanted, fresh)
        locked, written = self._written(differs)
        statement = self._told(differs, written).add_cte(*self._timers(wanted, fresh, differs, locked))
        return _written_of((await self._session.execute(statement)).all())

    def _fresh(self, trait: CdpTrait, whom: Sequence[UUID]) -> Select[Any]:
        touched = literal(list(whom), ARRAY(Uuid()))
        definition = definition_of(trait)
        if definition is None:
            rows = rhythm(self._tenant_id, touched).subquery()
        else:
            rows = values(definition, self._tenant_id, self._now, touched).subquery()
        found = select(
            literal(trait.id, Uuid()).label("trait_id"), rows.c.profile_id, rows.c.value, rows.c.flips_at
        )
        return found.where(literal(value=False)) if trait.removed_at is not None else found

    def _differing(self, wanted: CTE, fresh: CTE) -> CTE:
        profile = CdpProfile
        theirs = and_(profile.tenant_id == self._tenant_id, profile.id == wanted.c.profile_id)
        person = select(profile.computed).where(theirs).offset(literal(0)).lateral("person")
        held: ColumnElement[Any] = person.c.computed.op("->", return_type=JSONB())(wanted.c.name)
        computed = and_(fresh.c.trait_id == wanted.c.trait_id, fresh.c.profile_id == wanted.c.profile_id)
        return (
            select(wanted.c.trait_id, wanted.c.name, wanted.c.profile_id, fresh.c.value)
            .select_from(wanted.join(person, true()).outerjoin(fresh, computed))
            .where(held.is_distinct_from(fresh.c.value))
            .cte("differs")
        )

    def _written(self, differs: CTE) -> tuple[CTE, CTE]:
        """Put in the values of `differs` (`name`, `profile_id`, `value`; null takes away) where nobody has the lock."""
        profile = CdpProfile
        patch = (
            select(
                differs.c.profile_id,
                func.coalesce(
                    func.jsonb_object_agg(differs.c.name, differs.c.value).filter(
                        differs.c.value.is_not(None)
                    ),
                    _NOTHING,
                    type_=JSONB(),
                ).label("sets"),
                func.array_agg(aggregate_order_by(differs.c.name, differs.c.name), type_=ARRAY(Text())).label(
                    "names"
                ),
            )
            .group_by(differs.c.profile_id)
            .cte("patch")
        )
        locked = (
            select(profile.id)
            .where(profile.tenant_id == self._tenant_id, profile.id.in_(select(differs.c.profile_id)))
            .with_for_update(skip_locked=True, key_share=True)
            .cte("locked")
        )
        without: ColumnElement[Any] = profile.computed.op("-", return_type=JSONB())(patch.c.names)
        written = (
            update(profile)
            .where(
                profile.tenant_id == self._tenant_id,
                profile.id == patch.c.profile_id,
                profile.id == locked.c.id,
            )
            .values(
                computed=without.op("||", return_type=JSONB())(patch.c.sets),
                version=profile.version + 1,
                updated_at=self._now,
            )
            .returning(profile.id)
            .cte("written")
        )
        return locked, written

    @staticmethod
    def _told(differs: CTE, written: CTE) -> Select[Any]:
        done = written.c.id.is_not(None)
        return (
            select(differs.c.name, done.label("done"), func.array_agg(differs.c.profile_id).label("whom"))
            .select_from(differs.outerjoin(written, written.c.id == differs.c.profile_id))
            .group_by(differs.c.name, done)
        )

    def _timers(self, wanted: CTE, fresh: CTE, differs: CTE, locked: CTE) -> list[CTE]:
        """Timers of those who were asked for: at once for who was passed over."""
        timer = CdpTraitTimer
        missed = exists(
            select(literal(1)).where(
                differs.c.trait_id == wanted.c.trait_id,
                differs.c.profile_id == wanted.c.profile_id,
                differs.c.profile_id.not_in(select(locked.c.id)),
            )
        )
        when = case((missed, literal(self._now, UtcDateTime())), else_=func.coalesce(fresh.c.flips_at, NEVER))
        due = (
            select(wanted.c.trait_id, wanted.c.profile_id, when.label("at"))
            .select_from(
                wanted.outerjoin(
                    fresh,
                    and_(fresh.c.trait_id == wanted.c.trait_id, fresh.c.profile_id == wanted.c.profile_id),
                )
            )
            .cte("due")
        )
        rows = insert(timer).from_select(
            ["trait_id", "profile_id", "next_evaluation_at"], select(due).where(due.c.at < NEVER)
        )
        held, brought = timer.next_evaluation_at, rows.excluded.next_evaluation_at
        kept = rows.on_conflict_do_update(
            index_elements=["tenant_id", "trait_id", "profile_id"],
            set_={"next_evaluation_at": brought},
            where=or_(held > brought, held <= self._now),
        )
        dropped = delete(timer).where(
            timer.tenant_id == self._tenant_id,
            timer.trait_id == due.c.trait_id,
            timer.profile_id == due.c.profile_id,
            not_(due.c.at < NEVER),
        )
        return [kept.cte("kept"), dropped.cte("dropped")]

    async def put(self, rows: Select[Any] | Any) -> Written:
        """Put in what `rows` say where it is another: `name`, `profile_id` and `value`."""
        given = rows.cte("given")
        profile = CdpProfile
        held: ColumnElement[Any] = profile.computed.op("->", return_type=JSONB())(given.c.name)
        differs = (
            select(given.c.name, given.c.profile_id, given.c.value)
            .select_from(
                given.join(
                    profile.__table__,
                    and_(profile.tenant_id == self._tenant_id, profile.id == given.c.profile_id),
                )
            )
            .where(held.is_distinct_from(given.c.value))
            .cte("differs")
        )
        _, written = self._written(differs)
        return _written_of((await self._session.execute(self._told(differs, written))).all())

    async def next_profiles(self, after: UUID | None, most: int) -> list[UUID]:
        statement = (
            select(CdpProfile.id)
            .where(
                CdpProfile.tenant_id == self._tenant_id,
                true() if after is None else CdpProfile.id > after,
            )
            .order_by(CdpProfile.id)
            .limit(most)
        )
        return list(await self._session.scalars(statement))

    async def due(self, most: int) -> dict[UUID, list[UUID]]:
        """Whose time has come, by trait."""
        timer = CdpTraitTimer
        statement = (
            select(timer.trait_id, timer.profile_id)
            .where(timer.tenant_id == self._tenant_id, timer.next_evaluation_at <= self._now)
            .order_by(timer.next_evaluation_at, timer.trait_id, timer.profile_id)
            .limit(most)
        )
        found: dict[UUID, list[UUID]] = {}
        for trait_id, profile_id in await self._session.execute(statement):
            found.setdefault(trait_id, []).append(profile_id)
        return found

    async def forget_timers(self, trait_id: UUID) -> None:
        timer = CdpTraitTimer
        await self._session.execute(
            delete(timer).where(timer.tenant_id == self._tenant_id, timer.trait_id == trait_id)
        )

    async def is_awaited(self, trait_id: UUID) -> bool:
        """Whether somebody was passed over."""
        timer = CdpTraitTimer
        due = and_(
            timer.tenant_id == self._tenant_id,
            timer.trait_id == trait_id,
            timer.next_evaluation_at <= self._now,
        )
        return bool(await self._session.scalar(select(exists().where(due))))


def _written_of(rows: Sequence[Any]) -> Written:
    found = Written()
    for name, done, whom in rows:
        if done:
            found.changed[name] = list(whom)
        else:
            found.passed_over += len(whom)
    return found
