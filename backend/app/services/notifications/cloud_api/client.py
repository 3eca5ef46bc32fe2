"""WhatsApp's Cloud API. Each call is made once: retries are the delivery log's, where people see them.

https://developers.facebook.com/documentation/business-messaging/whatsapp. `appsecret_proof` has Meta check with every
call that the secret is that of the token's app, and so that what the webhook is told can be verified.
"""

import hmac
import ssl
from functools import cache
from typing import Any

import httpx2

from app.core.config import Settings
from app.services.notifications.cloud_api.ports import (
    Credentials,
    NumberIdentity,
    TemplateFound,
    WhatsAppMessage,
    WhatsAppRefused,
)

_TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
_PAGE, _MOST_PAGES = 100, 20
_NUMBER_FIELDS = "id,display_phone_number,verified_name,quality_rating"
_TEMPLATE_FIELDS = "name,language,status,category,rejected_reason,components"
_OK = range(200, 300)
_SERVER_ERROR = 500


class WhatsAppClient:
    def __init__(self, settings: Settings, own: Credentials) -> None:
        self._url = f"{settings.whatsapp_base_url.rstrip('/')}/{settings.whatsapp_api_version}"
        self._own = own
        proof = hmac.digest(own.app_secret.encode(), own.token.encode(), "sha256").hex()
        self._proof = {"appsecret_proof": proof}

    async def number(self) -> NumberIdentity:
        listed = await self._call(
            "GET", f"{self._own.waba_id}/phone_numbers", {"fields": _NUMBER_FIELDS, "limit": str(_PAGE)}
        )
        found = next((e for e in _rows(listed) if str(e.get("id")) == self._own.phone_number_id), None)
        if found is None:
            raise WhatsAppRefused(None, "number_not_in_account")
        said = await self._call("GET", self._own.phone_number_id, {"fields": _NUMBER_FIELDS})
        return NumberIdentity(
            str(said["id"]),
            str(said["display_phone_number"]),
            str(said.get("verified_name") or said["display_phone_number"]),
            said.get("quality_rating"),
        )

    async def subscribe(self) -> None:
        await self._call("POST", f"{self._own.waba_id}/subscribed_apps", {})

    async def templates(self) -> list[TemplateFound]:
        found: list[TemplateFound] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            words = {"fields": _TEMPLATE_FIELDS, "limit": str(_PAGE)} | ({"after": after} if after else {})
            said = await self._call("GET", f"{self._own.waba_id}/message_templates", words)
            found += [
                TemplateFound(
                    name=str(each.get("name")),
                    language=str(each.get("language")),
                    status=str(each.get("status")),
                    category=str(each.get("category")),
                    reason=each.get("rejected_reason"),
                    components=each.get("components") or [],
                )
                for each in _rows(said)
            ]
            paging = said.get("paging") or {}
            after = (paging.get("cursors") or {}).get("after") if paging.get("next") else None
            if after is None:
                break
        return found

    async def create(self, template: dict[str, Any]) -> None:
        await self._call("POST", f"{self._own.waba_id}/message_templates", {}, template)

    async def send(self, message: WhatsAppMessage) -> str:
        said = await self._call("POST", f"{self._own.phone_number_id}/messages", {}, _body(message))
        try:
            return str(said["messages"][0]["id"])
        except (KeyError, IndexError, TypeError) as error:
            raise WhatsAppRefused(None, "unreadable_answer", unheard=True) from error

    async def _call(
        self, method: str, path: str, words: dict[str, str], body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """No proxy that the environment names, and no redirect: the token goes to this host alone."""
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=_tls()) as http:
                answer = await http.request(
                    method,
                    f"{self._url}/{path}",
                    params=words | self._proof,
                    json=body,
                    headers={"Authorization": f"Bearer {self._own.token}"},
                )
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise WhatsAppRefused(None, "no_answer") from error
        except (httpx2.HTTPError, OSError) as error:
            raise WhatsAppRefused(None, "no_answer", unheard=True) from error
        return _read(answer)


@cache
def _tls() -> ssl.SSLContext:
    """Reading the certificates takes longer than a call."""
    return httpx2.create_ssl_context(trust_env=False)


def _read(answer: httpx2.Response) -> dict[str, Any]:
    """The body of an answer that says yes; `WhatsAppRefused` in every other case."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    if answer.status_code in _OK and isinstance(said, dict) and "error" not in said:
        return said
    error = said.get("error") if isinstance(said, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("code"), int):
        word = "unreadable_answer" if answer.status_code in _OK else f"http_{answer.status_code}"
        unheard = answer.status_code in _OK or answer.status_code >= _SERVER_ERROR
        raise WhatsAppRefused(None, word, status=answer.status_code, unheard=unheard)
    data = error.get("error_data")
    details = str(data.get("details") or "") if isinstance(data, dict) else ""
    raise WhatsAppRefused(
        error["code"],
        str(error["code"]),
        details=(details or str(error.get("message") or ""))[:300],
        status=answer.status_code,
        unheard=answer.status_code >= _SERVER_ERROR,
    )


def _rows(said: dict[str, Any]) -> list[dict[str, Any]]:
    rows = said.get("data")
    return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


def _body(message: WhatsAppMessage) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to,
        "biz_opaque_callback_data": message.callback,
    }
    if message.template is None:
        return body | {"type": "text", "text": {"preview_url": False, "body": message.text or ""}}
    filled = message.template
    components: list[dict[str, Any]] = [
        {"type": "body", "parameters": [_text(each) for each in filled.values]}
    ]
    components += [
        {"type": "button", "sub_type": "url", "index": str(place), "parameters": [_text(each)]}
        for place, each in enumerate(filled.buttons)
        if each
    ]
    template = {"name": filled.name, "language": {"code": filled.language}, "components": components}
    return body | {"type": "template", "template": template}


def _text(value: str) -> dict[str, str]:
    return {"type": "text", "text": value}
