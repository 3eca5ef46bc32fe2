"""The Google Ads Query Language: its grammar, read into a `Query`. What fields mean is not known here."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sandbox.vendors.google.errors import AdsError, query_fault

OPERATORS = ("=", "!=", ">", ">=", "<", "<=")
_WORD_OPERATORS = (
    ("NOT", "IN"),
    ("NOT", "LIKE"),
    ("NOT", "REGEXP_MATCH"),
    ("CONTAINS", "ANY"),
    ("CONTAINS", "ALL"),
    ("CONTAINS", "NONE"),
    ("IS", "NOT", "NULL"),
    ("IS", "NULL"),
    ("IN",),
    ("LIKE",),
    ("REGEXP_MATCH",),
    ("DURING",),
    ("BETWEEN",),
)
LISTS = frozenset({"IN", "NOT IN", "CONTAINS ANY", "CONTAINS ALL", "CONTAINS NONE"})
_RESERVED = frozenset({"AND", "FROM", "WHERE", "ORDER", "LIMIT", "PARAMETERS"})
T = TypeVar("T")
_FIELD = re.compile(r"[a-z][a-zA-Z0-9._]*")
_RESOURCE = re.compile(r"[a-z][a-zA-Z_]*")
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<open>['"])
    |(?P<number>-?\d+(?:\.\d+)?(?![A-Za-z0-9_]))
    |(?P<word>[A-Za-z0-9_][A-Za-z0-9_.]*)
    |(?P<sign>!=|>=|<=|[=<>(),])
    |(?P<other>\S)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """`kind` is string, number or literal; a string is without its quotes."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Condition:
    field: str
    operator: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordering:
    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    select: tuple[str, ...]
    resource: str
    where: tuple[Condition, ...] = ()
    order: tuple[Ordering, ...] = ()
    limit: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()


def parse(text: str) -> Query:
    """What a text asks for; `AdsError` in Google's words for what is no query."""
    return _Reader(_tokens(text)).query()


