"""The process that decodes one image: none of our settings and secrets, little memory and time. It is no sandbox.

Standard input is the file; standard output is a line of JSON and, where it is an image, its bytes and its thumbnail.
"""

import contextlib
import json
import os
import resource
import sys
from typing import Any

from app.services.campaigns.assets.faults import ImageFault
from app.services.campaigns.assets.images import taken

MEMORY_BYTES = 1_073_741_824
CPU_SECONDS = 20
_NICENESS = 10


def _bound() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS bounds no address space
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    os.nice(_NICENESS)


def main() -> None:
    _bound()
    parts: tuple[bytes, ...] = ()
    told: dict[str, Any]
    try:
        found = taken(sys.stdin.buffer.read(), int(sys.argv[1]))
    except ImageFault as fault:
        told = {"fault": [fault.code, fault.message]}
    else:
        parts = (found.content, found.thumbnail)
        told = {
            "sizes": [len(each) for each in parts],
            "facts": {
                "format": found.format,
                "width": found.width,
                "height": found.height,
                "has_alpha": found.has_alpha,
                "frames": found.frames,
                "changes": found.changes,
            },
        }
    out = sys.stdout.buffer
    out.write(json.dumps(told).encode() + b"\n")
    for each in parts:
        out.write(each)
    out.flush()


if __name__ == "__main__":
    main()
