"""A code belongs to one half minute, and counts once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pyotp
import pytest

from app.auth.mfa import backup_hash, matching_step, new_backup_codes, new_secret, step_of

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
STEP = timedelta(seconds=30)


@pytest.mark.parametrize("drift", range(-3, 4))
def test_a_clock_may_be_one_step_off(drift: int) -> None:
    secret = new_secret()
    code = pyotp.TOTP(secret).at(NOW + drift * STEP)
    expected = step_of(NOW) + drift if abs(drift) <= 1 else None
    assert matching_step(secret, code, NOW, after=None) == expected


def test_a_step_that_was_used_takes_no_code_again_nor_any_before_it() -> None:
    secret, now = new_secret(), step_of(NOW)
    code, earlier = pyotp.TOTP(secret).at(NOW), pyotp.TOTP(secret).at(NOW - STEP)
    assert matching_step(secret, code, NOW, after=now - 1) == now
    assert matching_step(secret, code, NOW, after=now) is None
    assert matching_step(secret, earlier, NOW, after=now) is None


def test_a_backup_code_is_long_random_and_one_persons() -> None:
    codes, ada, bob = new_backup_codes(), uuid4(), uuid4()
    assert all(len(code.replace("-", "")) == 16 for code in codes)
    assert backup_hash(codes[0], ada) == backup_hash(codes[0].replace("-", " ").lower(), ada)
    assert len({backup_hash(code, person) for code in codes for person in (ada, bob)}) == 20
