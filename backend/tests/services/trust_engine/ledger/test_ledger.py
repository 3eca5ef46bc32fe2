"""What was decided cannot be changed unseen."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core.config import Settings
from app.db.roles import owner_dsn
from app.db.session import make_engine, open_scope
from app.services.trust_engine.ledger.errors import BadHead
from app.services.trust_engine.ledger.rules import GENESIS, Chain, FaultKind, Link, SignedHead
from app.services.trust_engine.ledger.service import Ledger, Verification, read_head, write_head
from tests.factories.access import Company


def _double(inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"answer": inputs["n"] * 2}


DECIDERS = {"double.1": _double}


async def _decide(company: Company, count: int = 5) -> None:
    for n in range(count):
        async with company.scopes() as scope:
            await Ledger(scope).append(
                "test.decision", "double.1", {"inputs": {"n": n}, "result": {"answer": n * 2}}
            )


async def _decide_and_fail(company: Company) -> None:
    async with company.scopes() as scope:
        await Ledger(scope).append("test.decision", "double.1", {"inputs": {"n": 1}, "result": {"answer": 2}})
        raise ZeroDivisionError


async def _verify(company: Company, head: SignedHead | None = None) -> Verification:
    async with company.scopes() as scope:
        return await Ledger(scope).verify(DECIDERS, head=head)


async def _export(company: Company) -> SignedHead:
    async with company.scopes() as scope:
        return read_head(write_head(await Ledger(scope).export_head()))


async def _tamper(settings: Settings, company: Company, *statements: str) -> None:
    """As somebody who owns the database would."""
    connection = await asyncpg.connect(owner_dsn(settings))
    try:
        for statement in statements:
            assert not (await connection.execute(statement.format(tenant=company.id))).endswith(" 0")
    finally:
        await connection.close()


def _kinds(found: Verification) -> set[FaultKind]:
    return {fault.kind for fault in found.faults}


async def test_an_untouched_ledger_is_whole(acme: Company) -> None:
    await _decide(acme)
    found = await _verify(acme, await _export(acme))
    assert (found.whole, found.entries) == (True, 5)


async def test_an_empty_ledger_is_whole(acme: Company) -> None:
    assert (await _verify(acme, await _export(acme))).whole


async def test_an_updated_row_is_found(acme: Company, settings: Settings) -> None:
    await _decide(acme)
    await _tamper(
        settings,
        acme,
        "UPDATE trust_ledger SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"n\":2', '\"n\":9'), 'UTF8') "
        "WHERE tenant_id = {tenant} AND seq = 3",
    )
    assert FaultKind.ALTERED in _kinds(await _verify(acme))


async def test_an_updated_verdict_is_found(acme: Company, settings: Settings) -> None:
    await _decide(acme)
    await _tamper(
        settings, acme, "UPDATE trust_ledger SET verdict = 'pass' WHERE tenant_id = {tenant} AND seq = 3"
    )
    assert FaultKind.ALTERED in _kinds(await _verify(acme))


@pytest.mark.parametrize("body", ["no JSON", "[]", '{{"inputs":{{}},"result":{{}}}}', '{{"inputs":null}}'])
async def test_a_row_made_unreadable_is_a_finding_and_no_failure(
    acme: Company, settings: Settings, body: str
) -> None:
    await _decide(acme)
    await _tamper(
        settings,
        acme,
        f"UPDATE trust_ledger SET body = convert_to('{body}', 'UTF8') WHERE tenant_id = {{tenant}} AND seq = 3",  # noqa: S608  (constants)
    )
    found = await _verify(acme)
    assert _kinds(found) == {FaultKind.ALTERED, FaultKind.REDECIDED_DIFFERENTLY}
    assert found.entries == 5


async def test_decisions_made_while_it_is_verified_are_no_fault(acme: Company) -> None:
    await _decide(acme, 30)
    for _ in range(5):
        verifying = asyncio.create_task(_verify(acme))
        await asyncio.gather(*(_decide(acme, 2) for _ in range(4)))
        assert (await verifying).faults == []


async def test_a_deleted_row_is_found(acme: Company, settings: Settings) -> None:
    await _decide(acme)
    await _tamper(settings, acme, "DELETE FROM trust_ledger WHERE tenant_id = {tenant} AND seq = 3")
    assert FaultKind.MISSING in _kinds(await _verify(acme))


async def test_an_inserted_row_is_found(acme: Company, settings: Settings) -> None:
    await _decide(acme)
    head = await _export(acme)
    await _tamper(
        settings,
        acme,
        "INSERT INTO trust_ledger (tenant_id, id, seq, at, kind, decider, body, prev_hash, hash) "
        "SELECT tenant_id, gen_random_uuid(), 6, at, kind, decider, body, hash, hash "
        "FROM trust_ledger WHERE tenant_id = {tenant} AND seq = 5",
        "UPDATE trust_ledger_heads SET seq = 6 WHERE tenant_id = {tenant}",
    )
    assert FaultKind.ALTERED in _kinds(await _verify(acme, head))


async def test_a_cut_off_tail_is_found_by_the_head(acme: Company, settings: Settings) -> None:
    await _decide(acme)
    await _tamper(settings, acme, "DELETE FROM trust_ledger WHERE tenant_id = {tenant} AND seq > 3")
    assert FaultKind.CUT_OFF in _kinds(await _verify(acme))


async def test_a_tail_cut_off_with_its_head_is_found_by_the_exported_head(
    acme: Company, settings: Settings
) -> None:
    await _decide(acme)
    head = await _export(acme)
    await _tamper(
        settings,
        acme,
        "DELETE FROM trust_ledger WHERE tenant_id = {tenant} AND seq > 3",
        "UPDATE trust_ledger_heads h SET seq = 3, hash = (SELECT hash FROM trust_ledger l "
        "WHERE l.tenant_id = h.tenant_id AND seq = 3) WHERE tenant_id = {tenant}",
    )
    assert (await _verify(acme)).whole
    assert FaultKind.CUT_OFF in _kinds(await _verify(acme, head))


async def test_a_tail_written_anew_is_found_by_the_exported_head(acme: Company, settings: Settings) -> None:
    await _decide(acme)
    head = await _export(acme)
    await _tamper(
        settings,
        acme,
        "DELETE FROM trust_ledger WHERE tenant_id = {tenant} AND seq > 3",
        "UPDATE trust_ledger_heads h SET seq = 3, hash = (SELECT hash FROM trust_ledger l "
        "WHERE l.tenant_id = h.tenant_id AND seq = 3) WHERE tenant_id = {tenant}",
    )
    await _decide(acme)
    assert (await _verify(acme)).whole
    assert FaultKind.REWRITTEN in _kinds(await _verify(acme, head))


async def test_a_forged_head_is_refused(acme: Company, globex: Company) -> None:
    await _decide(acme)
    head = await _export(acme)
    raw = write_head(head).replace(head.signature[:8].encode(), b"00000000")
    assert FaultKind.FORGED_HEAD in _kinds(await _verify(acme, read_head(raw)))
    with pytest.raises(BadHead):
        await _verify(globex, head)


async def test_a_decision_that_comes_out_otherwise_is_an_error(acme: Company) -> None:
    async with acme.scopes() as scope:
        await Ledger(scope).append("test.decision", "double.1", {"inputs": {"n": 2}, "result": {"answer": 5}})
        await Ledger(scope).append("test.decision", "gone.1", {"inputs": {"n": 2}, "result": {"answer": 4}})
    assert _kinds(await _verify(acme)) == {FaultKind.REDECIDED_DIFFERENTLY, FaultKind.UNKNOWN_DECIDER}


async def test_concurrent_decisions_stand_in_one_chain(acme: Company) -> None:
    await asyncio.gather(*(_decide(acme, 3) for _ in range(8)))
    found = await _verify(acme)
    assert (found.whole, found.entries) == (True, 24)


async def test_a_rolled_back_decision_leaves_no_gap(acme: Company) -> None:
    await _decide(acme, 2)
    with pytest.raises(ZeroDivisionError):
        await _decide_and_fail(acme)
    await _decide(acme, 2)
    assert (await _verify(acme)).whole


@pytest.mark.parametrize(
    "statement", ["UPDATE trust_ledger SET kind = 'x'", "DELETE FROM trust_ledger", "TRUNCATE trust_ledger"]
)
async def test_the_application_itself_cannot_change_the_past(acme: Company, statement: str) -> None:
    await _decide(acme, 1)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with acme.scopes() as scope:
            await scope.session.execute(text(statement))


async def test_a_drill_finds_every_tampering_and_leaves_the_ledger_whole(
    acme: Company, settings: Settings
) -> None:
    await _decide(acme)
    assert settings.database_owner_url is not None
    owner = make_engine(settings.database_owner_url.get_secret_value(), settings)
    async with open_scope(owner, acme.id) as scope:
        tried = await Ledger(scope).drill(DECIDERS)
    await owner.dispose()
    assert [each.name for each in tried if each.verification.whole] == []
    assert len(tried) == 4
    found = await _verify(acme)
    assert (found.whole, found.entries) == (True, 5)


def test_an_entrys_hash_covers_all_of_it_and_what_it_follows() -> None:
    """Whoever takes an entry out and ties the next one to the one before has to hash that one anew."""
    link = Link(
        tenant_id=1,
        id=UUID(int=1),
        seq=2,
        at=datetime(2026, 11, 23, tzinfo=UTC),
        kind="k",
        decider="d/1",
        verdict="pass",
        ad_account_id=UUID(int=2),
        action_id=UUID(int=3),
        body=b"{}",
        prev_hash=b"1" * 32,
        hash=b"",
    )
    other: dict[str, Any] = {
        "tenant_id": 2,
        "id": UUID(int=9),
        "seq": 3,
        "at": datetime(2026, 11, 24, tzinfo=UTC),
        "kind": "l",
        "decider": "d/2",
        "verdict": "hold",
        "ad_account_id": None,
        "action_id": None,
        "body": b"[]",
        "prev_hash": b"2" * 32,
    }
    hashes = {replace(link, **{name: value}).computed_hash() for name, value in other.items()}
    assert len(hashes | {link.computed_hash()}) == len(other) + 1


def test_an_entry_that_follows_another_than_the_one_before_is_found() -> None:
    """Hashed anew in itself, and yet not tied to its place in the chain."""
    at = datetime(2026, 11, 23, tzinfo=UTC)

    def entry(seq: int, prev_hash: bytes) -> Link:
        bare = Link(1, UUID(int=seq), seq, at, "k", "d/1", None, None, None, b"{}", prev_hash, b"")
        return replace(bare, hash=bare.computed_hash())

    first = entry(1, GENESIS)
    for prev_hash, expected in ((first.hash, []), (b"9" * 32, [FaultKind.BROKEN_LINK])):
        chain = Chain()
        assert chain.follow(first) == []
        assert [fault.kind for fault in chain.follow(entry(2, prev_hash))] == expected
