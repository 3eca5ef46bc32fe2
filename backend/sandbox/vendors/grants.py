"""Grants and the access tokens that they yield, as far as one vendor's are like another's. In real time."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from time import time

from sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Token:
    """An access token; `grant` is the refresh token behind it, empty for the standing one, which ends by nobody."""

    value: str
    grant: str
    scopes: tuple[str, ...]
    expires_at: float | None
    issued_at: float = 0.0


class Grants:
    """Kept in the store's `document`; `standing` is the token of somebody who never signs in."""

    def __init__(self, store: Store, document: str, standing: str, scopes: Sequence[str]) -> None:
        self._store = store
        self._document = document
        self.standing = standing
        self._grants: dict[str, tuple[str, ...]] = {"": tuple(scopes)}
        self._ended: set[str] = set()
        self._tokens = {standing: Token(standing, "", tuple(scopes), None, time())}
        kept = store.document(document) or {"grants": [], "tokens": []}
        for row in kept["grants"]:
            self._grants[row["value"]] = tuple(row["scopes"])
            if row["ended"]:
                self._ended.add(row["value"])
        for row in kept["tokens"]:
            token = Token(**(row | {"scopes": tuple(row["scopes"])}))
            self._tokens[token.value] = token

    def end(self, value: str) -> bool:
        """An access token alone, or by its refresh token all that the grant ever yielded."""
        if not value or (value not in self._grants and value not in self._tokens):
            return False
        self._ended.add(value)
        self._save()
        return True

    def expire(self, value: str) -> bool:
        return self._dated(value, time())

    def restore(self, value: str) -> bool:
        if value in self._ended:
            self._ended.discard(value)
            self._save()
            return True
        return self._dated(value, None)

    def expire_all(self) -> None:
        """Every access token of a sign-in has reached its end; the grants stay good."""
        for value, token in self._tokens.items():
            if token.expires_at is not None:
                self._tokens[value] = replace(token, expires_at=time())
        self._save()

    def _found(self, value: str | None) -> tuple[Token | None, bool]:
        """The token, whatever became of it, and whether it or its grant was ended."""
        token = self._tokens.get(value or "")
        return token, token is not None and bool({token.value, token.grant} & self._ended)

    def _is_good(self, grant: str) -> bool:
        return bool(grant) and grant in self._grants and grant not in self._ended

    def _granted(self, grant: str, scopes: tuple[str, ...]) -> None:
        self._grants[grant] = scopes

    def _issued(self, value: str, grant: str, seconds: float) -> Token:
        now = time()
        token = self._tokens[value] = Token(value, grant, self._grants[grant], now + seconds, now)
        self._save()
        return token

    def _dated(self, value: str, expires_at: float | None) -> bool:
        if value not in self._tokens:
            return False
        self._tokens[value] = replace(self._tokens[value], expires_at=expires_at)
        self._save()
        return True

    def _save(self) -> None:
        grants = [
            {"value": value, "scopes": scopes, "ended": value in self._ended}
            for value, scopes in self._grants.items()
            if value
        ]
        tokens = [asdict(token) for token in self._tokens.values() if token.value != self.standing]
        self._store.keep(self._document, {"grants": grants, "tokens": tokens})
