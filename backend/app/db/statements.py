"""SQLAlchemy's statements for asyncpg itself: its SQL, its parameters and its types, without a session's work."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, inspect, make_url

_DIALECT = make_url("postgresql+asyncpg://").get_dialect()()

Processor = Callable[[Any], Any] | None
Cell = Callable[[list[Any]], Any]


class Statement:
    """A compiled select: what PostgreSQL is asked, the arguments of a call, and the rows of its answer.

    A mapped class among what is selected comes as an instance of its own, which no session knows of.
    """

    def __init__(self, select: Select[*tuple[Any, ...]]) -> None:
        columns: list[Any] = []
        self._cells: list[Cell] = []
        for described in select.column_descriptions:
            keys = _attributes(described["expr"])
            if keys is None:
                self._cells.append(_value(len(columns)))
                columns.append(described["expr"])
            else:
                self._cells.append(_instance(described["entity"], keys, len(columns)))
                columns += [getattr(described["expr"], key) for key in keys]
        compiled = select.with_only_columns(*columns, maintain_column_froms=True).compile(dialect=_DIALECT)
        if compiled.post_compile_params:
            raise TypeError(
                "A list of values is one parameter here: write `= any_(bindparam(…))`, not `in_`."
            )
        self.sql = compiled.string
        self._compiled = compiled
        self._arguments: list[tuple[str, Processor]] = [
            (name, _impl(compiled.binds[name]).bind_processor(_DIALECT))
            for name in compiled.positiontup or ()
        ]
        self._types = [_impl(column) for column in columns]
        self._processors: list[tuple[int, Callable[[Any], Any]]] | None = None

    @property
    def parameters(self) -> int:
        return len(self._arguments)

    def arguments(self, values: dict[str, Any]) -> list[Any]:
        """In the order of `$1`, `$2`, …; refuses a call that leaves a parameter without its value."""
        given = self._compiled.construct_params(values)
        return [process(given[name]) if process else given[name] for name, process in self._arguments]

    @property
    def knows_its_types(self) -> bool:
        return self._processors is not None

    def learn(self, oids: Sequence[int]) -> None:
        """The types of the columns by PostgreSQL's numbers, on which the dialect's own reading of them depends."""
        found = [kind.result_processor(_DIALECT, oid) for kind, oid in zip(self._types, oids, strict=True)]
        self._processors = [(index, process) for index, process in enumerate(found) if process]

    def row(self, record: Iterable[Any]) -> tuple[Any, ...]:
        values = list(record)
        for index, process in self._processors or ():
            values[index] = process(values[index])
        return tuple([cell(values) for cell in self._cells])


def _attributes(selected: Any) -> list[str] | None:
    """The names of an entity's columns; None for a column or an expression."""
    entity = inspect(selected, raiseerr=False)
    if getattr(entity, "is_mapper", False) or getattr(entity, "is_aliased_class", False):
        return [each.key for each in entity.mapper.column_attrs]
    return None


def _impl(typed: Any) -> Any:
    return typed.type.dialect_impl(_DIALECT)


def _value(index: int) -> Cell:
    return lambda values: values[index]


def _instance(entity: Any, keys: list[str], start: int) -> Cell:
    """None where an outer join found no row: nothing that has a key is empty in its key."""
    mapper = inspect(entity).mapper
    new = mapper.class_manager.new_instance
    end = start + len(keys)
    known = start + keys.index(mapper.get_property_by_column(mapper.primary_key[-1]).key)

    def made(values: list[Any]) -> Any:
        if values[known] is None:
            return None
        instance = new()
        instance.__dict__.update(zip(keys, values[start:end], strict=True))
        return instance

    return made


@lru_cache(maxsize=512)
def compiled(select: Select[*tuple[Any, ...]]) -> Statement:
    """Once for each statement, which is the same object from call to call."""
    return Statement(select)
