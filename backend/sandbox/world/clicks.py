"""What an ad leaves in the shop: the click id in the landing address, the cookies, the utm parameters."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.chance import Chance
from sandbox.world.account import AccountWorld


@dataclass(frozen=True, slots=True)
class Trace:
    """A platform's marks: `parameter` in the address, `cookie` for the click kept, `browser` for every visitor."""

    parameter: str
    cookie: str
    browser: str | None
    source: str
    medium: str
    before: str
    after: str = ""
    stream: int | None = None
    """Of several platforms' click ids for one order, which stream this one's is drawn from."""

    def click(self, chance: Chance) -> str:
        own = chance if self.stream is None else chance.child(self.stream)
        return f"{self.before}{own.hex(40)}{self.after}"

    def kept(self, click: str, at: float) -> str:
        """The click id as its cookie holds it."""
        return f"fb.1.{int(at * 1000)}.{click}" if self.cookie == "fbc" else click


TRACES = {
    "meta": Trace("fbclid", "fbc", "fbp", "facebook", "paid_social", "IwAR"),
    "tiktok": Trace("ttclid", "ttclid", "ttp", "tiktok", "paid_social", "E.C.P.", stream=1),
    "snapchat": Trace("ScCid", "ScCid", "scid", "snapchat", "paid_social", "", stream=2),
    "google": Trace("gclid", "gclid", None, "google", "cpc", "Cj0KCQ", "_wcB", stream=3),
}


@dataclass(frozen=True, slots=True)
class Landing:
    """A visit that an ad brought: which account's ad set, and the click id that it bore."""

    trace: Trace
    click: str
    at: float
    campaign: str
    line: str

    @property
    def query(self) -> str:
        utm = {
            "utm_source": self.trace.source,
            "utm_medium": self.trace.medium,
            "utm_campaign": self.campaign,
            "utm_content": self.line,
        }
        return urlencode({self.trace.parameter: self.click} | utm)

    @property
    def cookie(self) -> dict[str, str]:
        return {self.trace.cookie: self.trace.kept(self.click, self.at)}

    def utm(self) -> dict[str, str]:
        """As Segment's clients put them into the context."""
        return {
            "source": self.trace.source,
            "medium": self.trace.medium,
            "name": self.campaign,
            "content": self.line,
        }


def landing(account: AccountWorld, line: str, at: float, chance: Chance) -> Landing | None:
    """None for a platform whose links bear no id that the shop would know."""
    trace = TRACES.get(account.platform)
    if trace is None:
        return None
    return Landing(trace, trace.click(chance), at, account.lines[line].campaign, line)
