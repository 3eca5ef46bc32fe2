"""What every request body has in common."""

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """An unknown field is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")
