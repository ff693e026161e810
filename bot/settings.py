"""Every setting, read once from the environment and an optional .env file; all complaints at once."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import BadConfiguration
from engine.modes import DEFAULT_MODE, modes


class Settings(BaseSettings):
    """What an operator may set; every name has the prefix CRIER_ in the environment."""

    model_config = SettingsConfigDict(env_prefix="CRIER_", env_file=".env", extra="ignore", frozen=True)

    database: Annotated[Path, Field(description="The SQLite file that holds everything.")] = Path("crier.db")
    mode: Annotated[str, Field(description="The risk mode of a chat that chose none.")] = DEFAULT_MODE
    archive: Annotated[Path | None, Field(description="A market archive that tests and benchmarks may read.")] = None

    source_keys: Annotated[dict[str, SecretStr], Field(description="Keys of live sources, by source id.")] = {}
    source_bases: Annotated[dict[str, str], Field(description="Other base addresses of live sources, by origin.")] = {}
    outlets: Annotated[Path | None, Field(description="An own list of feeds, subreddits, channels and searches.")] = (
        None
    )

    web_port: Annotated[int | None, Field(ge=1, le=65535, description="Serve the public page on this port.")] = None
    web_host: Annotated[str, Field(description="The address that the public page listens on.")] = "127.0.0.1"
    web_proxy: Annotated[str, Field(description="Addresses of proxies whose X-Forwarded-For is believed.")] = ""
    public_url: Annotated[str, Field(description="Where the public page is reached from outside.")] = ""

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
            raise ValueError(f"must be like https://crier.example.org, without a path, not {value!r}")
        return value.rstrip("/")

    @field_validator("mode")
    @classmethod
    def _known_mode(cls, value: str) -> str:
        if value not in modes():
            raise ValueError(f"must be one of {', '.join(modes())}, not {value!r}")
        return value


def read_settings(database: Path | None = None) -> Settings:
    """Read the settings; `database` from the command line wins. BadConfiguration lists every complaint."""
    try:
        return Settings() if database is None else Settings(database=database)
    except ValidationError as error:
        complaints = [
            f"CRIER_{'_'.join(str(part) for part in problem['loc']).upper()}: "
            + problem["msg"].removeprefix("Value error, ")
            for problem in error.errors()
        ]
        raise BadConfiguration("settings: " + "; ".join(complaints) + ".") from error
