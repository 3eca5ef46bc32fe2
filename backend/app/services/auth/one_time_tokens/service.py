"""Links that work once.

The token is computed from its row's id and the secret key when the mail is written: it lies neither in the database
nor in a task's payload.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.security import constant_time_equal, token_hash, vouchers
from app.db.session import GlobalSession
from app.models.auth.passwords import OneTimeToken
from app.services.auth.one_time_tokens.errors import LinkInvalid
from app.services.auth.one_time_tokens.repository import OneTimeTokenRepository

_PREFIX = "otk"


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (a purpose)


LIFETIME = {Purpose.VERIFY_EMAIL: timedelta(hours=48), Purpose.RESET_PASSWORD: timedelta(hours=1)}


@dataclass(frozen=True, slots=True)
class Wish:
    """What a registration asked for: it comes true only by its own link."""

    password_hash: str
    full_name: str
    company: str


@dataclass(frozen=True, slots=True)
class Redeemed:
    user_id: UUID
    wish: Wish | None


class OneTimeTokens:
    def __init__(self, session: GlobalSession) -> None:
        self._tokens = OneTimeTokenRepository(session)

    async def issue(self, user_id: UUID, purpose: Purpose) -> UUID:
        """A new token's id; the person's earlier ones for the same purpose stop working."""
        await self.void(user_id, purpose)
        return self._add(user_id, purpose, None)

    def issue_for(self, user_id: UUID, wish: Wish) -> UUID:
        """A registration's own token, for its own wish.

        Those of other registrations of the address go on: or whoever repeats one would keep its owner out.
        """
        return self._add(user_id, Purpose.VERIFY_EMAIL, wish)

    async def void(self, user_id: UUID, purpose: Purpose) -> None:
        await self._tokens.void(user_id, purpose, real_now())

    def _add(self, user_id: UUID, purpose: Purpose, wish: Wish | None) -> UUID:
        now, token_id = real_now(), uuid7()
        self._tokens.add(
            OneTimeToken(
                id=token_id,
                user_id=user_id,
                purpose=purpose,
                token_hash=token_hash(next(_spellings(token_id, purpose))),
                expires_at=now + LIFETIME[purpose],
                password_hash=wish.password_hash if wish else None,
                full_name=wish.full_name if wish else None,
                company=wish.company if wish else None,
            )
        )
        return token_id

    async def spell(self, token_id: UUID, purpose: Purpose) -> str | None:
        """The token for its mail; None once it has been used or has expired."""
        row = await self._tokens.get(token_id)
        if row is None or row.purpose != purpose or not _is_live(row):
            return None
        spelt = (each for each in _spellings(token_id, purpose) if token_hash(each) == row.token_hash)
        return next(spelt, None)

    async def peek(self, token: str, purpose: Purpose) -> Redeemed:
        """Whose live token it is, and for what; `LinkInvalid` where it is nobody's."""
        return _redeemed(await self._read(token, purpose, locked=False))

    async def redeem(self, token: str, purpose: Purpose) -> Redeemed:
        """Use the token up; two at once never both succeed."""
        row = await self._read(token, purpose, locked=True)
        found = _redeemed(row)
        row.used_at, row.password_hash = real_now(), None
        return found

    async def _read(self, token: str, purpose: Purpose, *, locked: bool) -> OneTimeToken:
        token_id = _id_in(token)
        row = await (self._tokens.for_update(token_id) if locked else self._tokens.get(token_id))
        if row is None or row.purpose != purpose or not _is_live(row):
            raise LinkInvalid
        if not constant_time_equal(row.token_hash, token_hash(token)):
            raise LinkInvalid
        return row


def _redeemed(row: OneTimeToken) -> Redeemed:
    wish = None
    if row.password_hash is not None and row.full_name is not None and row.company is not None:
        wish = Wish(row.password_hash, row.full_name, row.company)
    return Redeemed(row.user_id, wish)


def _is_live(row: OneTimeToken) -> bool:
    return row.used_at is None and row.expires_at > real_now()


def _spellings(token_id: UUID, purpose: Purpose) -> Iterator[str]:
    """Under the current secret key first: a mail may be written after a rotation."""
    for voucher in vouchers(f"{purpose}|{token_id.hex}", purpose="one_time_token", tenant_id=None):
        yield f"{_PREFIX}_{token_id.hex}_{voucher.hex()}"


def _id_in(token: str) -> UUID:
    try:
        prefix, token_id, _ = token.split("_")
        if prefix != _PREFIX:
            raise LinkInvalid
        return UUID(hex=token_id)
    except ValueError as error:
        raise LinkInvalid from error
