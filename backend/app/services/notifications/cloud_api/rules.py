"""Numbers, the window of a day, and the words that people write. Pure."""

import re
from base64 import b32encode
from datetime import datetime, timedelta
from enum import Enum, auto
from urllib.parse import quote

import phonenumbers

from app.models.notifications.kinds import DeliveryKind

WINDOW = timedelta(hours=24)
"""For so long after a person wrote, text of our own is taken."""
CODE_LASTS = timedelta(minutes=30)
CODE_BYTES = 5
WORDING = "2026-11-1"
"""The version of the words below: whoever changes them changes it."""

_AGREED = (
    "I want to be written to in WhatsApp by {company}, of what I choose in my settings. I can stop it at any time by "
    "replying STOP, or in my settings."
)
_STOP = frozenset(
    {"STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPT OUT", "OPTOUT"}
)
_START = frozenset({"START", "UNSTOP"})
_LONGEST_WORD = 40
_CODE = re.compile(r"(?<![A-Z0-9])([A-Z2-7]{4})[- ]?([A-Z2-7]{4})(?![A-Z0-9])")
_MOST_CODES = 8


class Word(Enum):
    STOP = auto()
    START = auto()


def agreed_words(company: str) -> str:
    """What a person agrees to when they send the code."""
    return _AGREED.format(company=company)


def e164(text: str) -> str | None:
    """A number that there can be, with its country's code; None for anything else.

    >>> e164("+36 30 123 4567")
    '+36301234567'
    """
    try:
        parsed = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or parsed.extension:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def spellings(wa_id: str) -> list[str]:
    """The numbers in E.164 that WhatsApp may mean by these digits.

    It keeps some numbers of Brazil, Mexico and Argentina with a digit more, or less, than people write.
    """
    found = {wa_id}
    if re.fullmatch(r"55\d{10}", wa_id):
        found.add(f"{wa_id[:4]}9{wa_id[4:]}")
    elif re.fullmatch(r"55\d{2}9\d{8}", wa_id):
        found.add(wa_id[:4] + wa_id[5:])
    for country, digit in (("52", "1"), ("54", "9")):
        if re.fullmatch(rf"{country}{digit}\d{{10}}", wa_id):
            found.add(country + wa_id[3:])
        elif re.fullmatch(rf"{country}\d{{10}}", wa_id):
            found.add(f"{country}{digit}{wa_id[2:]}")
    return sorted(f"+{each}" for each in found)


def is_open(wrote_at: datetime | None, now: datetime) -> bool:
    """Whether text of our own is taken: less than a day has passed since the person wrote."""
    return wrote_at is not None and now - wrote_at < WINDOW


def word_of(text: str) -> Word | None:
    """STOP and its like, or START, where the message says nothing else."""
    if len(text) > _LONGEST_WORD:
        return None
    said = " ".join(re.sub(r"[^\w\s]", " ", text).split()).upper()
    if said in _STOP:
        return Word.STOP
    return Word.START if said in _START else None


def code_of(random: bytes) -> str:
    """Eight letters and digits, in two parts, that are not mistaken for one another."""
    spelt = b32encode(random).decode()
    return f"{spelt[:4]}-{spelt[4:]}"


def codes_in(text: str) -> list[str]:
    """Whatever in a message may be a code."""
    return [f"{left}-{right}" for left, right in _CODE.findall(text.upper())[:_MOST_CODES]]


def digits_of(number: str) -> str:
    """As WhatsApp names a number, however it is written."""
    return re.sub(r"[^0-9]", "", number)


def link_to(display_number: str, code: str) -> str:
    """Opens WhatsApp at the company's number with the code written already."""
    return f"https://wa.me/{digits_of(display_number)}?text={quote(f'Confirm {code}')}"


def answer_words(kind: str, company: str) -> str:
    """To who has just agreed, or has just ended it."""
    if kind == DeliveryKind.GOODBYE:
        return f"{company} writes to you here no more. Reply START to begin again."
    return f"{company} writes to you here from now on, of what you choose in your settings. Reply STOP to end it."
