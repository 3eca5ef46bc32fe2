"""A token is exchanged ahead of its end, once; one that is refused is exchanged, or asks for a person."""

import asyncio
from datetime import timedelta

import pytest

from app.core.clock import real_now
from app.core.security import seal
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.integrations.service import TOKEN_PURPOSE, IntegrationsService
from app.services.integrations.vendors import vendor_of
from tests.services.integrations.contract.conftest import Bench


async def test_a_token_is_exchanged_ahead_of_its_end_by_whoever_uses_it(bench: Bench) -> None:
    if not bench.subject.ends:
        assert not vendor_of(bench.name).refresh_ahead
        return
    before = (await bench.connection()).token_sealed
    await bench.put_connection(
        expires_at=real_now() + vendor_of(bench.name).refresh_ahead / 2, refreshed_at=None
    )
    platforms = await asyncio.gather(*(bench.platform() for _ in range(3)))
    for each in platforms:
        assert await each.list_campaigns()
    operations = [call.operation for call in await bench.calls()]
    assert operations.count("exchange_token") == 1
    row = await bench.connection()
    assert row.status == "active"
    assert row.token_sealed != before
    assert row.expires_at is not None
    assert row.expires_at > real_now() + timedelta(minutes=50)


@pytest.mark.parametrize("kind", ["token_expired", "token_revoked"])
async def test_a_refused_token_is_exchanged_where_that_is_possible_and_else_asks_for_a_person(
    bench: Bench, kind: str
) -> None:
    await bench.put_connection(refreshed_at=None)
    bench.order(kind, bench.subject.lists[0], count=1)
    with pytest.raises(PlatformError) as caught:
        await (await bench.platform()).list_campaigns()
    assert caught.value.kind is PlatformErrorKind.AUTH
    row = await bench.connection()
    if bench.subject.redeems:
        assert row.status == "active"
        assert await (await bench.platform()).list_campaigns()
        bench.order(kind, bench.subject.lists[0], count=1)
        with pytest.raises(PlatformError):
            await (await bench.platform()).list_campaigns()
        row = await bench.connection()
    assert (row.status, row.last_error_code) == ("needs_sign_in", caught.value.code)
    with pytest.raises(PlatformError, match="not_connected"):
        await bench.platform()


async def test_several_who_meet_one_refused_token_ask_for_no_person(bench: Bench) -> None:
    """All of them hold the old one; who comes after the first has nothing to say about the new one."""
    if not bench.subject.redeems:
        pytest.skip("nothing can be redeemed there: the first refusal asks for a person")
    await bench.put_connection(refreshed_at=None)
    old = [await bench.platform() for _ in range(3)]
    bench.order("token_revoked", bench.subject.lists[0], count=3)
    for each in old[:2]:
        with pytest.raises(PlatformError):
            await each.list_campaigns()
    assert (await bench.connection()).status == "active"
    await IntegrationsService(bench.scopes).tokens.usable(await bench.connection())
    with pytest.raises(PlatformError):
        await old[2].list_campaigns()
    assert (await bench.connection()).status == "active"
    assert await (await bench.platform()).list_campaigns()


async def test_a_person_who_signed_in_meanwhile_is_not_asked_again(bench: Bench) -> None:
    platform = await bench.platform()
    async with bench.scopes() as scope:
        anew = seal(bench.subject.token(bench.sandbox), purpose=TOKEN_PURPOSE, tenant_id=scope.tenant_id)
    bench.order("token_revoked", bench.subject.lists[0], count=1)
    await bench.put_connection(token_sealed=anew, refreshed_at=real_now(), refresh_token_sealed=None)
    with pytest.raises(PlatformError):
        await platform.list_campaigns()
    # The same token under another seal is another sign-in's.
    assert (await bench.connection()).status == "active"


async def test_what_can_be_redeemed_no_more_asks_for_a_person(bench: Bench) -> None:
    if not bench.subject.redeems:
        pytest.skip("nothing is redeemed there")
    async with bench.scopes() as scope:
        gone = seal("gone", purpose="integrations.refresh_token", tenant_id=scope.tenant_id)
    await bench.put_connection(
        expires_at=real_now() - timedelta(minutes=1), refreshed_at=None, refresh_token_sealed=gone
    )
    with pytest.raises(PlatformError) as caught:
        await bench.platform()
    assert caught.value.kind is PlatformErrorKind.AUTH
    row = await bench.connection()
    assert (row.status, row.last_error_code) == ("needs_sign_in", f"{bench.name.value}.invalid_grant")
