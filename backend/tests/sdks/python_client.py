"""Sends a plan of calls by one of the SDKs for Python: JSON on stdin, what failed on stdout."""

import importlib
import json
import sys
from datetime import datetime
from typing import Any

_NAMES = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "messageId": "message_id",
}


def main() -> None:
    plan = json.load(sys.stdin)
    failed: list[str] = []
    client = importlib.import_module(f"{plan['module']}.client").Client(
        plan["key"],
        host=plan["url"],
        gzip=plan["gzip"],
        upload_interval=0.1,
        on_error=lambda error, _items: failed.append(str(error)),
    )
    for call in plan["calls"]:
        getattr(client, call.pop("call"))(**{_NAMES.get(name, name): _of(name, call[name]) for name in call})
    client.flush()
    client.shutdown()
    json.dump({"failed": failed}, sys.stdout)


def _of(name: str, value: Any) -> Any:
    return datetime.fromisoformat(value) if name == "timestamp" else value


if __name__ == "__main__":
    main()
