from pydantic import BaseModel, ConfigDict, Field

from app.schemas.inputs import Input
from app.schemas.text import Code, Password, Token


class CodeRequest(Input):
    code: Code = Field(description="The authenticator's six digits, or a backup code.")


class EnrolRequest(Input):
    password: Password | None = Field(None, description="Needed ten minutes after signing in, and later.")


class BackupCodesRequest(EnrolRequest):
    code: Code = Field(description="The authenticator's six digits.")


class MfaVerifyRequest(Input):
    mfa_token: Token = Field(description="What the sign-in answered with.")
    code: Code = Field(description="Six digits from the app, or a backup code.")


class MfaDisableRequest(Input):
    password: Password = Field(description="The account's password.")
    code: Code = Field(description="The authenticator's six digits, or a backup code.")


class EnrolmentRead(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    secret: str = Field(description="The key to type where a camera is of no use, Base32.")
    otpauth_uri: str = Field(description="The same as an `otpauth://` address.")
    qr_svg: str = Field(description="The address as a QR code: an `svg` element.")


class BackupCodesRead(BaseModel):
    backup_codes: list[str] = Field(description="Each works once; they are shown this once.")
