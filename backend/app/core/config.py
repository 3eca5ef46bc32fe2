"""Settings, read once from the environment (and `.env`); a wrong one stops the start with every fault named."""

import re
import sys
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

DEVELOPMENT_SECRET = "development-only-change-me-0123456789abcdef"  # noqa: S105  (refused in production)

_HOW_TO_MAKE_ONE = """python3 -c 'import secrets; print(secrets.token_urlsafe(36))'"""
_MAKE_SEED = """64 hex digits, as python3 -c 'import secrets; print(secrets.token_hex(32))' prints"""

Csv = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding="utf-8", case_sensitive=False, extra="ignore", frozen=True
    )

    # Application
    app_name: str = "Stratum AI"
    app_env: Literal["development", "test", "staging", "production"] = "development"
    app_version: str = "1.0.0"
    debug: bool = Field(
        default=False, description="Unexpected errors show their traceback, as in development."
    )
    api_v1_prefix: str = "/api/v1"
    public_url: str = Field("http://127.0.0.1:8000", description="Where people reach the dashboard.")
    allowed_origins: Csv = Field(
        (), description="Origins, comma-separated, that may call the API from a page."
    )
    trusted_proxies: Csv = Field((), description="Addresses or networks whose X-Forwarded-For is believed.")
    frontend_dir: str | None = Field(None, description="The built dashboard; served at / where set.")

    # Database
    database_url: SecretStr = SecretStr("postgresql://stratum_app:stratum@127.0.0.1:5432/stratum")
    database_owner_url: SecretStr | None = Field(None, description="Migrations, roles and backups only.")
    database_relay_url: SecretStr | None = Field(None, description="The outbox relay's role.")
    database_maintenance_url: SecretStr | None = Field(None, description="Makes and drops partitions.")
    db_pool_size: int = Field(10, ge=1, le=200)
    db_max_overflow: int = Field(5, ge=0, le=200)

    # Redis
    redis_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")

    # Security
    secret_key: SecretStr = Field(SecretStr(DEVELOPMENT_SECRET), min_length=32)
    previous_secret_keys: Csv = Field(
        (), description="Older secret keys, newest first, that still open what they sealed."
    )
    lookup_key: SecretStr | None = Field(
        None, min_length=32, description="Finds stored identifiers again: stays when SECRET_KEY is rotated."
    )
    jwt_secret_key: SecretStr = Field(SecretStr(DEVELOPMENT_SECRET), min_length=32)
    previous_jwt_secret_keys: Csv = Field(
        (), description="Older keys whose tokens are accepted until they expire."
    )
    ledger_signing_key: SecretStr | None = Field(None, description="Ed25519 seed, 64 hex digits.")
    access_token_minutes: int = Field(15, ge=1, le=60)
    refresh_token_days: int = Field(30, ge=1, le=365, description="A session's longest life.")
    refresh_idle_days: int = Field(7, ge=1, le=365, description="A session unused for so long has ended.")
    cookie_secure: bool = True

    # Limits
    max_body_bytes: int = Field(1_048_576, ge=1_024)
    rate_limit_per_minute: int = Field(600, ge=1, description="Requests of one caller to the API.")

    # Images
    asset_megabytes: int = Field(10, ge=1, le=30, description="The largest image that may be uploaded.")
    asset_library_megabytes: int = Field(1_024, ge=1, description="All images that a company may keep.")

    # Work
    task_redelivery_seconds: int | None = Field(
        None, ge=1, description="A task handed over and not done is handed over again after this."
    )
    worker_metrics_port: int | None = Field(None, ge=1, le=65_535, description="Its Prometheus metrics.")
    relay_metrics_port: int | None = Field(None, ge=1, le=65_535, description="Its Prometheus metrics.")
    metrics_host: str = Field("127.0.0.1", description="Where the worker and the relay serve their metrics.")

    # Events
    cdp_event_days: int = Field(400, ge=31, description="Events are kept this long, in whole months.")
    cdp_dedupe_hours: int = Field(168, ge=24, description="A message id is known again for this long.")
    cdp_intake_megabytes: int = Field(
        32,
        ge=8,
        description="Events not yet committed that one API process holds; past it senders are told 429.",
    )
    cdp_count_days: int = Field(400, ge=1, description="What each source sent in an hour is kept this long.")
    cdp_verdict_days: int = Field(30, ge=1, description="Refused events are kept this long.")

    # Mail
    mail_transport: Literal["smtp", "log"] = Field("smtp", description="log sends nothing and says so.")
    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(1025, ge=1, le=65_535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: bool = Field(default=False, description="TLS from the first byte (port 465).")
    smtp_start_tls: bool = Field(default=False, description="Plain, then STARTTLS (port 587).")
    mail_from: str = "Stratum <no-reply@stratum.invalid>"

    # Slack
    slack_base_url: str = "https://slack.com/api/"

    # WhatsApp
    whatsapp_base_url: str = "https://graph.facebook.com"
    whatsapp_api_version: str = "v25.0"

    # Platforms
    meta_base_url: str = "https://graph.facebook.com"
    meta_dialog_url: str = "https://www.facebook.com"
    meta_api_version: str = "v25.0"
    meta_app_id: str | None = None
    meta_app_secret: SecretStr | None = None
    meta_webhook_verify_token: SecretStr | None = Field(
        None,
        min_length=16,
        description="What Meta repeats when our webhook is set up in its app's dashboard.",
    )
    google_ads_base_url: str = "https://googleads.googleapis.com"
    google_ads_api_version: str = "v26"
    google_data_manager_base_url: str = "https://datamanager.googleapis.com"
    google_oauth_base_url: str = "https://oauth2.googleapis.com"
    google_dialog_url: str = "https://accounts.google.com"
    google_client_id: str | None = Field(
        None, description="Of a Google Cloud project that is approved for the Ads API."
    )
    google_client_secret: SecretStr | None = None
    google_account_operations_per_day: int | None = Field(
        None,
        ge=100,
        description="An account's share of the project's (2,880, 15,000 a day); empty rations nothing.",
    )
    tiktok_base_url: str = "https://business-api.tiktok.com"
    tiktok_portal_url: str = "https://business-api.tiktok.com"
    tiktok_app_id: str | None = None
    tiktok_app_secret: SecretStr | None = None
    snapchat_api_url: str = "https://adsapi.snapchat.com"
    snapchat_accounts_url: str = "https://accounts.snapchat.com"
    snapchat_events_url: str = "https://tr.snapchat.com"
    snapchat_app_id: str | None = None
    snapchat_app_secret: SecretStr | None = None
    hubspot_base_url: str = "https://api.hubapi.com"
    hubspot_app_url: str = "https://app.hubspot.com"
    hubspot_client_id: str | None = None
    hubspot_client_secret: SecretStr | None = None
    hubspot_webhook_url: str | None = Field(
        None,
        description="The address that HubSpot's app has for webhooks, letter by letter, since it is signed; left out, "
        "it is PUBLIC_URL with /api/v1/integrations/webhooks/hubspot.",
    )
    salesforce_login_url: str = Field(
        "https://login.salesforce.com",
        description="Where people sign in: test.salesforce.com for Salesforce's sandboxes, or one's own domain there.",
    )
    salesforce_instance_url: str | None = Field(
        None, description="Where an org may answer besides Salesforce's own hosts: the sandbox."
    )
    salesforce_client_id: str | None = None
    salesforce_client_secret: SecretStr | None = None
    shopify_base_url: str = Field(
        "https://{shop}",
        pattern=r"^https?://.*\{shop\}",
        description="Where a shop is: {shop} is its own host.",
    )
    shopify_client_id: str | None = None
    shopify_client_secret: SecretStr | None = None
    allow_private_addresses: bool = Field(
        default=False, description="Lets vendor and webhook calls reach loopback: for the sandbox."
    )
    stratum_clock_url: str | None = Field(
        None, description="A clock that drives domain time; not in production."
    )

    # Observability
    sentry_dsn: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"

    @property
    def is_production(self) -> bool:
        return self.app_env == "production"

    @property
    def is_development(self) -> bool:
        return self.app_env == "development"

    @model_validator(mode="before")
    @classmethod
    def _split_lists(cls, values: dict[str, object]) -> dict[str, object]:
        for name, field in cls.model_fields.items():
            if field.annotation == tuple[str, ...] and isinstance(raw := values.get(name), str):
                values[name] = tuple(part.strip() for part in raw.split(",") if part.strip())
        return values

    @field_validator("ledger_signing_key")
    @classmethod
    def _is_a_seed(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and re.fullmatch(r"[0-9a-fA-F]{64}", key.get_secret_value()) is None:
            raise ValueError(f"it must be {_MAKE_SEED}")
        return key

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if not self.is_production:
            return self
        faults = [
            f"{name} still has its development value: set what {_HOW_TO_MAKE_ONE} prints"
            for name in ("secret_key", "jwt_secret_key")
            if getattr(self, name).get_secret_value() == DEVELOPMENT_SECRET
        ]
        wrong = {
            "debug must be off": self.debug,
            "cookie_secure must be on": not self.cookie_secure,
            "public_url must be https": not self.public_url.startswith("https://"),
            "stratum_clock_url has no place in production": bool(self.stratum_clock_url),
            "allow_private_addresses has no place in production": self.allow_private_addresses,
            "salesforce_instance_url has no place in production": bool(self.salesforce_instance_url),
            f"ledger_signing_key is required: {_MAKE_SEED}": self.ledger_signing_key is None,
            "lookup_key is required (if it was never set: the oldest secret key)": self.lookup_key is None,
            "database_url still has its development password": ":stratum@"
            in self.database_url.get_secret_value(),
        }
        faults += [fault for fault, is_so in wrong.items() if is_so]
        if faults:
            raise ValueError("\n".join(faults))
        return self


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings, or end the process with one line for every fault."""
    try:
        return Settings()
    except ValidationError as error:
        faults = [
            f"  {'.'.join(str(part) for part in fault['loc']).upper() or 'SETTINGS'}: {said}"
            for fault in error.errors(include_input=False, include_url=False)
            for said in fault["msg"].removeprefix("Value error, ").splitlines()
        ]
        sys.exit("\n".join(["Stratum cannot start: these settings are wrong.", *faults]))
    except SettingsError as error:
        sys.exit(f"Stratum cannot start: {error}")


settings = get_settings()
