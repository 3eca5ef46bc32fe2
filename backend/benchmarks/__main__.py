"""`make bench`: what speed and memory cost, one after the other, each in a process and an environment of its own.

How well events become people is another question: `python -m benchmarks.identity_quality`.
"""

import subprocess
import sys

_ALL = (
    "hot_read",
    "ingestion",
    "flood",
    "gate",
    "processes",
    "identity",
    "visible",
    "curve",
    "segments",
    "rules",
    "funnels",
    "audiences",
    "metrics",
)


def main() -> None:
    failed = []
    for name in _ALL:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
        print()
    if failed:
        sys.exit(f"These did not end well: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
