from pydantic import BaseModel, Field


class Message(BaseModel):
    """One sentence for people."""

    message: str = Field(description="What was done or comes next, in words.")
