from pydantic import Field

from app.schemas.inputs import Input
from app.schemas.text import Email, Line, NewPassword, Password, Token


class RegisterRequest(Input):
    email: Email = Field(description="Where the link goes that proves the address.")
    password: NewPassword = Field(description="12 characters or more.")
    full_name: Line = Field(description="The person's name.")
    company: Line = Field(description="The name of the workspace that is made.")


class VerifyEmailRequest(Input):
    token: Token = Field(description="From the link in the mail.")
    password: Password = Field(description="The one that was chosen in the registration of this link.")
