"""What outlives a restart: documents, mails and received events, in one SQLite file (or in memory)."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS mails (
  id INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT, sender TEXT, subject TEXT, text TEXT, html TEXT,
  received_at TEXT);
CREATE TABLE IF NOT EXISTS server_events (
  id INTEGER PRIMARY KEY AUTOINCREMENT, pixel TEXT, name TEXT, event_id TEXT, event_time REAL,
  received_at REAL, duplicate INTEGER, body TEXT);
CREATE INDEX IF NOT EXISTS server_events_by_key ON server_events (pixel, name, event_id, received_at);
CREATE TABLE IF NOT EXISTS audience_entries (
  audience TEXT, entry TEXT, body TEXT, matched INTEGER, added_at REAL, removed_at REAL, PRIMARY KEY (audience, entry));
CREATE TABLE IF NOT EXISTS audience_keys (audience TEXT, key TEXT, entry TEXT, PRIMARY KEY (audience, key, entry));
CREATE TABLE IF NOT EXISTS audience_sessions (
  audience TEXT, session TEXT, began REAL, ended REAL, received INTEGER, invalid INTEGER, matched INTEGER,
  PRIMARY KEY (audience, session));
CREATE INDEX IF NOT EXISTS server_events_by_time ON server_events (pixel, received_at);
"""


class Store:
    """A commit per write: a sandbox that is killed loses nothing that it answered."""

    def __init__(self, folder: Path | None) -> None:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(":memory:" if folder is None else str(folder / "sandbox.sqlite"))
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._nested = False

    def document(self, name: str) -> Any:
        """None when it was never kept."""
        row = self._db.execute("SELECT body FROM documents WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def keep(self, name: str, body: Any) -> None:
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?)", (name, json.dumps(body)))

    def write(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._db.executemany(statement, rows)
        if not self._nested:
            self._db.commit()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Writes within are one transaction: all of them, or none."""
        self._nested = True
        try:
            yield
        except BaseException:
            self._db.rollback()
            raise
        else:
            self._db.commit()
        finally:
            self._nested = False

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(statement, values).fetchall()

    def close(self) -> None:
        self._db.close()
