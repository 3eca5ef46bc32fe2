"""Bot tokens of the one app that is installed here, and what each may do. They live in real time."""

from dataclasses import asdict, dataclass, replace

from sandbox.chance import Chance
from sandbox.store import Store
from sandbox.vendors.slack.errors import SlackError

_DOCUMENT = "slack_tokens"
SCOPES = ("chat:write", "channels:read", "groups:read")
_STATES = {
    "revoke": "token_revoked",
    "expire": "token_expired",
    "uninstall": "account_inactive",
    "restore": "",
}
ACTIONS = tuple(_STATES)


@dataclass(frozen=True, slots=True)
class Token:
    """`ended` is the error that it is answered with."""

    value: str
    scopes: tuple[str, ...]
    ended: str = ""


class Tokens:
    def __init__(self, seed: int, store: Store) -> None:
        self._store = store
        self.bot = f"xoxb-2611-{seed:04}-{Chance(seed, 'slack-bot-token').hex(24)}"
        self.writer = f"xoxb-2611-{seed:04}-{Chance(seed, 'slack-writer-token').hex(24)}"
        """It may write and may not list channels."""
        self._tokens = {
            self.bot: Token(self.bot, SCOPES),
            self.writer: Token(self.writer, ("chat:write",)),
        }
        for row in store.document(_DOCUMENT) or []:
            self._tokens[row["value"]] = Token(row["value"], tuple(row["scopes"]), row["ended"])

    def check(self, value: str | None) -> Token:
        if not value:
            raise SlackError("not_authed")
        token = self._tokens.get(value)
        if token is None:
            raise SlackError("invalid_auth")
        if token.ended:
            raise SlackError(token.ended)
        return token

    def set(self, action: str, value: str | None) -> bool:
        """False where there is no such token."""
        token = self._tokens.get(value or self.bot)
        if token is None:
            return False
        self._tokens[token.value] = replace(token, ended=_STATES[action])
        self._store.keep(_DOCUMENT, [asdict(each) for each in self._tokens.values()])
        return True


def demand(token: Token, *scopes: str) -> None:
    """Any of the scopes."""
    if not set(scopes) & set(token.scopes):
        raise SlackError("missing_scope", needed=scopes[0], provided=",".join(token.scopes))
