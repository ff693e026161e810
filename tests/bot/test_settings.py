"""Settings: secrets from the environment or a file, admins by number, all complaints at once, no secret in a word."""

import runpy
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from bot.settings import SECRETS, Settings, read_settings
from engine.errors import BadConfiguration

TOKEN = "123456789:AAsecretsecretsecretsecretsecretsec"
TEXT = {"source_keys": f'{{"fred": "{TOKEN}"}}'}  # how a secret is written where it is no single word
WORDS = {"webhook_secret": TOKEN.replace(":", "_")}  # of the signs that its service takes
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No .env file of somebody's own."""
    monkeypatch.chdir(tmp_path)


def word(name: str) -> str:
    return WORDS.get(name, TOKEN)


def written(name: str) -> str:
    return TEXT.get(name, word(name))


def secret(settings: Settings, name: str) -> str:
    value = getattr(settings, name)
    return str((value["fred"] if isinstance(value, dict) else value).get_secret_value())


def test_every_setting_that_holds_a_secret_is_in_the_list_and_may_lie_in_a_file() -> None:
    hidden = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert hidden == set(SECRETS)
    assert {f"{name}_file" for name in SECRETS} <= set(Settings.model_fields)
    assert str(SecretStr(TOKEN)) == "**********"


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_comes_from_the_environment_or_from_a_file_and_the_environment_wins(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{written(name)}\n", "utf-8")
    monkeypatch.setenv(f"CRIER_{name.upper()}_FILE", str(file))
    assert secret(read_settings(), name) == word(name)
    monkeypatch.setenv(f"CRIER_{name.upper()}", written(name).replace(word(name), "another"))
    assert secret(read_settings(), name) == "another"
    monkeypatch.setenv(f"CRIER_{name.upper()}", "")  # as a line of .env that was left empty
    monkeypatch.delenv(f"CRIER_{name.upper()}_FILE")
    assert not getattr(read_settings(), name)


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_stands_in_what_settings_print(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CRIER_{name.upper()}", written(name))
    settings = read_settings()
    assert secret(settings, name) == word(name)
    assert word(name) not in f"{settings} {settings!r} {settings.model_dump_json()} {settings.model_dump()}"


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("spoil", ["{} {}", "'{}'", "[{}"])
def test_no_secret_stands_in_what_is_said_of_a_wrong_setting(
    name: str, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in the sentence nor in the errors behind it, whatever a traceback shows of them."""
    monkeypatch.setenv(f"CRIER_{name.upper()}", spoil.format(TOKEN, TOKEN))
    monkeypatch.setenv("CRIER_TELEGRAM_RATE", "fast")
    with pytest.raises(BadConfiguration) as caught:
        read_settings()
    assert f"CRIER_{name.upper()}: " in str(caught.value)
    assert "CRIER_TELEGRAM_RATE: must be a valid number" in str(caught.value)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    with pytest.raises(ValidationError) as direct:
        Settings()
    assert TOKEN not in f"{direct.value} {direct.value!r}"


@pytest.mark.parametrize("name", ["admins", "public_url", "ping_url", "telegram_api", "source_bases"])
def test_a_secret_pasted_into_the_wrong_line_is_not_repeated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"CRIER_{name.upper()}", TOKEN)
    with pytest.raises(BadConfiguration) as caught:
        read_settings()
    assert f"CRIER_{name.upper()}: " in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_admins_are_named_by_platform_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRIER_ADMINS", "telegram:123, discord:456,")
    assert read_settings().admins == (("telegram", "123"), ("discord", "456"))
    assert Settings().model_copy(update={"admins": ()}).admins == ()


def test_all_complaints_come_at_once_and_name_the_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRIER_ADMINS", "telegram:@joe")
    monkeypatch.setenv("CRIER_TELEGRAM_RATE", "0")
    monkeypatch.setenv("CRIER_DISCORD_RATE", "inf")
    monkeypatch.setenv("CRIER_PUBLIC_URL", "crier.example")
    monkeypatch.setenv("CRIER_LOG_LEVEL", "loud")
    monkeypatch.setenv("CRIER_TELEGRAM_TOKEN_FILE", str(tmp_path / "gone"))
    (tmp_path / "empty").write_text("\n", "utf-8")
    monkeypatch.setenv("CRIER_DISCORD_TOKEN_FILE", str(tmp_path / "empty"))
    (tmp_path / ".env").write_text("CRIER_TELEGRAM_TOKN=x\nCRIER_ELSEWHERE=1\n", "utf-8")
    with pytest.raises(BadConfiguration) as caught:
        read_settings()
    for said in (
        "CRIER_ADMINS: each admin is written like telegram:123456789",
        "CRIER_TELEGRAM_RATE: must be greater than 0",
        "CRIER_DISCORD_RATE: must be a finite number",
        "CRIER_PUBLIC_URL: must be",
        "CRIER_LOG_LEVEL: must be debug",
        f"; CRIER_TELEGRAM_TOKEN_FILE: {tmp_path / 'gone'} cannot be read",
        f"; CRIER_DISCORD_TOKEN_FILE: {tmp_path / 'empty'} is empty",
        "CRIER_TELEGRAM_TOKN is no setting: write CRIER_TELEGRAM_TOKEN",
    ):
        assert said in str(caught.value)
    assert "ELSEWHERE" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"WEBHOOK_PORT": "8081"}, "CRIER_WEBHOOK_PORT needs CRIER_PUBLIC_URL"),
        (
            {"WEBHOOK_PORT": "8080", "WEB_PORT": "8080", "PUBLIC_URL": "https://crier.example"},
            "CRIER_WEBHOOK_PORT and CRIER_WEB_PORT are the same",
        ),
        ({"WEBHOOK_SECRET": "base64+of/noise="}, "CRIER_WEBHOOK_SECRET: Telegram takes 1 to 256 letters"),
    ],
)
def test_what_could_never_work_together_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"CRIER_{name}", value)
    with pytest.raises(BadConfiguration) as caught:
        read_settings()
    assert said in str(caught.value)
    assert "noise" not in str(caught.value)


def test_a_file_of_settings_that_is_no_text_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"CRIER_MODE=\xff\xfe")
    with pytest.raises(BadConfiguration, match="is no UTF-8 text"):
        read_settings()


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here that nobody may read")
def test_a_file_of_settings_that_may_not_be_read_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("/proc/self/mem")  # which even root cannot read from its beginning
    with pytest.raises(BadConfiguration, match=r"settings: \.env cannot be read \("):
        read_settings()


def test_the_page_and_the_example_file_are_those_that_the_model_makes() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "settings.py"))
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == made["page"](), "run python docs/settings.py"
    assert (ROOT / ".env.example").read_text("utf-8") == made["example"](), "run python docs/settings.py"


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_says_what_it_is(name: str) -> None:
    assert (Settings.model_fields[name].description or "").endswith(".")


def test_the_example_file_with_every_line_made_to_count_is_read(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    own = [line.removeprefix("# ") for line in lines if line.startswith("# CRIER_")]
    assert len(own) == len(Settings.model_fields)
    (tmp_path / ".env").write_text("\n".join(line for line in own if "_FILE=" not in line), "utf-8")
    settings = read_settings()
    assert settings.admins == (("telegram", "123456789"), ("discord", "987654321012345678"))
    assert settings.telegram_rate == 28.4
    assert set(settings.source_keys) == {"fred", "reddit", "x"}
