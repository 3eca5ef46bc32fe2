"""The one body of every error."""

from pydantic import BaseModel, Field


class FieldFault(BaseModel):
    field: str = Field(description="A dotted path such as `body.email`.")
    message: str = Field(description="What is wrong with it, in words.")
    code: str = Field(description="A stable code of the fault.")


class ErrorBody(BaseModel):
    success: bool = Field(default=False, description="Never true.")
    error: str = Field(description="One sentence for people.")
    code: str = Field(description="Stable; programs branch on it.")
    fields: list[FieldFault] | None = Field(
        None, description="Each field that is at fault; null where none is."
    )
    request_id: str | None = Field(None, description="The request, as in `X-Request-ID`.")


class TrackingErrorBody(ErrorBody):
    """The tracking API's: SDKs read `message`, and some take an answer without it for a fault of the network."""

    message: str = Field(description="The sentence of `error`, where the SDKs look for it.")
