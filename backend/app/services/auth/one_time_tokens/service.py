"""Links that work once.

The token is computed from its row's id and the secret key when the mail is written: it lies neither in the database
nor in a task's payload.
"""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from app.core.clock import real_now
from app.core.ids import uuid7
from app.core.security import constant_time_equal, keyed_hash, token_hash
from app.db.session import GlobalSession
from app.models.auth.passwords import OneTimeToken
from app.services.auth.one_time_tokens.errors import LinkInvalid
from app.services.auth.one_time_tokens.repository import OneTimeTokenRepository

_PREFIX = "otk"


class Purpose(StrEnum):
    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (a purpose)


LIFETIME = {Purpose.VERIFY_EMAIL: timedelta(hours=48), Purpose.RESET_PASSWORD: timedelta(hours=1)}


class OneTimeTokens:
    def __init__(self, session: GlobalSession) -> None:
        self._tokens = OneTimeTokenRepository(session)

    async def issue(self, user_id: UUID, purpose: Purpose) -> UUID:
        """A new token's id; the person's earlier ones for the same purpose stop working."""
        now, token_id = real_now(), uuid7()
        await self._tokens.void(user_id, purpose, now)
        self._tokens.add(
            OneTimeToken(
                id=token_id,
                user_id=user_id,
                purpose=purpose,
                token_hash=token_hash(_spell(token_id, purpose)),
                expires_at=now + LIFETIME[purpose],
            )
        )
        return token_id

    async def spell(self, token_id: UUID, purpose: Purpose) -> str | None:
        """The token for its mail; None once it has been used or has expired."""
        row = await self._tokens.get(token_id)
        if row is None or row.purpose != purpose or not _is_live(row):
            return None
        token = _spell(token_id, purpose)
        return token if constant_time_equal(row.token_hash, token_hash(token)) else None

    async def owner(self, token: str, purpose: Purpose) -> UUID:
        """Whose live token it is; `LinkInvalid` where it is nobody's."""
        return (await self._read(token, purpose, locked=False)).user_id

    async def redeem(self, token: str, purpose: Purpose) -> UUID:
        """Use the token up; two at once never both succeed."""
        row = await self._read(token, purpose, locked=True)
        row.used_at = real_now()
        return row.user_id

    async def _read(self, token: str, purpose: Purpose, *, locked: bool) -> OneTimeToken:
        token_id = _id_in(token)
        row = await (self._tokens.for_update(token_id) if locked else self._tokens.get(token_id))
        if row is None or row.purpose != purpose or not _is_live(row):
            raise LinkInvalid
        if not constant_time_equal(row.token_hash, token_hash(token)):
            raise LinkInvalid
        return row


def _is_live(row: OneTimeToken) -> bool:
    return row.used_at is None and row.expires_at > real_now()


def _spell(token_id: UUID, purpose: Purpose) -> str:
    mac = keyed_hash(f"{purpose}|{token_id.hex}", purpose="one_time_token", tenant_id=None)
    return f"{_PREFIX}_{token_id.hex}_{mac.hex()}"


def _id_in(token: str) -> UUID:
    try:
        prefix, token_id, _ = token.split("_")
        if prefix != _PREFIX:
            raise LinkInvalid
        return UUID(hex=token_id)
    except ValueError as error:
        raise LinkInvalid from error
