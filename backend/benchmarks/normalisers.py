"""Which published forms of people's identifiers hold, per platform and field, as a table.

    python -m benchmarks.normalisers

The values are those of `tests/services/integrations/normalisers/vectors.py`: examples and tests that a platform
publishes, and beside them what is our own reading. What is published and not followed is listed with what is sent
instead.
"""

import sys
from collections import Counter
from collections.abc import Iterable

from tests.services.integrations.normalisers.vectors import SET_ASIDE, VECTORS, Vector
from tests.services.integrations.normalisers.wire import sent

_FIELDS = tuple(dict.fromkeys(one.field for one in VECTORS))


def _holds(one: Vector) -> bool:
    return sent(one.platform, one.field, one.written, one.country) == one.normal


def _count(vectors: Iterable[Vector]) -> Counter[tuple[str, str]]:
    return Counter((one.platform, one.field) for one in vectors)


def main() -> int:
    platforms = list(dict.fromkeys(one.platform for one in VECTORS))
    published = [one for one in VECTORS if one.source]
    held, told = _count(filter(_holds, published)), _count(published)
    own_held = _count(one for one in VECTORS if not one.source and _holds(one))
    own = _count(one for one in VECTORS if not one.source)
    print("Held of what the platform publishes + of our own reading of its rules\n")
    print(f"{'':<14}" + "".join(f"{platform:>18}" for platform in platforms))
    for field in _FIELDS:
        cells = [
            f"{held[platform, field]}/{told[platform, field]} + {own_held[platform, field]}/{own[platform, field]}"
            for platform in platforms
        ]
        print(f"{field:<14}" + "".join(f"{cell:>18}" for cell in cells))
    print("\nPublished, and not followed:")
    for aside in SET_ASIDE:
        print(
            f"  {aside.platform} {aside.field} {aside.written!r}: {aside.published!r} is published,", end=" "
        )
        print(f"{aside.sent!r} is sent: {aside.why}" if aside.sent else f"nothing is sent: {aside.why}")
    failed = [one for one in VECTORS if not _holds(one)]
    for one in failed:
        print(f"  DOES NOT HOLD: {one}: {one.normal!r}")
    print(
        f"\n{held.total()} of {told.total()} published and {own_held.total()} of {own.total()} others hold."
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
