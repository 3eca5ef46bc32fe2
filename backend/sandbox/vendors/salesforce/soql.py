"""The query language: its words, and what a query asks for. What is not emulated is refused as what cannot be read.

SELECT fields (also of parents, as `Account.Name`) or COUNT() FROM one type WHERE AND, OR, NOT, comparisons, LIKE, IN;
ORDER BY, LIMIT, OFFSET. No sub-selects, no GROUP BY, no words for dates such as TODAY.
"""

import re
from dataclasses import dataclass

from sandbox.vendors.salesforce.errors import SalesforceError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<text>'(?:\\.|[^'\\])*')
    |(?P<datetime>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))
    |(?P<date>\d{4}-\d\d-\d\d)
    |(?P<number>[+-]?\d+(?:\.\d+)?)
    |(?P<name>[A-Za-z_][\w]*(?:\.[A-Za-z_][\w]*)*)
    |(?P<sign><=|>=|!=|<>|[=<>(),])
    )""",
    re.VERBOSE | re.ASCII,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_COMPARES = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONTEXT = 12
_LONGEST, _DEEPEST = 100_000, 50


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Literal:
    """`kind` is text, number, date, datetime, boolean or null."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Test:
    """`operator` is =, !=, <, <=, >, >=, like, in or not in."""

    field: Token
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of them; `either`: one of them."""

    parts: "tuple[Node, ...]"
    either: bool


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


Node = Test | Both | Not


@dataclass(frozen=True, slots=True)
class Order:
    field: Token
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """`fields` is empty where the question is how many."""

    text: str
    fields: tuple[Token, ...]
    kind: str
    where: Node | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def place(text: str, at: int) -> str:
    """Where in a query something is wrong, as Salesforce shows it."""
    start = max(0, at - _CONTEXT)
    shown = " ".join(text[start : at + 2 * _CONTEXT].splitlines())
    return f"\n{shown}\n{' ' * (at - start)}^\nERROR at Row:1:Column:{at + 1}\n"


def malformed(text: str, at: int, message: str) -> SalesforceError:
    return SalesforceError("MALFORMED_QUERY", place(text, at) + message)


def read(text: str) -> Query:
    if len(text) > _LONGEST:
        raise SalesforceError("QUERY_TOO_COMPLICATED", "The query is longer than 100,000 characters.")
    return _Reader(text).query()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._next = 0

    def query(self) -> Query:
        self._demand("select")
        fields = self._fields()
        self._demand("from")
        kind = self._name().text
        where = self._either() if self._take("where") else None
        order = self._orders() if self._take("order") else ()
        limit = self._whole() if self._take("limit") else None
        offset = self._whole() if self._take("offset") else 0
        if self._peek().kind != "end":
            raise self._unexpected()
        return Query(self._text, fields, kind, where, order, limit, offset)

    def _fields(self) -> tuple[Token, ...]:
        first = self._name()
        if first.text.lower() == "count" and self._sign("("):
            if not self._sign(")"):
                raise self._unexpected()
            return ()
        found = [first]
        while self._sign(","):
            found.append(self._name())
        if self._peek().text == "(":
            raise self._unexpected()
        return tuple(found)

    def _either(self, deep: int = 0) -> Node:
        """AND and OR beside one another need brackets, as at Salesforce."""
        if deep > _DEEPEST:
            raise SalesforceError("QUERY_TOO_COMPLICATED", "The query has too many brackets.")
        parts = [self._one(deep)]
        word = self._peek().text.lower()
        if word not in {"and", "or"}:
            return parts[0]
        while self._take(word):
            parts.append(self._one(deep))
        return Both(tuple(parts), either=word == "or")

    def _one(self, deep: int) -> Node:
        if self._take("not"):
            return Not(self._one(deep + 1))
        if self._sign("("):
            found = self._either(deep + 1)
            if not self._sign(")"):
                raise self._unexpected()
            return found
        return self._test()

    def _test(self) -> Test:
        field = self._name()
        token = self._peek()
        word = token.text.lower()
        if token.text in _COMPARES:
            self._next += 1
            return Test(field, _COMPARES[token.text], (self._literal(),))
        if self._take("like"):
            return Test(field, "like", (self._literal(),))
        negated = self._take("not")
        if self._take("in"):
            return Test(field, "not in" if negated else "in", self._list())
        raise self._unexpected() if word else malformed(self._text, token.at, "unexpected token: '<EOF>'")

    def _list(self) -> tuple[Literal, ...]:
        if not self._sign("("):
            raise self._unexpected()
        found = [self._literal()]
        while self._sign(","):
            found.append(self._literal())
        if not self._sign(")"):
            raise self._unexpected()
        return tuple(found)

    def _literal(self) -> Literal:
        token = self._peek()
        word = token.text.lower()
        if token.kind in {"number", "date", "datetime"}:
            found = Literal(token.kind, token.text)
        elif token.kind == "text":
            found = Literal("text", _unescaped(token.text[1:-1]))
        elif word in {"true", "false"}:
            found = Literal("boolean", word)
        elif word == "null":
            found = Literal("null", "")
        else:
            raise self._unexpected()
        self._next += 1
        return found

    def _orders(self) -> tuple[Order, ...]:
        self._demand("by")
        found = []
        while True:
            field = self._name()
            descending = self._take("desc") or (self._take("asc") and False)
            last = descending
            if self._take("nulls"):
                last = self._take("last")
                if not last:
                    self._demand("first")
            found.append(Order(field, descending, last))
            if not self._sign(","):
                return tuple(found)

    def _whole(self) -> int:
        token = self._peek()
        if token.kind != "number" or not token.text.isdecimal() or len(token.text) > len("2147483647"):
            raise self._unexpected()
        self._next += 1
        return int(token.text)

    def _name(self) -> Token:
        token = self._peek()
        if token.kind != "name":
            raise self._unexpected()
        self._next += 1
        return token

    def _demand(self, word: str) -> None:
        if not self._take(word):
            raise self._unexpected()

    def _take(self, word: str) -> bool:
        token = self._peek()
        if token.kind != "name" or token.text.lower() != word:
            return False
        self._next += 1
        return True

    def _sign(self, sign: str) -> bool:
        token = self._peek()
        if token.kind != "sign" or token.text != sign:
            return False
        self._next += 1
        return True

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _unexpected(self) -> SalesforceError:
        token = self._peek()
        return malformed(self._text, token.at, f"unexpected token: '{token.text or '<EOF>'}'")


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise malformed(text, at, f"unexpected token: '{text[at]}'")
        found.append(Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
        at = match.end()
    return [*found, Token("end", "", end)]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text, flags=re.DOTALL)
