"""Randomness by name: each draw depends on the seed and its own key alone, never on what was drawn before."""

from collections.abc import Sequence
from hashlib import blake2b
from math import cos, exp, floor, log, pi, sqrt
from typing import TypeVar

T = TypeVar("T")
_MASK = (1 << 64) - 1
_UNIT = 2.0**-53
_LARGE_MEAN = 60.0


class Chance:
    """A SplitMix64 stream keyed by (seed, purpose, key); the same key gives the same stream for ever."""

    __slots__ = ("state",)

    def __init__(self, seed: int, purpose: str, *key: int | str) -> None:
        name = "|".join([str(seed), purpose, *map(str, key)])
        self.state = int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")

    def bits(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return z ^ (z >> 31)

    def uniform(self) -> float:
        """In [0, 1); `bits` written out, for it is drawn a million times a start."""
        self.state = z = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) * _UNIT

    def child(self, number: int) -> "Chance":
        """One of many streams of the same key, cheaper than a key of its own; draws nothing from this one."""
        other = Chance.__new__(Chance)
        z = (self.state ^ ((number + 1) * 0xD1342543DE82EF95)) + 0x9E3779B97F4A7C15 & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        other.state = z ^ (z >> 31)
        return other

    def happens(self, probability: float) -> bool:
        return self.uniform() < probability

    def below(self, limit: int) -> int:
        return floor(self.uniform() * limit)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def exponential(self, mean: float) -> float:
        return -mean * log(1.0 - self.uniform())

    def normal(self) -> float:
        return sqrt(-2.0 * log(1.0 - self.uniform())) * cos(2.0 * pi * self.uniform())

    def wobble(self, sigma: float) -> float:
        """A log-normal factor whose mean is 1."""
        return exp(sigma * self.normal() - sigma * sigma / 2.0)

    def poisson(self, mean: float) -> int:
        """By inversion, so that one key's count grows with its mean (common random numbers)."""
        if mean <= 0.0:
            return 0
        if mean > _LARGE_MEAN:
            return max(0, round(mean + sqrt(mean) * self.normal()))
        u, count, term = self.uniform(), 0, exp(-mean)
        total = term
        while u > total and term > 0.0:
            count += 1
            term *= mean / count
            total += term
        return count

    def hex(self, digits: int) -> str:
        text = ""
        while len(text) < digits:
            text += f"{self.bits():016x}"
        return text[:digits]
