from app.schemas.inputs import Input
from app.schemas.text import Email, Line, NewPassword, Token


class RegisterRequest(Input):
    email: Email
    password: NewPassword
    full_name: Line
    company: Line


class VerifyEmailRequest(Input):
    token: Token
