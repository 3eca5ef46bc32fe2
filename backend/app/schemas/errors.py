"""The one body of every error."""

from pydantic import BaseModel, Field


class FieldFault(BaseModel):
    field: str = Field(description="A dotted path such as `body.email`.")
    message: str
    code: str


class ErrorBody(BaseModel):
    success: bool = False
    error: str = Field(description="One sentence for people.")
    code: str = Field(description="Stable; programs branch on it.")
    fields: list[FieldFault] | None = None
    request_id: str | None = None


class TrackingErrorBody(ErrorBody):
    """The tracking API's: SDKs read `message`, and some take an answer without it for a fault of the network."""

    message: str = Field(description="The sentence of `error`, where the SDKs look for it.")
