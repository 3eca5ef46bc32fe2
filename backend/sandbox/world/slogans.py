"""What the shops' ads say, at every platform: a headline, a sentence and where a click leads."""

from dataclasses import dataclass
from urllib.parse import quote

_HEADLINES = ("Ready for the weather", "Built for the long way")
_SENTENCES = (
    "Coats and boots that keep the rain out. Free returns within 60 days.",
    "Packed in a minute, worn for years. See what is new this season.",
)
_PATHS = ("new", "outerwear")


@dataclass(frozen=True, slots=True)
class Slogan:
    headline: str
    sentence: str
    url: str


def slogan(domain: str, line: str, copy: int) -> Slogan:
    """Of the `copy`th ad of a line of delivery, from 1 on; each has an address of its own."""
    place = (copy - 1) % len(_HEADLINES)
    address = f"https://{domain}/{_PATHS[place]}?utm_content={quote(line)}-{copy}"
    return Slogan(_HEADLINES[place], _SENTENCES[place], address)
