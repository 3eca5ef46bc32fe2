"""The one body of every error."""

from typing import Any, Self

from pydantic import BaseModel, Field

from app.core.context import origin
from app.core.errors import StratumError


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

    @classmethod
    def of(cls, error: StratumError, **more: Any) -> Self:
        """What is said of an error; the request is the one being served, unless `more` names it."""
        faults = [
            FieldFault(field=each.field, message=each.message, code=each.code) for each in error.fields or ()
        ]
        said = {"error": error.detail, "code": error.code, "request_id": origin.get().request_id}
        return cls(fields=faults or None, **{**said, **more})


class TrackingErrorBody(ErrorBody):
    """The tracking API's: SDKs read `message`, and some take an answer without it for a fault of the network."""

    message: str = Field(description="The sentence of `error`, where the SDKs look for it.")
