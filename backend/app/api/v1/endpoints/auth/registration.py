from typing import Annotated

from fastapi import APIRouter, Depends, status

from app.api.deps import DoorsDep, LimiterDep
from app.schemas.auth.registration import RegisterRequest, VerifyEmailRequest
from app.schemas.messages import Message
from app.services.auth.registration.service import RegistrationService

router = APIRouter(prefix="/auth", tags=["auth"])


async def registration_service(doors: DoorsDep, limiter: LimiterDep) -> RegistrationService:
    return RegistrationService(doors, limiter)


Registration = Annotated[RegistrationService, Depends(registration_service)]


@router.post("/register", status_code=status.HTTP_202_ACCEPTED)
async def register(body: RegisterRequest, registration: Registration) -> Message:
    """Make a company and its first admin; the answer is the same for an address that has an account."""
    await registration.register(
        email=body.email, password=body.password, full_name=body.full_name, company=body.company
    )
    return Message(message="We have sent you a mail: open its link, then sign in.")


@router.post("/verify-email")
async def verify_email(body: VerifyEmailRequest, registration: Registration) -> Message:
    """Open the registration's link, with its password: the mailbox and the person are proved together."""
    await registration.verify_email(body.token, body.password)
    return Message(message="Your address is verified: sign in.")
