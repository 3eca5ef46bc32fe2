"""One ad account at Google: how it is asked, and the one way by which it is changed."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.services.integrations.google.errors import PLATFORM, invalid
from app.services.integrations.google.rationing import Use
from app.services.integrations.google.transport import GoogleTransport
from app.services.integrations.ports import Permits, PlatformError, PlatformErrorKind
from app.services.integrations.vendor import Speaker
from app.services.trust_engine.gate.permits import Change, Permit


class GoogleAccount:
    def __init__(self, transport: GoogleTransport, permits: Permits, speaker: Speaker) -> None:
        self._transport = transport
        self._permits = permits
        self._token = speaker.token
        self.number = speaker.account
        self.read_only = speaker.read_only
        self.may_leave = transport.may_leave
        self.reserve = transport.reserve

    def name(self, collection: str, entity: str) -> str:
        return f"customers/{self.number}/{collection}/{entity}"

    async def rows(self, operation: str, query: str) -> list[dict[str, Any]]:
        return await self._transport.rows(operation, self.number, query, token=self._token)

    async def ask(self, operation: str, query: str, use: Use = Use.CHANGE) -> list[dict[str, Any]]:
        """The few rows that a write waits for."""
        return await self._transport.ask(operation, self.number, query, token=self._token, use=use)

    async def send(
        self,
        change: Change,
        permit: Permit,
        service: str,
        operations: Sequence[Mapping[str, Any]],
        *,
        patient: bool = False,
        told: Sequence[Mapping[str, Any]] | None = None,
    ) -> dict[str, Any]:
        """What may leave, leaves here; `told` is what the log keeps of it, where that is less."""
        await self._permits.use(permit, change)
        return await self._transport.write(
            change.operation,
            self.number,
            service,
            operations,
            token=self._token,
            permit_id=permit.id,
            patient=patient,
            told=told,
        )

    def demand_new(self, change: Change, operation: str, entity_type: str) -> None:
        """Refuse, before a permit is spent, what creates nothing of this kind in this account."""
        self.demand_for_here(change, operation)
        if change.entity_type != entity_type or change.before:
            raise invalid("other_change", f"{operation} creates what was not there, of its own kind.")

    def demand_for_here(self, change: Change, operation: str) -> None:
        if self.read_only:
            raise may_only_read()
        if (change.platform, change.account, change.operation) != (PLATFORM, self.number, operation):
            raise invalid("other_change", "This change is for another account or operation.")


def the_one(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if not rows:
        raise PlatformError(
            PlatformErrorKind.PERMISSION, f"{PLATFORM}.other_account", "This account has no such object."
        )
    return rows[0]


def number_of(text: str) -> str:
    if not text.isascii() or not text.isdecimal():
        raise invalid("not_an_id", "This is no id of the platform's.")
    return text


def may_only_read() -> PlatformError:
    return PlatformError(
        PlatformErrorKind.PERMISSION, f"{PLATFORM}.read_only", "This connection may only read."
    )


def malformed(error: Exception) -> PlatformError:
    return PlatformError(
        PlatformErrorKind.TRANSIENT, f"{PLATFORM}.malformed", f"An object came without {error}."
    )
