from datetime import date, datetime

from pydantic import BaseModel, Field


class DayRead(BaseModel):
    day: date = Field(description="The account's own day.")
    spend_micros: int = Field(description="Millionths of `currency`.")
    impressions: int = Field(description="Times that it was shown.")
    clicks: int = Field(description="Clicks, as the platform counts them.")
    conversions: float = Field(description="Conversions that the platform claims.")
    conversion_value_micros: int = Field(description="Their value, in millionths of `currency`.")
    roas: float | None = Field(description="Return on ad spend: value over spend; null without spend.")
    maturity: float = Field(
        description="Share, 0 to 1, of the attribution window that had passed when the day was last read."
    )
    restated_at: datetime | None = Field(
        description="When the platform last changed this day's figures, UTC."
    )


class MetricsRead(BaseModel):
    days: list[DayRead] = Field(description="A row a day of the account's time zone, oldest first.")
    currency: str = Field(description="The account's, ISO 4217.")
    timezone: str = Field(description="The account's, IANA.")
