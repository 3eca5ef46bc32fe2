from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import Code, Password, Token


class CodeRequest(Input):
    code: Code


class EnrolRequest(Input):
    password: Password | None = Field(None, description="Needed ten minutes after signing in, and later.")


class BackupCodesRequest(EnrolRequest):
    code: Code


class MfaVerifyRequest(Input):
    mfa_token: Token
    code: Code = Field(description="Six digits from the app, or a backup code.")


class MfaDisableRequest(Input):
    password: Password
    code: Code


class EnrolmentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    secret: str
    otpauth_uri: str
    qr_svg: str = Field(description="The address as a QR code: an `svg` element.")


class BackupCodesRead(BaseModel):
    backup_codes: list[str] = Field(description="Each works once; they are shown this once.")
