"""Slack's refusals: a 200 whose body says `ok: false`, but for a rate limit, which is a 429."""

from typing import Any


class SlackError(Exception):
    """`code` is Slack's word; `facts` stand beside it in the body."""

    def __init__(self, code: str, *, retry_after: int | None = None, status: int = 200, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
        self.status = 429 if retry_after is not None else status
        self.headers = {} if retry_after is None else {"Retry-After": str(retry_after)}

    def body(self) -> dict[str, Any]:
        return {"ok": False, "error": self.code} | self.facts


def invalid_blocks(*messages: str) -> SlackError:
    said = [f"[ERROR] {each}" for each in messages]
    return SlackError("invalid_blocks", errors=list(messages), response_metadata={"messages": said})
