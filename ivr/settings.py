"""Every setting: its meaning and its default. Read by the top floor only; below it, values are passed.

Twilio's own names for Twilio's things, IVR_ for ours; from the environment or a file `.env`.
"""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """The service's settings. Raises pydantic.ValidationError where one is wrong."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore")

    twilio_account_sid: str = Field("", description="The account whose calls these are (AC…).")
    twilio_auth_token: str = Field(
        "", description="Signs what Twilio sends. Never used for asking Twilio when there is an API key."
    )
    twilio_auth_token_secondary: str = Field(
        "", description="A second token, accepted while the first is being rotated."
    )
    twilio_api_key: str = Field("", description="The API key to ask Twilio with (SK…).")
    twilio_api_secret: str = Field("", description="The secret of that key.")
    twilio_messaging_service_sid: str = Field(
        "", description="The messaging service texts are sent by (MG…). Sending is not built yet."
    )

    ivr_public_url: str = Field(
        "",
        description="Where Twilio reaches this service: https://calls.example.com. Signatures are checked against it.",
    )
    ivr_prompts: Path | None = Field(
        None,
        description="The folder of the prompt book; kept as version 1 when the shelf is empty. Default: the one that came with the program.",
    )
    ivr_database_url: str = Field(
        "sqlite:///var/ivr.sqlite3",
        description="sqlite:///PATH, or postgresql://… when there is more than one machine.",
    )
    ivr_secret: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Seals what is personal and keys the hashes of numbers. Several, comma-separated, while rotating: the first seals, all open.",
    )
    ivr_timezone: str = Field(
        "", description="The zone of this installation's day, when it should not be the one in rules.yaml."
    )
    ivr_twilio_api_url: str = Field(
        "", description="Sends what we ask of Twilio elsewhere: a contract mock, a stand-in."
    )
    ivr_fallback_url: str = Field(
        "", description="Where Twilio turns when we cannot answer. Default: /voice/fallback of this service."
    )
    ivr_frame_ancestors: str = Field(
        "",
        description="Origins that may frame the desk's pages, separated by spaces. There are no pages yet.",
    )
    ivr_retention_days: int = Field(30, ge=1, le=3650, description="For how long what is sealed is kept.")
    ivr_log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged; no number and no spoken word at any level."
    )

    @field_validator("ivr_secret", mode="before")
    @classmethod
    def _several(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("ivr_public_url", "ivr_twilio_api_url", "ivr_fallback_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        value = value.strip().rstrip("/")
        if value:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("write it like https://calls.example.com")
            if "_" in parts.hostname:
                raise ValueError("Twilio refuses host names with an underscore")
        return value

    @field_validator("ivr_timezone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError("write a zone's name, like Europe/London") from None
        return value

    @field_validator("ivr_database_url")
    @classmethod
    def _a_database(cls, value: str) -> str:
        if not value.startswith(("sqlite://", "postgresql://")):
            raise ValueError("write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME")
        return value

    @field_validator("twilio_account_sid")
    @classmethod
    def _an_account(cls, value: str) -> str:
        if value and not (value.startswith("AC") and len(value) == 34):
            raise ValueError("an account SID is AC and 32 letters and digits")
        return value

    @property
    def auth_tokens(self) -> tuple[str, ...]:
        """The tokens Twilio may sign with, the current one first."""
        return tuple(t for t in (self.twilio_auth_token, self.twilio_auth_token_secondary) if t)

    @property
    def missing(self) -> list[str]:
        """What a service on a real line cannot do without and does not have, by setting name."""
        needed = {
            "TWILIO_ACCOUNT_SID": self.twilio_account_sid,
            "TWILIO_AUTH_TOKEN": self.twilio_auth_token,
            "IVR_PUBLIC_URL": self.ivr_public_url,
            "IVR_SECRET": self.ivr_secret,
        }
        return [name for name, value in needed.items() if not value]

    def prompts_folder(self) -> Path:
        """The book's folder: the one set, else beside the package, else one folder up (a checkout)."""
        if self.ivr_prompts is not None:
            return self.ivr_prompts
        here = Path(__file__).resolve().parent
        return here / "prompts" if (here / "prompts").is_dir() else here.parent / "prompts"
