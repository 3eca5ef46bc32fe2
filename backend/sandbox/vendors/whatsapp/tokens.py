"""System users' tokens of the one app that sends for this account. They live in real time."""

from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from hmac import new as new_hmac

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.whatsapp.errors import WhatsAppError, bad_token, invalid

_DOCUMENT = "whatsapp_tokens"
MESSAGING, MANAGEMENT = "whatsapp_business_messaging", "whatsapp_business_management"
_ENDS = {
    "revoke": ("The session has been invalidated.", 460),
    "expire": ("Session has expired.", 463),
    "restore": ("", None),
}


@dataclass(frozen=True, slots=True)
class Token:
    value: str
    scopes: tuple[str, ...]
    ended: str = ""


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self.app_secret = Chance(seed, "whatsapp-app-secret").hex(32)
        self.standing = "EAAW" + Chance(seed, "whatsapp-token").hex(44)
        self.reader = "EAAX" + Chance(seed, "whatsapp-read-token").hex(44)
        """It may look at the account and may not send."""
        self._tokens = {
            self.standing: Token(self.standing, (MESSAGING, MANAGEMENT)),
            self.reader: Token(self.reader, (MANAGEMENT,)),
        }
        for row in store.document(_DOCUMENT) or []:
            self._tokens[row["value"]] = Token(row["value"], tuple(row["scopes"]), row["ended"])

    def check(self, value: str | None, proof: str | None, scope: str) -> Token:
        if not value:
            raise WhatsAppError(104, message="An access token is required to request this resource.")
        token = self._tokens.get(value)
        if token is None:
            raise WhatsAppError(
                190, message="Invalid OAuth access token - Cannot parse access token", status=401
            )
        if token.ended:
            raise bad_token(*_ENDS[token.ended])
        if proof is not None:
            mine = new_hmac(self.app_secret.encode(), value.encode(), "sha256").hexdigest()
            if not compare_digest(mine, proof):
                raise invalid("Invalid appsecret_proof provided in the API argument")
        if scope not in token.scopes:
            raise WhatsAppError(10)
        return token

    def set(self, action: str, value: str | None) -> bool:
        """False where there is no such token."""
        token = self._tokens.get(value or self.standing)
        if token is None:
            return False
        self._tokens[token.value] = replace(token, ended="" if action == "restore" else action)
        self._store.keep(_DOCUMENT, [asdict(each) for each in self._tokens.values()])
        return True
