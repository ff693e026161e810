"""Settings: secrets from the environment or a file, admins by number, all complaints at once, no secret in a word."""

from pathlib import Path

import pytest

from bot.settings import SECRETS, Settings, read_settings
from engine.errors import BadConfiguration

TOKEN = "123456789:AAsecretsecretsecretsecretsecretsec"


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env file of somebody's own."""
    monkeypatch.chdir(tmp_path)


def secret(settings: Settings, name: str) -> str:
    return str(getattr(settings, name).get_secret_value())


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_comes_from_the_environment_or_from_a_file_and_the_environment_wins(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", "utf-8")
    monkeypatch.setenv(f"CRIER_{name.upper()}_FILE", str(file))
    assert secret(read_settings(), name) == TOKEN
    monkeypatch.setenv(f"CRIER_{name.upper()}", "another")
    assert secret(read_settings(), name) == "another"
    monkeypatch.setenv(f"CRIER_{name.upper()}", "")  # as a line of .env that was left empty
    monkeypatch.delenv(f"CRIER_{name.upper()}_FILE")
    assert getattr(read_settings(), name) is None


def test_no_secret_stands_in_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(f"CRIER_{name.upper()}", TOKEN)
    settings = read_settings()
    assert TOKEN not in f"{settings} {settings!r} {settings.model_dump_json()}"


def test_admins_are_named_by_platform_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRIER_ADMINS", "telegram:123, discord:456,")
    assert read_settings().admins == (("telegram", "123"), ("discord", "456"))
    assert Settings().model_copy(update={"admins": ()}).admins == ()


def test_all_complaints_come_at_once_and_name_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRIER_ADMINS", "telegram:@joe")
    monkeypatch.setenv("CRIER_TELEGRAM_RATE", "0")
    monkeypatch.setenv("CRIER_PUBLIC_URL", "crier.example")
    with pytest.raises(BadConfiguration) as caught:
        read_settings()
    for said in ("CRIER_ADMINS: each admin is written like", "CRIER_TELEGRAM_RATE", "CRIER_PUBLIC_URL: must be"):
        assert said in str(caught.value)
    monkeypatch.setenv("CRIER_TELEGRAM_TOKEN_FILE", str(tmp_path / "gone"))
    with pytest.raises(BadConfiguration, match=r"CRIER_TELEGRAM_TOKEN_FILE: .*gone cannot be read\."):
        read_settings()
