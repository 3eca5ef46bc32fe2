from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import DEVELOPMENT_SECRET, Settings, get_settings

GOOD: dict[str, Any] = {
    "app_env": "production",
    "secret_key": "s" * 40,
    "jwt_secret_key": "j" * 40,
    "ledger_signing_key": "0" * 64,
    "lookup_key": "l" * 32,
    "public_url": "https://stratum.example",
    "database_url": "postgresql://stratum_app:long-and-random@db/stratum",
    "allow_private_addresses": False,
    "cookie_secure": True,
}


def build(**changes: Any) -> Settings:
    """Production settings, with these changed, whatever the folder's `.env` says."""
    values: dict[str, Any] = {**GOOD, **changes, "_env_file": None}
    return Settings(**values)


def test_production_starts_with_good_settings() -> None:
    assert build().is_production


@pytest.mark.parametrize(
    ("field", "bad", "said"),
    [
        ("secret_key", DEVELOPMENT_SECRET, "secret_key still has its development value"),
        ("jwt_secret_key", DEVELOPMENT_SECRET, "jwt_secret_key still has its development value"),
        ("debug", True, "debug must be off"),
        ("cookie_secure", False, "cookie_secure must be on"),
        ("public_url", "http://stratum.example", "public_url must be https"),
        ("stratum_clock_url", "http://127.0.0.1:1/clock", "stratum_clock_url has no place in production"),
        ("allow_private_addresses", True, "allow_private_addresses has no place in production"),
        ("ledger_signing_key", None, "ledger_signing_key is required"),
        ("ledger_signing_key", "f" * 63, "must be 64 hex digits"),
        ("lookup_key", None, "lookup_key is required"),
        ("database_url", "postgresql://stratum_app:stratum@db/stratum", "development password"),
    ],
)
def test_production_refuses(field: str, bad: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        build(**{field: bad})


def test_every_fault_is_named_before_the_process_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_POOL_SIZE", "none")
    monkeypatch.setenv("APP_ENV", "moon")
    get_settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        get_settings()
    monkeypatch.undo()
    get_settings.cache_clear()
    assert "DB_POOL_SIZE" in str(ended.value)
    assert "APP_ENV" in str(ended.value)


def test_each_fault_of_production_stands_on_a_line_of_its_own_with_its_mend(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    monkeypatch.setenv("SECRET_KEY", DEVELOPMENT_SECRET)
    monkeypatch.setenv("COOKIE_SECURE", "false")
    get_settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        get_settings()
    monkeypatch.undo()
    get_settings.cache_clear()
    lines = str(ended.value).splitlines()
    assert any(
        "secret_key still has its development value" in line and "token_urlsafe" in line for line in lines
    )
    assert any(line.strip() == "SETTINGS: cookie_secure must be on" for line in lines)


def test_a_list_is_written_with_commas() -> None:
    found = build(trusted_proxies="10.0.0.0/8, 127.0.0.1")
    assert found.trusted_proxies == ("10.0.0.0/8", "127.0.0.1")


def test_secrets_do_not_print() -> None:
    shown = repr(build())
    assert "s" * 40 not in shown
    assert "long-and-random" not in shown
    assert isinstance(build().secret_key, SecretStr)
