from typing import Annotated

from fastapi import APIRouter, Depends, Response, status

from app.api.deps import DoorsDep, LimiterDep, SettingsDep
from app.api.sign_in import SignIn, forget
from app.auth.deps import requires
from app.auth.principals import Principal
from app.schemas.auth.passwords import ChangePasswordRequest, ForgotPasswordRequest, ResetPasswordRequest
from app.schemas.messages import Message
from app.services.auth.passwords.service import PasswordService

router = APIRouter(prefix="/auth/password", tags=["auth"])

CanWrite = Annotated[Principal, requires("auth.self:write")]


async def password_service(doors: DoorsDep, limiter: LimiterDep, sign_in: SignIn) -> PasswordService:
    return PasswordService(doors, limiter, sign_in)


Passwords = Annotated[PasswordService, Depends(password_service)]


@router.post("/forgot", status_code=status.HTTP_202_ACCEPTED)
async def forgot_password(body: ForgotPasswordRequest, passwords: Passwords) -> Message:
    """Send a link; the answer is the same for an address without an account."""
    await passwords.forgot(body.email)
    return Message(message="If the address has an account, a mail with a link is on its way.")


@router.post("/reset")
async def reset_password(body: ResetPasswordRequest, passwords: Passwords) -> Message:
    """Set a new password by the mail's link; every session ends."""
    await passwords.reset(body.token, body.password)
    return Message(message="Your new password is set: sign in.")


@router.post("/change")
async def change_password(
    body: ChangePasswordRequest, principal: CanWrite, passwords: Passwords,
    response: Response, settings: SettingsDep,
) -> Message:  # fmt: skip
    """Every session ends, this one too."""
    await passwords.change(principal, body.current_password, body.new_password)
    forget(response, settings)
    return Message(message="Your password is changed: sign in again.")
