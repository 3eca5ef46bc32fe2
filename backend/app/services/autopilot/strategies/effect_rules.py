"""What a change is expected to bring, said so that nobody takes a guess for a promise."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """A day's difference, in micros: of spend, and of value with the ends of its 80 % interval.

    `value` is None where only the ends are known.
    """

    spend_micros: int
    value_micros: int | None
    value_low_micros: int
    value_high_micros: int
