"""A sign-in at a platform, shop or CRM: the browser leaves with a cookie that ties it to its attempt, and returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi.responses import RedirectResponse
from starlette.responses import Response

from app.core.config import Settings

_SECONDS = 600


@dataclass(frozen=True, slots=True)
class SignInElsewhere:
    """`place` is below the API's prefix: the cookie is for it alone."""

    cookie: str
    place: str

    def redirect_uri(self, settings: Settings, vendor: str) -> str:
        """Where the vendor sends the browser back to."""
        base = settings.public_url.rstrip("/") + settings.api_v1_prefix
        return f"{base}{self.place}/{vendor}/callback"

    def remember(self, response: Response, settings: Settings, browser_secret: str) -> None:
        response.set_cookie(
            self.cookie,
            browser_secret,
            max_age=_SECONDS,
            path=f"{settings.api_v1_prefix}{self.place}",
            secure=settings.cookie_secure,
            httponly=True,
            samesite="lax",
        )

    def ended(self, settings: Settings, outcome: Mapping[str, str]) -> RedirectResponse:
        """On to /connect, which shows what came of it; the cookie has done its work."""
        answer = RedirectResponse(f"{settings.public_url.rstrip('/')}/connect?{urlencode(outcome)}", 303)
        answer.delete_cookie(self.cookie, path=f"{settings.api_v1_prefix}{self.place}")
        return answer
