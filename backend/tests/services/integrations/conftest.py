from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.core.clock import real_now
from app.core.ids import uuid7
from app.services.integrations.gateway import Gateway
from app.services.integrations.ports import PlatformError, PlatformErrorKind
from app.services.trust_engine.gate.permits import Change, Permit
from tests.sandbox_process import Sandbox


@dataclass
class Desk:
    """Takes every permit that it minted once: what the connectors know of the gate's desk."""

    minted: dict[str, str] = field(default_factory=dict)
    used: list[Change] = field(default_factory=list)

    def mint(self, change: Change) -> Permit:
        permit = Permit(1, uuid7(), change.digest, real_now() + timedelta(minutes=5))
        self.minted[str(permit.id)] = change.digest
        return permit

    async def use(self, permit: Permit, change: Change) -> None:
        if self.minted.pop(str(permit.id), None) != change.digest:
            raise PlatformError(PlatformErrorKind.PERMISSION, "desk.refused", "No such permit.")
        self.used.append(change)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def faults(sandbox: Sandbox, platforms: Gateway) -> Iterator[Sandbox]:
    """The sandbox, mended at the end."""
    yield sandbox
    sandbox.repair()
