"""Every setting, read once from the environment and an optional .env file; all complaints at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.setting_values import Address, Token, misspelt, people, read_secret, readable
from engine.errors import BadConfiguration
from engine.modes import DEFAULT_MODE, modes

__all__ = ["SECRETS", "Person", "Settings", "read_settings"]

FILE = Path(".env")
PREFIX = "CRIER_"

Person = tuple[str, str]  # platform and the platform's own number for somebody


class Settings(BaseSettings):
    """What an operator may set; every name has the prefix CRIER_ in the environment.

    The descriptions make docs/settings.md and .env.example: `python docs/settings.py`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=FILE, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database: Annotated[
        Path,
        Field(description="The SQLite file that holds everything: market, decisions, journal, chats, queue."),
    ] = Path("crier.db")
    mode: Annotated[
        str, Field(description="The risk mode of a chat that chose none: conservative, balanced or aggressive.")
    ] = DEFAULT_MODE
    archive: Annotated[
        Path | None,
        Field(description="A market archive that tests and benchmarks may read.", examples=["../shared/archive"]),
    ] = None

    source_keys: Annotated[
        dict[str, SecretStr],
        NoDecode,
        BeforeValidator(readable),
        Field(
            description="Keys of live sources, by the ids of docs/sources.md, as JSON; none is needed.",
            examples=['{"fred": "0123456789abcdef0123456789abcdef", "reddit": "ID:SECRET", "x": "BEARER-TOKEN"}'],
        ),
    ] = {}
    source_keys_file: Annotated[
        Path | None, Field(description="A file that holds them instead.", examples=["/run/secrets/source_keys"])
    ] = None
    source_bases: Annotated[
        dict[str, str],
        NoDecode,
        Field(
            description="Other base addresses of live sources, by origin, as JSON: a mirror, or an emulator.",
            examples=['{"https://api.kraken.com": "https://kraken.mirror.example"}'],
        ),
    ] = {}
    outlets: Annotated[
        Path | None,
        Field(
            description="An own list of feeds, subreddits, channels and searches, in the form of "
            "engine/sources/outlets.toml and in its place.",
            examples=["outlets.toml"],
        ),
    ] = None

    web_port: Annotated[
        int | None,
        Field(ge=1, le=65535, description="Serve the public page and API on this port; none: off.", examples=["8080"]),
    ] = None
    web_host: Annotated[str, Field(description="The address that the public page listens on.")] = "127.0.0.1"
    web_proxy: Annotated[
        str,
        Field(
            description="Addresses or networks of proxies whose X-Forwarded-For is believed; nobody else's is.",
            examples=["127.0.0.1"],
        ),
    ] = ""

    telegram_token: Annotated[
        Token,
        Field(
            description="The token that @BotFather gave; with it `crier run` serves Telegram.",
            examples=["123456789:AAExampleExampleExampleExampleExample"],
        ),
    ] = None
    telegram_token_file: Annotated[
        Path | None, Field(description="A file that holds it instead.", examples=["/run/secrets/telegram"])
    ] = None
    telegram_api: Annotated[Address, Field(description="Telegram's Bot API, or a server of your own.")] = (
        "https://api.telegram.org"
    )
    discord_token: Annotated[
        Token,
        Field(
            description="The token of the Discord application's bot; with it `crier run` serves Discord.",
            examples=["MTIzExample.Example.ExampleExampleExample"],
        ),
    ] = None
    discord_token_file: Annotated[
        Path | None, Field(description="A file that holds it instead.", examples=["/run/secrets/discord"])
    ] = None
    discord_api: Annotated[Address, Field(description="Discord's API, or an emulator.")] = "https://discord.com/api/v10"
    discord_gateway: Annotated[Address, Field(description="Discord's gateway, or an emulator.")] = (
        "wss://gateway.discord.gg/"
    )
    discord_shards: Annotated[
        int,
        Field(
            ge=0,
            le=256,
            description="Connections to Discord's gateway: it asks for several from 2,500 servers on; 0: as many as it "
            "advises.",
        ),
    ] = 1
    public_url: Annotated[
        str,
        Field(
            description="Where the internet reaches this bot: its page, and with a webhook port Telegram.",
            examples=["https://crier.example"],
        ),
    ] = ""
    webhook_port: Annotated[
        int | None,
        Field(
            gt=0,
            lt=65536,
            description="The port here that Telegram's calls come to, under /telegram; none: it polls.",
            examples=["8081"],
        ),
    ] = None
    webhook_secret: Annotated[
        Token,
        Field(
            description="What Telegram must show when it calls; without one a new secret is drawn at each start.",
            examples=["a-long-random-word"],
        ),
    ] = None
    webhook_secret_file: Annotated[
        Path | None, Field(description="A file that holds it instead.", examples=["/run/secrets/webhook"])
    ] = None
    admins: Annotated[
        tuple[Person, ...],
        NoDecode,
        Field(
            description="Who may give this bot orders, by the services' own numbers; `crier init` prints a code that "
            "makes you one without.",
            examples=["telegram:123456789,discord:987654321012345678"],
        ),
    ] = ()

    telegram_rate: Annotated[
        float,
        Field(
            gt=0, allow_inf_nan=False, description="Telegram messages a second, to all chats together; 30 is its limit."
        ),
    ] = 28.4
    telegram_chat_rate: Annotated[
        float, Field(gt=0, allow_inf_nan=False, description="Telegram messages a second to one chat.")
    ] = 1.0
    telegram_group_rate: Annotated[
        float,
        Field(
            gt=0,
            allow_inf_nan=False,
            description="Telegram messages a minute to one group or channel; 20 is its limit.",
        ),
    ] = 18.0
    discord_rate: Annotated[
        float,
        Field(
            gt=0, allow_inf_nan=False, description="Discord messages a second, to all chats together; 50 is its limit."
        ),
    ] = 40.0

    ping_url: Annotated[
        Address,
        Field(
            description="An address asked every minute while all is well: a dead man's switch elsewhere tells if not.",
            examples=["https://hc-ping.example/your-check"],
        ),
    ] = ""
    metrics_token: Annotated[
        Token,
        Field(
            description="What must be shown (Authorization: Bearer ...) to read /metrics from another machine; without "
            "one only this machine may.",
            examples=["a-long-random-word"],
        ),
    ] = None
    metrics_token_file: Annotated[
        Path | None, Field(description="A file that holds it instead.", examples=["/run/secrets/metrics"])
    ] = None
    log_json: Annotated[bool, Field(description="Write log lines as JSON, one object a line.")] = False
    log_level: Annotated[str, Field(description="The least that is logged: debug, info, warning or error.")] = "info"

    @field_validator("web_proxy")
    @classmethod
    def _networks(cls, value: str) -> str:
        for part in value.replace(",", " ").split():
            try:
                ip_network(part, strict=False)
            except ValueError:
                raise ValueError(f"{part!r} is no address or network, like 127.0.0.1 or 10.0.0.0/8") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[\w.-]+(:\d{1,5})?/?", value, re.ASCII):
            raise ValueError("must be like https://crier.example.org, without a path")
        return value.rstrip("/")

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Take a secret from the file named for it; one that is given outright wins, and an empty line is none."""
        values = {key: value for key, value in values.items() if value != ""}
        for name in secrets_among(cls.model_fields):
            where = values.get(f"{name}_file")
            if where and name not in values:
                values[name] = read_secret(f"{PREFIX}{name.upper()}_FILE", Path(where))
        return values

    @field_validator("source_keys", "source_bases", mode="before")
    @classmethod
    def _table(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('must be a JSON object like {"fred": "..."}') from None

    @field_validator("admins", mode="before")
    @classmethod
    def _people(cls, value: object) -> object:
        return people(value) if isinstance(value, str) else value

    @field_validator("webhook_secret")
    @classmethod
    def _shown_by_telegram(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("Telegram takes 1 to 256 letters, digits, _ and - here")
        return value

    @model_validator(mode="after")
    def _doors(self) -> Settings:
        if self.webhook_port is not None and not self.public_url:
            raise ValueError(f"{PREFIX}WEBHOOK_PORT needs {PREFIX}PUBLIC_URL, which is where Telegram calls")
        if self.webhook_port is not None and self.webhook_port == self.web_port:
            raise ValueError(f"{PREFIX}WEBHOOK_PORT and {PREFIX}WEB_PORT are the same: give each a port of its own")
        return self

    @field_validator("mode")
    @classmethod
    def _known_mode(cls, value: str) -> str:
        if value not in modes():
            raise ValueError(f"must be one of {', '.join(modes())}, not {value!r}")
        return value

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError(f"must be debug, info, warning or error, not {value!r}")
        return value.lower()


def secrets_among(fields: Iterable[str]) -> tuple[str, ...]:
    """The settings that may lie in a file of their own, as mounted secrets do: each has a twin `..._file`."""
    names = tuple(fields)
    return tuple(name for name in names if f"{name}_file" in names)


SECRETS = secrets_among(Settings.model_fields)


def read_settings(database: Path | None = None) -> Settings:
    """Read the settings; `database` from the command line wins. BadConfiguration lists every complaint."""
    complaints = misspelt(PREFIX, {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}, FILE)
    settings = None
    try:
        settings = Settings() if database is None else Settings(database=database)
    except ValidationError as error:
        complaints += complaints_of(error)
    except UnicodeDecodeError:
        complaints.append(f"{FILE} is no UTF-8 text")
    except OSError as error:
        complaints.append(f"{FILE} cannot be read ({error.strerror}): change its permissions, or start elsewhere")
    if settings is None or complaints:
        raise BadConfiguration("settings: " + "; ".join(complaints) + ".")
    return settings


def complaints_of(error: ValidationError) -> list[str]:
    """What is wrong, a setting each, without the values."""
    return [_complaint(problem["loc"], problem["msg"]) for problem in error.errors(include_input=False)]


def _complaint(where: tuple[int | str, ...], says: str) -> str:
    """`CRIER_TELEGRAM_RATE: must be greater than 0`; never with the value, which may be a secret."""
    says = says.removeprefix("Value error, ").replace("Input should be", "must be")
    if says.startswith(PREFIX) or not where:
        return says
    entry = f" (of {where[1]})" if len(where) > 1 else ""
    return f"{PREFIX}{str(where[0]).upper()}{entry}: {says}"
