"""Every setting, read once from the environment and an optional .env file; all complaints at once."""

from __future__ import annotations

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
