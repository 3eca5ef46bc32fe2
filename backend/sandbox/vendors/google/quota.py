"""The project's operations of a day: a query is one, however many pages it has; of a mutate each operation is one."""

from sandbox.store import Store
from sandbox.vendors.google.errors import exhausted
from sandbox.world.seasons import DAY

_DOCUMENT = "google_quota"
EXPLORER = 2_880
BASIC = 15_000
_NAMES = {EXPLORER: "explorer", BASIC: "basic"}


class Quota:
    """Counted by simulated days, which begin at midnight UTC here; the sandbox's default is generous."""

    def __init__(self, store: Store) -> None:
        self._store = store
        kept = store.document(_DOCUMENT) or {"per_day": 1_000_000, "day": 0, "used": 0}
        self.per_day = int(kept["per_day"])
        self._day = int(kept["day"])
        self.used = int(kept["used"])

    def set(self, per_day: int) -> None:
        self.per_day = per_day
        self._save()

    def spend(self, operations: int, now: float) -> None:
        day = int(now // DAY)
        if day != self._day:
            self._day, self.used = day, 0
        if self.used + operations > self.per_day:
            access = _NAMES.get(self.per_day, "standard")
            raise exhausted(max(1, int((day + 1) * DAY - now)), f"Number of operations for {access} access")
        self.used += operations
        self._save()

    def _save(self) -> None:
        self._store.keep(_DOCUMENT, {"per_day": self.per_day, "day": self._day, "used": self.used})
