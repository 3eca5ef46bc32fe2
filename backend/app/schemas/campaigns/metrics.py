from datetime import date, datetime

from pydantic import BaseModel, Field


class DayRead(BaseModel):
    day: date = Field(description="The account's own day.")
    spend_micros: int
    impressions: int
    clicks: int
    conversions: float
    conversion_value_micros: int
    roas: float | None
    maturity: float = Field(
        description="Share, 0 to 1, of the attribution window that had passed when the day was last read."
    )
    restated_at: datetime | None


class MetricsRead(BaseModel):
    days: list[DayRead]
    currency: str
    timezone: str
