"""Every setting, read once from the environment and an optional .env file; all complaints at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from engine.errors import BadConfiguration
from engine.modes import DEFAULT_MODE, modes

SECRETS = ("telegram_token", "discord_token", "webhook_secret")  # each also from a file, for mounted secrets
PLATFORMS = ("telegram", "discord")

Person = tuple[str, str]  # platform and the platform's own number for somebody


class Settings(BaseSettings):
    """What an operator may set; every name has the prefix CRIER_ in the environment."""

    model_config = SettingsConfigDict(env_prefix="CRIER_", env_file=".env", extra="ignore", frozen=True)

    database: Annotated[Path, Field(description="The SQLite file that holds everything.")] = Path("crier.db")
    mode: Annotated[str, Field(description="The risk mode of a chat that chose none.")] = DEFAULT_MODE
    archive: Annotated[Path | None, Field(description="A market archive that tests and benchmarks may read.")] = None

    source_keys: Annotated[dict[str, SecretStr], Field(description="Keys of live sources, by source id.")] = {}
    source_bases: Annotated[dict[str, str], Field(description="Other base addresses of live sources, by origin.")] = {}

    telegram_token: Annotated[SecretStr | None, Field(description="The token that @BotFather gave.")] = None
    telegram_token_file: Annotated[Path | None, Field(description="A file that holds it instead.")] = None
    telegram_api: Annotated[str, Field(description="Telegram's Bot API, or a server of your own.")] = (
        "https://api.telegram.org"
    )
    discord_token: Annotated[SecretStr | None, Field(description="The token of the Discord application's bot.")] = None
    discord_token_file: Annotated[Path | None, Field(description="A file that holds it instead.")] = None
    discord_api: Annotated[str, Field(description="Discord's API.")] = "https://discord.com/api/v10"
    discord_gateway: Annotated[str, Field(description="Discord's gateway.")] = "wss://gateway.discord.gg/"
    public_url: Annotated[str, Field(description="Where the internet reaches this bot; empty: it polls.")] = ""
    webhook_secret: Annotated[SecretStr | None, Field(description="What a webhook's sender must show.")] = None
    webhook_secret_file: Annotated[Path | None, Field(description="A file that holds it instead.")] = None
    admins: Annotated[tuple[Person, ...], NoDecode, Field(description="Who may give this bot orders.")] = ()

    telegram_rate: Annotated[float, Field(gt=0, description="Messages a second, to all chats together.")] = 28.4
    telegram_chat_rate: Annotated[float, Field(gt=0, description="Messages a second to one chat.")] = 1.0
    telegram_group_rate: Annotated[float, Field(gt=0, description="Messages a minute to one group or channel.")] = 18.0
    discord_rate: Annotated[float, Field(gt=0, description="Messages a second, to all chats together.")] = 40.0
    ping_url: Annotated[str, Field(description="An address asked every minute while all is well.")] = ""

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take a secret from the file named for it; one that is given outright wins."""
        for name in SECRETS:
            where = values.get(f"{name}_file")
            if where and not values.get(name):
                values = {**values, name: _read_secret(name, Path(where))}
        return {key: value for key, value in values.items() if not (key in SECRETS and value == "")}

    @field_validator("admins", mode="before")
    @classmethod
    def _people(cls, value: object) -> object:
        return tuple(map(_person, filter(None, map(str.strip, value.split(","))))) if isinstance(value, str) else value

    @field_validator("telegram_api", "discord_api", "discord_gateway", "public_url", "ping_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://", "ws://", "wss://")):
            raise ValueError(f"must be an address that begins with https://, not {value!r}")
        return value

    @field_validator("mode")
    @classmethod
    def _known_mode(cls, value: str) -> str:
        if value not in modes():
            raise ValueError(f"must be one of {', '.join(modes())}, not {value!r}")
        return value


def _person(text: str) -> Person:
    """`telegram:123`."""
    platform, _, number = text.partition(":")
    if platform not in PLATFORMS or not number.isdecimal():
        raise ValueError(f"each admin is written like telegram:123456789 or discord:123456789, not {text!r}")
    return platform, number


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"CRIER_{name.upper()}_FILE: {path} cannot be read") from None


def read_settings(database: Path | None = None) -> Settings:
    """Read the settings; `database` from the command line wins. BadConfiguration lists every complaint."""
    try:
        return Settings() if database is None else Settings(database=database)
    except ValidationError as error:
        complaints = [
            (f"CRIER_{'_'.join(map(str, problem['loc'])).upper()}: " if problem["loc"] else "")
            + problem["msg"].removeprefix("Value error, ")
            for problem in error.errors()
        ]
        raise BadConfiguration("settings: " + "; ".join(complaints) + ".") from error
