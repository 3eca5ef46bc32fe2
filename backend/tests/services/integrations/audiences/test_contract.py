"""What every platform that takes audiences promises, over its sandbox."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from app.core.config import Settings
from app.core.ids import uuid7
from app.db.session import Scopes
from app.services.integrations.audiences.ports import (
    AudiencePlatform,
    AudienceState,
    Batch,
    Person,
    Row,
    bears,
)
from app.services.integrations.audiences.service import AudienceService, offer_of
from app.services.integrations.gateway import gateway_by
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from tests.conftest import pointed_at
from tests.factories.audience_platforms import FILLS, PLATFORMS, Fills
from tests.factories.audiences import sha
from tests.sandbox_process import Sandbox, running_sandbox

CHOSEN = ("email", "phone")
AVA: Person = {
    "email": ["ava@example.com", "ava@work.example"],
    "phone": ["+1 650 555 1212"],
    "country": ["US"],
}
NOAH: Person = {"email": ["noah@example.com"]}


def whole(rows: list[Row], number: int = 1, *, last: bool = True) -> Batch:
    return Batch(session=uuid7().int >> 76, number=number, last=last, total=len(rows))


async def made(audiences: AudiencePlatform) -> str:
    tag = str(uuid7())
    return await audiences.create_audience(f"Buyers {tag[-6:]}", tag)


async def add(audiences: AudiencePlatform, external_id: str, *people: Person) -> list[Row]:
    rows = [row for each in people for row in audiences.prepare(CHOSEN, each)]
    taken = await audiences.add_members(external_id, CHOSEN, rows, whole(rows))
    assert (taken.received, taken.invalid) == (len(rows), 0)
    return rows


def inside(sandbox: Sandbox, fills: Fills, external_id: str) -> set[str]:
    """Every hash that is in, by whichever kind."""
    members = sandbox.control("GET", f"{fills.platform}/audiences/{external_id}")["members"]
    return {value for one in members for value in one["entry"].values()}


def hashes(fills: Fills) -> dict[str, set[str]]:
    return {
        "ava": {sha("ava@example.com"), sha("ava@work.example"), sha(fills.phone_form)},
        "noah": {sha("noah@example.com")},
    }


def test_every_platform_of_the_table_is_tested() -> None:
    assert set(PLATFORMS) <= set(FILLS)


async def test_a_new_audience_is_found_by_its_tag(audiences: AudiencePlatform) -> None:
    tag, name = str(uuid7()), "Returning customers of the northern shops"
    external_id = await audiences.create_audience(name, tag)
    [found] = [each for each in await audiences.list_audiences() if bears(each, tag)]
    assert found.external_id == external_id
    assert found.name.startswith(name[:20])
    assert found.state in {AudienceState.EMPTY, AudienceState.FILLING}
    assert (found.size_lower, found.size_upper) == (None, None)
    assert await audiences.read_audience(external_id) == found


async def test_people_come_and_go_by_all_their_identifiers(
    audiences: AudiencePlatform, sandbox: Sandbox, fills: Fills
) -> None:
    external_id = await made(audiences)
    rows = await add(audiences, external_id, AVA, NOAH)
    assert inside(sandbox, fills, external_id) == hashes(fills)["ava"] | hashes(fills)["noah"]
    await add(audiences, external_id, AVA)
    assert inside(sandbox, fills, external_id) == hashes(fills)["ava"] | hashes(fills)["noah"]
    theirs = audiences.prepare(CHOSEN, AVA)
    for _ in range(2):  # who is out already is taken out without an error
        taken = await audiences.remove_members(external_id, CHOSEN, theirs, whole(theirs))
        assert taken.received == len(theirs)
        assert inside(sandbox, fills, external_id) == hashes(fills)["noah"]
    assert set(theirs) < set(rows)


async def test_everybody_is_told_in_the_platforms_own_form(audiences: AudiencePlatform, fills: Fills) -> None:
    [row] = audiences.prepare(("email",), {"email": [" Ava.B+x@Gmail.com "]})
    assert row == (sha(fills.gmail_form),)
    [row] = audiences.prepare(("phone",), {"phone": ["(650) 555-1212"], "country": ["US"]})
    assert row == (sha(fills.phone_form),)


async def test_who_cannot_be_found_makes_no_entry(audiences: AudiencePlatform) -> None:
    assert audiences.prepare(CHOSEN, {"email": ["nonsense"], "phone": ["12"]}) == []
    assert audiences.prepare(("phone",), NOAH) == []


async def test_every_identifier_of_the_offer_makes_an_entry_that_is_taken(
    audiences: AudiencePlatform, fills: Fills
) -> None:
    chosen = offer_of(fills.platform).identifiers
    person = {
        **AVA,
        "external_id": ["u-1"],
        "first_name": ["Ava"],
        "last_name": ["Nguyen"],
        "city": ["New York"],
        "state": ["NY"],
        "zip": ["10001"],
    }
    rows = audiences.prepare(chosen, person)
    assert all(any(row[place] for row in rows) for place in range(len(chosen)))
    external_id = await made(audiences)
    taken = await audiences.add_members(external_id, chosen, rows, whole(rows))
    assert (taken.received, taken.invalid) == (len(rows), 0)


async def test_a_replacement_leaves_nobody_else_in(
    audiences: AudiencePlatform, sandbox: Sandbox, fills: Fills
) -> None:
    external_id = await made(audiences)
    await add(audiences, external_id, AVA)
    parts = [audiences.prepare(CHOSEN, NOAH), audiences.prepare(CHOSEN, {"email": ["mia@example.com"]})]
    session = uuid7().int >> 76
    if not offer_of(fills.platform).replaces:
        with pytest.raises(PlatformError) as refused:
            await audiences.replace_members(external_id, CHOSEN, parts[0], Batch(session, 1, True, 2))
        assert refused.value.kind is PlatformErrorKind.UNSUPPORTED
        assert inside(sandbox, fills, external_id) == hashes(fills)["ava"]
        return
    for number, rows in enumerate(parts, start=1):
        part = Batch(session, number, number == len(parts), 2)
        await audiences.replace_members(external_id, CHOSEN, rows, part)
    assert inside(sandbox, fills, external_id) == {sha("noah@example.com"), sha("mia@example.com")}


async def test_what_is_gone_is_gone_and_may_be_deleted_again(audiences: AudiencePlatform) -> None:
    external_id = await made(audiences)
    for _ in range(2):
        await audiences.delete_audience(external_id)
    with pytest.raises(PlatformError) as gone:
        await audiences.read_audience(external_id)
    assert (gone.value.kind, gone.value.code.rpartition(".")[2]) == (
        PlatformErrorKind.INVALID,
        "audience_gone",
    )
    assert external_id not in {each.external_id for each in await audiences.list_audiences()}


async def test_another_accounts_audience_is_not_there(
    audiences: AudiencePlatform, scopes: Scopes, connected: tuple[UUID, UUID]
) -> None:
    external_id = await made(audiences)
    other = await AudienceService(scopes).open(connected[1])
    with pytest.raises(PlatformError) as gone:
        await other.read_audience(external_id)
    assert gone.value.code.endswith("audience_gone")
    assert external_id not in {each.external_id for each in await other.list_audiences()}


async def test_an_account_that_may_only_be_read_takes_nothing(
    scopes: Scopes, sandbox: Sandbox, platforms: object, fills: Fills
) -> None:
    account = await fills.account(scopes, sandbox, write_lease=False)
    audiences = await AudienceService(scopes).open(account)
    assert audiences.read_only
    rows = audiences.prepare(CHOSEN, NOAH)
    acts: list[Callable[[], Awaitable[Any]]] = [
        lambda: audiences.create_audience("Buyers", str(uuid7())),
        lambda: audiences.add_members("1", CHOSEN, rows, whole(rows)),
        lambda: audiences.remove_members("1", CHOSEN, rows, whole(rows)),
        lambda: audiences.delete_audience("1"),
    ]
    for act in acts:
        with pytest.raises(PlatformError) as refused:
            await act()
        assert refused.value.kind is PlatformErrorKind.PERMISSION
    assert isinstance(await audiences.list_audiences(), list)


FAULTS = {
    "server_error": PlatformErrorKind.TRANSIENT,
    "drop_response": PlatformErrorKind.TRANSIENT,
    "rate_limit": PlatformErrorKind.RATE_LIMITED,
    "token_expired": PlatformErrorKind.AUTH,
}


@pytest.mark.parametrize("kind", FAULTS)
async def test_what_fails_is_named_by_what_can_be_done_about_it(
    audiences: AudiencePlatform, faults: Sandbox, fills: Fills, kind: str
) -> None:
    """Nothing of it is ambiguous: it may all be sent again."""
    external_id = await made(audiences)
    fault = {"kind": kind, "vendor": fills.platform, "count": 1}
    faults.control("POST", "faults", json=fault)
    rows = audiences.prepare(CHOSEN, NOAH)
    with pytest.raises(PlatformError) as failed:
        await audiences.add_members(external_id, CHOSEN, rows, whole(rows))
    assert failed.value.kind is FAULTS[kind]


@pytest.mark.parametrize(("people", "state"), [(4_000, AudienceState.READY), (30, AudienceState.TOO_SMALL)])
async def test_in_time_the_platform_says_whom_it_can_reach(
    scopes: Scopes, settings: Settings, fills: Fills, people: int, state: AudienceState
) -> None:
    with running_sandbox("--seed", "7", "--history", "2") as sandbox:
        async with gateway_by(pointed_at(settings, sandbox)):
            audiences = await AudienceService(scopes).open(await fills.account(scopes, sandbox))
            external_id = await made(audiences)
            known = sandbox.control("GET", "truth/people", params={"limit": people})["people"]
            rows = [row for one in known for row in audiences.prepare(CHOSEN, {"email": [one["email"]]})]
            for start in range(0, len(rows), audiences.most_rows):
                part = rows[start : start + audiences.most_rows]
                await audiences.add_members(external_id, CHOSEN, part, whole(part))
            found = await audiences.read_audience(external_id)
            assert (found.state, found.size_lower) == (AudienceState.FILLING, None)
            sandbox.advance(49)
            truly = sandbox.control("GET", f"{fills.platform}/audiences/{external_id}")["matched"]
            found = await audiences.read_audience(external_id)
    assert found.state is state
    assert found.size_lower is not None
    assert found.size_upper is not None
    assert found.size_lower <= truly <= found.size_upper + 100
    assert truly < people or people == 30
