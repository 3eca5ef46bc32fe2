from pydantic import Field

from app.schemas.inputs import Input
from app.schemas.text import Email, Line, NewPassword, Password, Token


class RegisterRequest(Input):
    email: Email
    password: NewPassword
    full_name: Line
    company: Line


class VerifyEmailRequest(Input):
    token: Token
    password: Password = Field(description="The one that was chosen in the registration of this link.")
