from typing import Annotated

from fastapi import APIRouter, Depends, status

from app.api.deps import DoorsDep, LimiterDep, SettingsDep
from app.api.sign_in import Deliver, OwnOrigin, SignIn
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.auth.mfa import (
    BackupCodesRead,
    BackupCodesRequest,
    CodeRequest,
    EnrolmentRead,
    EnrolRequest,
    MfaDisableRequest,
    MfaVerifyRequest,
)
from app.schemas.auth.sessions import SessionRead
from app.services.auth.mfa.service import MfaService, SecondFactorSignIn

router = APIRouter(prefix="/auth/mfa", tags=["auth"])

CanWrite = Annotated[Principal, requires("auth.self:write")]


async def mfa_service(
    doors: DoorsDep, sign_in: SignIn, settings: SettingsDep, principal: CanWrite
) -> MfaService:
    return MfaService(doors, principal, sign_in, settings)


async def second_factor(
    doors: DoorsDep, limiter: LimiterDep, sign_in: SignIn, settings: SettingsDep
) -> SecondFactorSignIn:
    return SecondFactorSignIn(doors, limiter, sign_in, settings)


Mfa = Annotated[MfaService, Depends(mfa_service)]
SecondFactor = Annotated[SecondFactorSignIn, Depends(second_factor)]


@router.post("/verify", dependencies=[OwnOrigin])
async def verify(body: MfaVerifyRequest, factor: SecondFactor, deliver: Deliver) -> SessionRead:
    """Finish signing in with a code of the app or a backup code."""
    return deliver(await factor.verify(body.mfa_token, body.code))


@router.post("/enroll")
async def enroll(mfa: Mfa, body: EnrolRequest | None = None) -> EnrolmentRead:
    """A new secret; it counts once a code of it is confirmed. `auth.password_needed` asks for the password."""
    return EnrolmentRead.model_validate(await mfa.enroll(body.password if body else None))


@router.post("/confirm")
async def confirm(body: CodeRequest, mfa: Mfa) -> BackupCodesRead:
    """Turn the second factor on, with a first code; the backup codes are shown this once."""
    return BackupCodesRead(backup_codes=await mfa.confirm(body.code))


@router.post("/disable", status_code=status.HTTP_204_NO_CONTENT)
async def disable(body: MfaDisableRequest, mfa: Mfa) -> None:
    """Turn the second factor off."""
    await mfa.disable(body.password, body.code)


@router.post("/backup-codes")
async def renew_backup_codes(body: BackupCodesRequest, mfa: Mfa) -> BackupCodesRead:
    """Ten new ones; the old stop working. `auth.password_needed` asks for the password."""
    return BackupCodesRead(backup_codes=await mfa.renew_backup_codes(body.password, body.code))
