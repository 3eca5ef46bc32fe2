"""Files of rows that people hand in or take away: read and written row by row, in constant memory."""

from app.services.cdp.files.cells import guarded, unguarded
from app.services.cdp.files.csv_reading import SEPARATORS, CsvRows
from app.services.cdp.files.faults import FileFault
from app.services.cdp.files.json_reading import JsonRows
from app.services.cdp.files.lines import head_of
from app.services.cdp.files.turns import in_turn

__all__ = ["SEPARATORS", "CsvRows", "FileFault", "JsonRows", "guarded", "head_of", "in_turn", "unguarded"]
