class FileFault(Exception):
    """What makes a file unreadable from here on; `row` counts as a spreadsheet does, the header is row 1."""

    def __init__(self, row: int, place: str, message: str, code: str) -> None:
        self.row = row
        self.place = place
        self.message = message
        self.code = code
        super().__init__(f"row {row}, {place}: {message}")