def _tokens(text: str) -> list[Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            break
        kind = str(match.lastgroup)
        found.append(_checked(kind, match[kind]))
        at = match.end()
    return found


def _checked(kind: str, text: str) -> Token:
    if kind == "open":
        raise query_fault("STRING_NOT_TERMINATED", "Error in query: a string is not terminated.")
    if kind == "other":
        raise query_fault("BAD_SYMBOL", f"Error in query: unexpected symbol {text}.", text)
    if kind != "string":
        return Token(kind, text)
    if "\n" in text or "\r" in text:
        raise query_fault("PROHIBITED_NEWLINE_IN_STRING", "Error in query: a string contains a newline.")
    inner = text[1:-1]
    bad = re.search(r"\\(?![\\'\"])", re.sub(r"\\\\", "", inner))
    if bad:
        raise query_fault("BAD_ESCAPE_SEQUENCE", "Error in query: invalid escape sequence in a string.")
    return Token(kind, re.sub(r"\\([\\'\"])", r"\1", inner))


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def query(self) -> Query:
        if not self._take("SELECT"):
            raise query_fault("EXPECTED_SELECT", "Error in query: expected SELECT.", self._trigger())
        select = self._several(self._field)
        if not self._take("FROM"):
            raise query_fault("EXPECTED_FROM", "Error in query: missing FROM clause.", self._trigger())
        resource = self._word(_RESOURCE, "BAD_RESOURCE_TYPE_IN_FROM_CLAUSE")
        where = self._where() if self._take("WHERE") else ()
        order = self._order() if self._take("ORDER") else ()
        limit = self._limit() if self._take("LIMIT") else None
        parameters = self._several(self._parameter) if self._take("PARAMETERS") else ()
        if self._peek() is not None:
            raise query_fault(
                "UNEXPECTED_INPUT", f"Error in query: unexpected input {self._shown()}.", self._shown()
            )
        return Query(select, resource, where, order, limit, parameters)

    def _where(self) -> tuple[Condition, ...]:
        found = [self._condition()]
        while self._take("AND"):
            found.append(self._condition())
        return tuple(found)

    def _order(self) -> tuple[Ordering, ...]:
        if not self._take("BY"):
            raise query_fault("EXPECTED_BY", "Error in query: expected BY after ORDER.", self._shown())
        return self._several(self._ordering)

    def _ordering(self) -> Ordering:
        field = self._field()
        if self._take("DESC"):
            return Ordering(field, descending=True)
        self._take("ASC")
        return Ordering(field)

    def _limit(self) -> int:
        token = self._next()
        if token.kind != "number" or not token.text.isdecimal():
            raise query_fault("BAD_LIMIT_VALUE", "Error in query: invalid LIMIT value.", token.text)
        if int(token.text) == 0:
            raise query_fault("LIMIT_VALUE_TOO_LOW", "Error in query: the LIMIT value is too low.", "0")
        return int(token.text)

    def _parameter(self) -> tuple[str, str]:
        name = self._next().text
        if not self._sign("="):
            raise query_fault("BAD_OPERATOR", "Error in query: expected = after a parameter.", self._shown())
        value = self._next().text
        if name not in {"include_drafts", "omit_unselected_resource_names"}:
            raise query_fault("BAD_PARAMETER_NAME", f"Parameter {name} is unknown or not supported.", name)
        if value not in {"true", "false"}:
            raise query_fault("BAD_PARAMETER_VALUE", f"Parameter {name} has an invalid value.", value)
        return name, value

    def _condition(self) -> Condition:
        field = self._field()
        operator = self._operator()
        if operator in {"IS NULL", "IS NOT NULL"}:
            return Condition(field, operator)
        if operator in LISTS:
            return Condition(field, operator, self._list())
        first = self._value()
        if operator != "BETWEEN":
            return Condition(field, operator, (first,))
        if not self._take("AND"):
            raise query_fault("EXPECTED_AND", "Error in query: expected AND with BETWEEN.", self._shown())
        second = self._value()
        if first.kind != second.kind:
            raise query_fault(
                "PROHIBITED_VALUE_COMBINATION_WITH_BETWEEN_OPERATOR",
                "Error in query: the values of BETWEEN are of different types.",
            )
        return Condition(field, operator, (first, second))

    def _operator(self) -> str:
        token = self._peek()
        if token is not None and token.kind == "sign" and token.text in OPERATORS:
            return self._next().text
        for words in _WORD_OPERATORS:
            if self._take(*words):
                return " ".join(words)
        raise query_fault("BAD_OPERATOR", f"Error in query: invalid operator {self._shown()}.", self._shown())

    def _list(self) -> tuple[Value, ...]:
        if not self._sign("("):
            raise query_fault("EXPECTED_LIST", "Error in query: the operator needs a list.", self._shown())
        if self._sign(")"):
            raise query_fault("PROHIBITED_EMPTY_LIST_IN_CONDITION", "Error in query: the list is empty.")
        values = self._several(self._value)
        if not self._sign(")"):
            raise query_fault("EXPECTED_LIST", "Error in query: the list does not end.", self._shown())
        if len({value.kind for value in values}) > 1:
            raise query_fault(
                "PROHIBITED_VALUE_COMBINATION_IN_LIST",
                "Error in query: the list holds values of different types.",
            )
        return values

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "sign" and token.text == "(":
            raise query_fault(
                "EXPECTED_SINGLE_VALUE", "Error in query: the operator needs a single value.", token.text
            )
        if token.kind == "sign" or (token.kind == "word" and token.text.upper() in _RESERVED):
            raise query_fault("BAD_VALUE", f"Error in query: invalid value {token.text}.", token.text)
        kind = {"string": "string", "number": "number"}.get(token.kind, "literal")
        return Value(kind, token.text)

    def _field(self) -> str:
        return self._word(_FIELD, "BAD_FIELD_NAME")

    def _word(self, form: re.Pattern[str], code: str) -> str:
        token = self._next()
        if token.kind != "word" or not form.fullmatch(token.text):
            raise query_fault(code, f"Error in query: {token.text} is no valid name.", token.text)
        return token.text

    def _several(self, read: Callable[[], T]) -> tuple[T, ...]:
        found = [read()]
        while self._sign(","):
            found.append(read())
        return tuple(found)

    def _take(self, *words: str) -> bool:
        ahead = self._tokens[self._at : self._at + len(words)]
        if [t.text.upper() for t in ahead if t.kind == "word"] != list(words):
            return False
        self._at += len(words)
        return True

    def _sign(self, text: str) -> bool:
        token = self._peek()
        if token is None or token.kind != "sign" or token.text != text:
            return False
        self._at += 1
        return True

    def _peek(self) -> Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _next(self) -> Token:
        token = self._peek()
        if token is None:
            raise _unfinished()
        self._at += 1
        return token

    def _trigger(self) -> str | None:
        token = self._peek()
        return None if token is None else token.text

    def _shown(self) -> str:
        """What stands where something else was expected."""
        token = self._peek()
        if token is None:
            raise _unfinished()
        return token.text


def _unfinished() -> AdsError:
    return query_fault("UNEXPECTED_END_OF_QUERY", "Error in query: the query is incomplete.")
