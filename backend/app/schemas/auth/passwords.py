from pydantic import Field

from app.schemas.inputs import Input
from app.schemas.text import Email, NewPassword, Password, Token


class ForgotPasswordRequest(Input):
    email: Email = Field(description="The account's address; the answer is the same whether there is one.")


class ResetPasswordRequest(Input):
    token: Token = Field(description="From the link in the mail.")
    password: NewPassword = Field(description="The new password, 12 characters or more.")


class ChangePasswordRequest(Input):
    current_password: Password = Field(description="The password until now.")
    new_password: NewPassword = Field(description="The new one, 12 characters or more.")
