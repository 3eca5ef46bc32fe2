from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

MessageType = Literal[
    "emq_update",
    "incident_opened",
    "incident_closed",
    "autopilot_mode_change",
    "action_status_update",
    "platform_status",
    "cdp_event",
    "cdp_verdict",
    "segment_counts",
    "notification",
    "resync",
]


class LiveMessageRead(BaseModel):
    """One live message. After `resync`, read everything anew: messages were lost."""

    type: MessageType = Field(description="What happened.")
    payload: dict[str, Any] = Field(description="What is known of it; its shape follows from the type.")
    timestamp: datetime = Field(description="When, UTC.")
    id: str = Field(description="Send the last one as `Last-Event-ID` to go on from there.")


class TicketRead(BaseModel):
    ticket: str = Field(description="Opens one stream, once.")
    expires_in: int = Field(description="Seconds.")
