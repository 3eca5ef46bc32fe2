"""Checking passwords costs what it may cost, and no more of it waits than can be worked off."""

import asyncio

from app.core.passwords import TooManySignIns, hash_password, verify_password
from tests.factories.access import PASSWORD, password_hash


async def test_of_a_crowd_the_first_are_checked_and_the_others_told_to_come_back() -> None:
    answers = await asyncio.gather(
        *(verify_password(PASSWORD, password_hash()) for _ in range(100)), return_exceptions=True
    )
    assert answers[:64] == [True] * 64
    assert all(isinstance(each, TooManySignIns) and each.status == 503 for each in answers[64:])
    assert await verify_password(PASSWORD, password_hash())


async def test_a_hash_is_argon2id_at_its_price_and_salted() -> None:
    first, second = await hash_password(PASSWORD), await hash_password(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert first != second
    assert await verify_password(PASSWORD, first)
    assert not await verify_password(PASSWORD + " ", first)


async def test_what_is_no_hash_opens_nothing() -> None:
    for stored in (None, "", "plain", PASSWORD):
        assert not await verify_password(PASSWORD, stored)
