import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import security
from app.core.security import Unsealable, keyed_hash, seal, unseal
from tests.house.source import BACKEND


@given(st.text(), st.integers(min_value=1, max_value=10**6))
def test_what_was_sealed_opens_again(text: str, tenant_id: int) -> None:
    assert unseal(seal(text, purpose="p", tenant_id=tenant_id), purpose="p", tenant_id=tenant_id) == text


def test_a_sealed_value_opens_neither_elsewhere_nor_altered() -> None:
    sealed = seal("secret", purpose="token", tenant_id=1)
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for value, purpose, tenant in (
        (sealed, "other", 1),
        (sealed, "token", 2),
        (altered, "token", 1),
        (sealed[:1] + b"????" + sealed[5:], "token", 1),
        (b"\x02" + sealed[1:], "token", 1),
        (sealed[:20], "token", 1),
        (b"", "token", 1),
    ):
        with pytest.raises(Unsealable):
            unseal(value, purpose=purpose, tenant_id=tenant)


def test_equal_values_seal_differently_and_hash_alike() -> None:
    assert seal("a", purpose="p", tenant_id=1) != seal("a", purpose="p", tenant_id=1)
    assert keyed_hash("a", purpose="p", tenant_id=1) == keyed_hash("a", purpose="p", tenant_id=1)


def test_a_key_is_derived_once_however_often_it_is_used() -> None:
    derived = security._derive.cache_info().misses
    for _ in range(50):
        unseal(seal("secret", purpose="derived-once", tenant_id=1), purpose="derived-once", tenant_id=1)
        keyed_hash("value", purpose="derived-once", tenant_id=1)
    assert security._derive.cache_info().misses - derived <= 3


def test_a_hash_of_one_tenant_says_nothing_in_another() -> None:
    assert keyed_hash("a", purpose="email", tenant_id=1) != keyed_hash("a", purpose="email", tenant_id=2)
    assert keyed_hash("a", purpose="email", tenant_id=1) != keyed_hash("a", purpose="phone", tenant_id=1)


def test_a_hash_takes_a_key_that_only_we_have() -> None:
    assert _hashed_under("k" * 40) == _hashed_under("k" * 40) != _hashed_under("l" * 40)


def _hashed_under(lookup_key: str) -> str:
    """In a process of its own, whose settings name the key."""
    code = (
        "from app.core.security import keyed_hash; print(keyed_hash('a', purpose='email', tenant_id=1).hex())"
    )
    environment = {**os.environ, "LOOKUP_KEY": lookup_key}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=BACKEND, env=environment, capture_output=True, text=True, check=True
    ).stdout
