"""What can go wrong while starting; each message says what to do."""


class LauncherError(Exception):
    """A start that did not succeed, said for the person who asked for it."""


class AlreadyRunning(LauncherError):
    """Another launcher holds this data folder."""


class DidNotStart(LauncherError):
    """A server ended, or was not ready in time; the message ends with the last lines it wrote."""
