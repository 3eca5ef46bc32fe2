"""What the control API says no to: a sentence and what would have been possible."""

from typing import Any


class Refused(Exception):
    def __init__(self, sentence: str, status: int = 422, **facts: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.body = {"error": sentence} | facts
