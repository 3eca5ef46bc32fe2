from app.schemas.inputs import Input
from app.schemas.text import Email, NewPassword, Password, Token


class ForgotPasswordRequest(Input):
    email: Email


class ResetPasswordRequest(Input):
    token: Token
    password: NewPassword


class ChangePasswordRequest(Input):
    current_password: Password
    new_password: NewPassword
