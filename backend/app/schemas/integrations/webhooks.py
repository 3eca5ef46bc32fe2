from pydantic import BaseModel, Field


class WebhookTaken(BaseModel):
    received: bool = Field(
        description="Always true: who reads the account here, and whether it came before, is not told."
    )
