"""A permit works once, soon, for its own change, while nobody has pulled the switch."""

import asyncio
import random
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import ProgrammingError

from app.core.ids import uuid7
from app.db.outbox import OutboxMessage
from app.db.session import Scopes
from app.models.integrations.ad_accounts import AdAccount
from app.models.trust_engine.health import TrustEvaluation
from app.models.trust_engine.permits import TrustPermit
from app.services.trust_engine.gate.desk import PermitDesk, mint
from app.services.trust_engine.gate.errors import (
    PermitExpired,
    PermitForAnotherChange,
    PermitFrozen,
    PermitMissing,
    PermitOutdated,
    PermitRefused,
    PermitUsed,
)
from app.services.trust_engine.gate.kill_switch import KillSwitch
from app.services.trust_engine.gate.permits import Change, Permit
from app.services.trust_engine.policies.service import Policies
from tests.factories.access import Company
from tests.factories.permits import minted
from tests.factories.trust import bare_account, trusted


def change(after: int = 120) -> Change:
    return Change(
        platform="meta",
        account="act_1",
        entity_type="campaign",
        entity="42",
        operation="set_daily_budget",
        before={"daily_budget_micros": 100_000_000},
        after={"daily_budget_micros": after * 1_000_000},
    )


async def permit(scopes: Scopes, *, safety: bool = False, expired: bool = False) -> Permit:
    return await minted(scopes, change(), safety=safety, expired=expired)


async def test_a_permit_works_once(scopes: Scopes) -> None:
    desk, unused = PermitDesk(scopes), await permit(scopes)
    await desk.use(unused, change())
    with pytest.raises(PermitUsed):
        await desk.use(unused, change())


async def test_of_twenty_who_use_a_permit_at_once_one_succeeds(scopes: Scopes) -> None:
    desk, unused = PermitDesk(scopes), await permit(scopes)
    outcomes = await asyncio.gather(*(desk.use(unused, change()) for _ in range(20)), return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert all(isinstance(outcome, PermitUsed) for outcome in outcomes if outcome is not None)


async def test_a_permit_is_for_its_own_change(scopes: Scopes) -> None:
    desk, unused = PermitDesk(scopes), await permit(scopes)
    with pytest.raises(PermitForAnotherChange):
        await desk.use(unused, change(after=121))
    await desk.use(unused, change())


async def test_a_permit_that_was_never_committed_is_worth_nothing(scopes: Scopes) -> None:
    async with scopes() as scope:
        unused = mint(
            scope, change(), decision_id=uuid7(), action_id=None, policy_version=1, evidence_hash="0" * 64
        )
        await scope.session.rollback()
    with pytest.raises(PermitMissing):
        await PermitDesk(scopes).use(unused, change())


async def test_a_permit_grows_old(scopes: Scopes) -> None:
    unused = await permit(scopes, expired=True)
    with pytest.raises(PermitExpired):
        await PermitDesk(scopes).use(unused, change())


async def test_a_permit_of_another_tenant_is_none(scopes: Scopes, globex: Company) -> None:
    unused = await permit(scopes)
    with pytest.raises(PermitMissing):
        await PermitDesk(globex.scopes).use(unused, change())


async def test_the_kill_switch_stops_every_permit_but_a_safety_actions(scopes: Scopes) -> None:
    desk, unused, safe = PermitDesk(scopes), await permit(scopes), await permit(scopes, safety=True)
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="The figures look wrong.")
    with pytest.raises(PermitFrozen):
        await desk.use(unused, change())
    await desk.use(safe, change())
    async with scopes() as scope:
        await KillSwitch(scope).set(engaged=False, reason="Mended.")
    await desk.use(unused, change())


async def test_the_switch_over_all_tenants_stops_each(scopes: Scopes, globex: Company) -> None:
    unused = await permit(scopes)
    async with globex.scopes() as scope:
        await KillSwitch(scope).set_for_platform(engaged=True, reason="A vendor is lying.")
    try:
        with pytest.raises(PermitRefused):
            await PermitDesk(scopes).use(unused, change())
    finally:
        async with globex.scopes() as scope:
            await KillSwitch(scope).set_for_platform(engaged=False, reason="Over.")


