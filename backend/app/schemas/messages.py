from pydantic import BaseModel


class Message(BaseModel):
    """One sentence for people."""

    message: str
