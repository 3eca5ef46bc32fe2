"""What each of the Cloud API's error codes means for a message: tried again, given up, or somebody's to mend. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from dataclasses import dataclass
from enum import Enum, auto

from app.models.notifications.kinds import WhatsAppTemplateStatus as S


class Fate(Enum):
    PASSING = auto()
    """Waiting may mend it."""
    RESTS_ALL = auto()
    """The number has to wait, with all that it sends."""
    RESTS_ONE = auto()
    """Only this person's messages have to wait."""
    WINDOW = auto()
    """The day since the person wrote is over: a template is taken at once."""
    TEMPLATE = auto()
    PERSON = auto()
    """This person cannot be reached there."""
    ACCOUNT = auto()
    """Nothing can be sent until somebody mends it at Meta, or connects the number again."""
    MESSAGE = auto()
    """Another try would end the same."""


@dataclass(frozen=True, slots=True)
class Verdict:
    fate: Fate
    sentence: str
    seconds: float | None = None
    template: S | None = None

    @property
    def is_final(self) -> bool:
        return self.fate in {Fate.TEMPLATE, Fate.PERSON, Fate.ACCOUNT, Fate.MESSAGE}


_A_MINUTE, _AN_HOUR = 60.0, 3_600.0
_SIGN_IN = "Meta no longer takes the token: connect the number again with a new one."
_RIGHTS = "The token may not send: give its system user whatsapp_business_messaging for this account."
_VERDICTS = {
    0: Verdict(Fate.ACCOUNT, _SIGN_IN),
    1: Verdict(Fate.PASSING, "Meta had an error of its own."),
    2: Verdict(Fate.PASSING, "Meta's service was not available."),
    3: Verdict(Fate.ACCOUNT, _RIGHTS),
    4: Verdict(Fate.RESTS_ALL, "The app makes too many calls.", _AN_HOUR / 12),
    10: Verdict(Fate.ACCOUNT, _RIGHTS),
    190: Verdict(Fate.ACCOUNT, _SIGN_IN),
    368: Verdict(Fate.ACCOUNT, "Meta has blocked the account for a while, for its policies."),
    80007: Verdict(Fate.RESTS_ALL, "The account makes too many calls.", _AN_HOUR / 12),
    130429: Verdict(Fate.RESTS_ALL, "The number sends too many messages at once.", _A_MINUTE),
    130472: Verdict(Fate.PERSON, "This person takes part in an experiment of Meta's and is not written to."),
    130497: Verdict(Fate.PERSON, "The account may not write to people in this country."),
    131000: Verdict(Fate.PASSING, "Meta had an error of its own."),
    131005: Verdict(Fate.ACCOUNT, _RIGHTS),
    131016: Verdict(Fate.PASSING, "WhatsApp was not available."),
    131021: Verdict(Fate.PERSON, "The number that sends cannot be written to."),
    131026: Verdict(Fate.PERSON, "It could not be delivered: the number may not be in WhatsApp, or has blocked us."),
    131030: Verdict(Fate.PERSON, "A number of Meta's for tests writes only to those on its list: add this one there."),
    131031: Verdict(Fate.ACCOUNT, "Meta has locked the account."),
    131037: Verdict(Fate.ACCOUNT, "The number's display name is not approved yet."),
    131042: Verdict(Fate.ACCOUNT, "The account's payment method has a fault."),
    131045: Verdict(Fate.ACCOUNT, "The number is not registered: register it in the WhatsApp manager."),
    131047: Verdict(Fate.WINDOW, "More than a day has passed since the person wrote."),
    131048: Verdict(Fate.RESTS_ALL, "Too many of the number's messages were blocked: Meta holds it back.", _AN_HOUR),
    131049: Verdict(Fate.PERSON, "WhatsApp held it back, to spare this person."),
    131050: Verdict(Fate.PERSON, "This person has stopped such messages in WhatsApp."),
    131056: Verdict(Fate.RESTS_ONE, "Too many messages to this person at once.", _A_MINUTE / 2),
    132000: Verdict(Fate.TEMPLATE, "The template at Meta has other holes than ours.", template=S.DIFFERS),
    132001: Verdict(Fate.TEMPLATE, "Meta has no such template that is approved.", template=S.MISSING),
    132007: Verdict(Fate.TEMPLATE, "The template breaks Meta's policy.", template=S.REJECTED),
    132012: Verdict(Fate.TEMPLATE, "The template at Meta has other holes than ours.", template=S.DIFFERS),
    132015: Verdict(Fate.TEMPLATE, "Meta has paused the template.", template=S.PAUSED),
    132016: Verdict(Fate.TEMPLATE, "Meta has disabled the template.", template=S.DISABLED),
    133004: Verdict(Fate.PASSING, "WhatsApp was not available."),
    133010: Verdict(Fate.ACCOUNT, "The number is not registered: register it in the WhatsApp manager."),
}  # fmt: skip
_PERMISSIONS = range(200, 300)
_SERVER_ERROR = 500


def verdict(code: int | None, *, status: int | None = None, unheard: bool = False) -> Verdict:
    """Of an answer or of what a webhook tells; a code that is not known is judged by its HTTP status."""
    if code is None:
        passing = unheard or status is None or status >= _SERVER_ERROR
        return Verdict(Fate.PASSING, "WhatsApp did not answer.") if passing else _refused(None)
    known = _VERDICTS.get(code)
    if known is not None:
        return known
    if code in _PERMISSIONS:
        return Verdict(Fate.ACCOUNT, _RIGHTS)
    if status is not None and status >= _SERVER_ERROR:
        return Verdict(Fate.PASSING, f"WhatsApp said: {code}.")
    return _refused(code)


def _refused(code: int | None) -> Verdict:
    return Verdict(Fate.MESSAGE, "WhatsApp refused it." if code is None else f"WhatsApp refused it: {code}.")