async def test_every_tenant_hears_of_the_switch_over_all_tenants(scopes: Scopes, globex: Company) -> None:
    async def heard(by: Scopes) -> list[dict[str, object]]:
        async with by() as scope:
            live = select(OutboxMessage).where(OutboxMessage.kind == "live").order_by(OutboxMessage.seq)
            found = (await scope.session.scalars(live)).all()
        return [row.payload for row in found if row.name == "autopilot_mode_change"]

    try:
        async with globex.scopes() as scope:
            await KillSwitch(scope).set_for_platform(engaged=True, reason="A vendor is lying.")
    finally:
        async with globex.scopes() as scope:
            await KillSwitch(scope).set_for_platform(engaged=False, reason="Over.")
    told = [
        {"kill_switch": "platform", "engaged": True, "reason": "A vendor is lying."},
        {"kill_switch": "platform", "engaged": False, "reason": "Over."},
    ]
    assert await heard(globex.scopes) == told
    assert await heard(scopes) == told


async def test_a_tenants_own_switch_is_nobody_elses_news(scopes: Scopes, globex: Company) -> None:
    async with globex.scopes() as scope:
        await KillSwitch(scope).set(engaged=True, reason="Ours alone.")
    async with scopes() as scope:
        assert (await scope.session.scalars(select(OutboxMessage))).all() == []


@pytest.mark.parametrize(
    "forged",
    [{"digest": "0" * 64}, {"safety": True}, {"expires_at": TrustPermit.expires_at}, {"used_at": None}],
)
async def test_not_even_a_mistake_of_ours_can_change_a_permit(
    scopes: Scopes, forged: dict[str, object]
) -> None:
    """The database refuses the application's role everything but the one mark that a permit was used."""
    desk, unused = PermitDesk(scopes), await permit(scopes)
    await desk.use(unused, change())
    with pytest.raises(ProgrammingError, match=r"permission denied|used once"):
        async with scopes() as scope:
            await scope.session.execute(update(TrustPermit).values(**forged))
    with pytest.raises(PermitUsed):
        await desk.use(unused, change())


@dataclass
class Herd:
    """Accounts of a tenant, the first two of which money moves between, and what a plain reading knows of them."""

    scopes: Scopes
    ids: list[UUID]
    policy: int = 1
    newest: dict[UUID, UUID] = field(default_factory=dict)
    on: set[UUID] = field(default_factory=set)

    async def measured(self, account: UUID) -> None:
        await trusted(self.scopes, account)
        async with self.scopes() as scope:
            found = await scope.session.scalars(select(TrustEvaluation.id).order_by(TrustEvaluation.id))
            self.newest[account] = max(set(found.all()) - set(self.newest.values()))

    async def switched(self, account: UUID) -> None:
        self.on ^= {account}
        async with self.scopes() as scope:
            wanted = update(AdAccount).where(AdAccount.id == account).values(enabled=account in self.on)
            await scope.session.execute(wanted)

    async def adopted(self) -> None:
        async with self.scopes() as scope:
            await Policies(scope).adopt({}, note="Again.")
            self.policy = (await Policies(scope).current()).version

    async def move(self) -> tuple[Permit, tuple[int, set[UUID]]]:
        """A permit, and what it rests on."""
        read = {self.newest[each] for each in self.ids[:2]}
        read |= {self.newest[each] for each in self.on if each in self.newest}
        async with self.scopes() as scope:
            permit = mint(
                scope,
                change(),
                decision_id=uuid7(),
                action_id=None,
                policy_version=self.policy,
                evidence_hash="0" * 64,
                ad_account_id=self.ids[0],
                evaluation_id=self.newest[self.ids[0]],
                evaluation_ids=read,
            )
        return permit, (self.policy, read)

    def stands(self, on: tuple[int, set[UUID]]) -> bool:
        policy, read = on
        counted = {self.newest[each] for each in self.on if each in self.newest}
        return policy == self.policy and read <= set(self.newest.values()) and counted <= read


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_moves_permit_holds_while_all_that_was_read_is_the_newest(scopes: Scopes, seed: int) -> None:
    """Random pasts: what a plain reading says of each permit is what the one statement does with it."""
    dice = random.Random(seed)  # noqa: S311  (the same past each time)
    outcomes = set[bool]()
    herd = Herd(scopes, [(await bare_account(scopes)).id for _ in range(4)])
    herd.on = set(herd.ids)
    for each in herd.ids[:3]:
        await herd.measured(each)
    for turn in range(30):
        said = f"turn {turn}"
        permit, rests_on = await herd.move()
        for _ in range(dice.randrange(3)):
            happens = dice.choice([herd.measured, herd.measured, herd.switched, None])
            await (happens(dice.choice(herd.ids)) if happens else herd.adopted())
        stands = herd.stands(rests_on)
        outcomes.add(stands)
        try:
            await PermitDesk(scopes).use(permit, change())
        except PermitOutdated:
            assert not stands, said
        else:
            assert stands, said
    assert outcomes == {True, False}
