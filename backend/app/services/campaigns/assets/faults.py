"""Why a file is not taken as an image. Free of everything else of ours: the process that decodes imports it."""


class ImageFault(Exception):
    """`code` is stable; `message` says what is wrong and how to mend it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
