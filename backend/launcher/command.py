"""The `stratum` command, as it stands on the PATH.

Where the environment names no database, the command works on this checkout's own installation, with the settings
that `stratum up` wrote down when it last started; so `stratum doctor` needs no arguments beside a running one.
"""

import os
import sys

from launcher.home import BACKEND, adopted, home_path


def main() -> None:
    if sys.argv[1:2] == ["up"] and set(sys.argv[2:]) <= {"--dev"}:
        # Without the application's imports, a start is two seconds shorter; and it chooses its addresses anew.
        from launcher.up import up  # noqa: PLC0415  (asyncpg is a driver's weight for the other commands)

        sys.exit(up(dev="--dev" in sys.argv))
    # Not by -m, which would take a folder `app` where the command is called for ours.
    ours = f"import sys; sys.path.insert(0, {str(BACKEND)!r}); from app.cli import main; main()"
    words = [sys.executable, "-P", "-c", ours, *sys.argv[1:]]
    os.execve(sys.executable, words, adopted(dict(os.environ), home_path(os.environ)))  # noqa: S606  (ourselves, under other settings)


if __name__ == "__main__":
    main()
