"""Health: probes that fail for what they name, figures that an independent parser reads, log lines without a secret."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot.doctor import examine
from bot.finding import Finding
from bot.gauges import METRICS, Counted
from bot.health import alive, probe, ready, told
from bot.lock import is_running, only_instance
from bot.logs import HIDDEN, logging_to
from bot.metrics import may_read, metrics
from bot.settings import SECRETS, Settings
from storage.chats import Chat
from storage.database import Database, open_database
from storage.messages import stamp
from storage.outbox import Letter, News
from storage.sources import HostStatus, SourceStatus

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)  # a Wednesday
HOUR = dt.timedelta(hours=1)
TOKEN = "123456789:AAsecretsecretsecretsecretsecretsec"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A file database that live sources feed, fetched an hour ago, with one chat."""
    monkeypatch.chdir(tmp_path)
    opened = open_database(tmp_path / "crier.db")
    with opened.atomic():
        opened.market.set_provenance("live", "yes")
    opened.agenda.note("done/fetch", "2026-11-25/1", NOW - HOUR)
    opened.chats.put(Chat("telegram", "1", indices=("defi",)))
    yield opened
    opened.close()


def failing(findings: list[Finding]) -> list[str]:
    return [finding.check for finding in findings if not finding.ok]


def queue(database: Database, at: dt.datetime) -> None:
    news = News("week/2026-W48", "weekly", at + 72 * HOUR)
    database.outbox.enqueue(news, [Letter("said", [("telegram", "1", None)])], at)


def test_a_fresh_installation_that_fetches_is_alive_and_ready(database: Database) -> None:
    assert failing(ready(database, NOW)) == []
    assert [finding.check for finding in ready(database, NOW)] == [
        "writing", "fetching", "deciding", "settling", "sending",
    ]  # fmt: skip
    assert list(told(alive(database, NOW))) == ["writing: ok, the database takes what is written"]


def test_a_database_that_takes_no_writing_fails_the_probe_that_restarts(database: Database) -> None:
    database.connection.raw.conn.execute("PRAGMA query_only = ON")
    assert failing(alive(database, NOW)) == ["writing"]
    assert "FAIL" in next(told(alive(database, NOW)))


def test_a_fetch_that_is_too_old_fails_and_says_what_to_do(database: Database) -> None:
    (finding,) = [f for f in ready(database, NOW + 30 * HOUR) if not f.ok]
    assert (finding.check, "run crier fetch" in finding.says) == ("fetching", True)
    database.sources.put_status(SourceStatus("fred", NOW.isoformat(), (NOW + 29 * HOUR).isoformat(), "", None, ""))
    assert failing(ready(database, NOW + 30 * HOUR)) == []


def test_a_live_market_that_no_source_ever_answered_is_not_ready(database: Database) -> None:
    with database.atomic():
        database.connection.execute("DELETE FROM agenda")
    assert failing(ready(database, NOW)) == ["fetching"]


@pytest.mark.parametrize(
    "decided, hour, fails",
    [
        (None, 13, False),  # nothing was decided yet: the first Monday is awaited
        (dt.date(2026, 11, 23), 13, False),
        (dt.date(2026, 11, 16), 12, False),  # an index may wait for its prices until noon
        (dt.date(2026, 11, 16), 14, True),
    ],
)
def test_a_decision_that_is_overdue_fails(
    database: Database, monkeypatch: pytest.MonkeyPatch, decided: dt.date | None, hour: int, fails: bool
) -> None:
    monkeypatch.setattr(type(database.signals), "newest", lambda self, ledger: decided)
    monday = dt.datetime(2026, 11, 23, hour, tzinfo=dt.UTC)
    database.agenda.note("done/fetch", "", monday)
    assert failing(ready(database, monday)) == (["deciding"] if fails else [])


def test_a_message_that_was_due_for_an_hour_fails_and_one_that_waits_for_its_hour_does_not(database: Database) -> None:
    queue(database, NOW)
    assert failing(ready(database, NOW)) == []
    (finding,) = [f for f in ready(database, NOW + 2 * HOUR) if not f.ok]
    assert finding.says.startswith("telegram has sent nothing that was due for 2 h: ")
    with database.atomic():
        database.connection.execute("UPDATE outbox SET next_at = ?", (stamp(NOW + 9 * HOUR),))
    assert failing(ready(database, NOW + 2 * HOUR)) == []


def test_a_service_that_never_got_an_answer_is_not_ready(database: Database) -> None:
    with database.atomic():
        database.connection.execute("DELETE FROM agenda")
        database.market.set_provenance("live", "no")
    assert failing(ready(database, NOW)) == []
    database.agenda.note("tried/fetch", "2026-11-25/1 1", NOW)
    assert failing(ready(database, NOW)) == ["fetching"]


def test_a_market_that_no_live_source_feeds_needs_no_fetch_and_no_live_decision(database: Database) -> None:
    with database.atomic():
        database.market.set_provenance("live", "no")
    assert failing(ready(database, NOW + 999 * HOUR)) == []


def test_the_probe_of_a_container_fails_where_nothing_runs_or_there_is_nothing_to_run_on(
    database: Database, tmp_path: Path
) -> None:
    path = Path(database.path)
    assert failing(probe(tmp_path / "nowhere.db", NOW)) == ["database"]
    assert failing(probe(path, NOW)) == ["service"]
    with only_instance(path):
        assert failing(probe(path, NOW)) == []
        assert failing(probe(path, NOW + 30 * HOUR, readiness=True)) == ["fetching"]


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Samples as Prometheus' own parser reads them."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_figures_say_what_the_database_and_the_process_know(database: Database) -> None:
    queue(database, NOW - HOUR)
    host = HostStatus("https://api.example", 10, 3, 0, 0, None, None, "", None, None)
    database.sources.put_hosts([host])
    status = SourceStatus("fred", NOW.isoformat(), (NOW - HOUR).isoformat(), "no answer", NOW.isoformat(), "")
    database.sources.put_status(status)
    database.agenda.note("ran/week", "312.5", NOW - HOUR)
    database.agenda.note("tried/fetch", "2026-11-25/2 3", NOW)
    counted = Counted({"telegram": {"sent": 5, "SlowDown": 2}}, 77.5, {"telegram": True})
    found = read(metrics(database, NOW, counted))
    assert found["crier_queue_messages", (("platform", "telegram"), ("state", "waiting"))] == 1
    assert found["crier_queue_oldest_seconds", (("platform", "telegram"),)] == 3600
    assert found["crier_sends_total", (("outcome", "sent"), ("platform", "telegram"))] == 5
    assert found["crier_slowdowns_total", (("platform", "telegram"),)] == 2
    assert found["crier_platform_connected", (("platform", "telegram"),)] == 1
    assert found["crier_uptime_seconds", ()] == 77.5
    assert found["crier_source_answered_seconds", (("source", "fred"),)] == 3600
    assert found["crier_source_failing", (("source", "fred"),)] == 1
    assert found["crier_source_requests_total", (("origin", "https://api.example"), ("outcome", "failed"))] == 3
    assert found["crier_job_run_seconds", (("job", "week"),)] == 312.5
    assert found["crier_job_failed_tries", (("job", "fetch"),)] == 3
    assert found["crier_job_done_seconds", (("job", "fetch"),)] == 3600
    assert found["crier_chats", (("platform", "telegram"), ("state", "active"))] == 1
    assert found["crier_database_bytes", ()] > 10_000


def test_figures_are_the_same_for_the_same_database_instant_and_counts(database: Database) -> None:
    assert metrics(database, NOW) == metrics(database, NOW)
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_levels_risk_and_skill_of_a_decided_market_are_figures(demo_database: Path) -> None:
    with closing(open_database(demo_database)) as opened:
        found = read(metrics(opened, NOW))
    names = {name for name, _ in found}
    for name in ("crier_index_level", "crier_risk_step", "crier_risk_score", "crier_skill", "crier_signals_age_days"):
        assert name in names
    assert found["crier_risk_step", (("index", "defi"), ("mode", "balanced"))] in (0, 1, 2, 3)
    assert ("crier_index_level", (("index", "defi"), ("mode", "passive"))) in found


def test_a_label_that_holds_a_quote_or_a_line_end_stays_one_sample(database: Database) -> None:
    hostile = 'a "quoted"\\name\nof two lines'
    found = read(metrics(database, NOW, Counted({hostile: {"sent": 1}})))
    assert found["crier_sends_total", (("outcome", "sent"), ("platform", hostile))] == 1


@pytest.mark.parametrize(
    "peer, authorization, token, may",
    [
        ("127.0.0.1", "", None, True),
        ("::1", "", None, True),
        ("192.0.2.7", "", None, False),
        ("192.0.2.7", "Bearer anything", None, False),
        ("192.0.2.7", "Bearer a-long-word", "a-long-word", True),
        ("127.0.0.1", "", "a-long-word", False),
        ("127.0.0.1", "Bearer a-long-wor\xe4", "a-long-word", False),
        (None, "", None, False),
        ("a socket", "", None, False),
    ],
)
def test_figures_are_for_this_machine_or_for_who_shows_the_token(
    peer: str | None, authorization: str, token: str | None, may: bool
) -> None:
    assert may_read(peer, authorization, token) is may


@pytest.fixture
def secretive() -> Settings:
    """Settings in which every secret is set, each to another value."""
    values: dict[str, object] = {
        name: SecretStr(f"{i}{TOKEN}{i}") for i, name in enumerate(SECRETS) if name != "source_keys"
    }
    values["webhook_secret"] = SecretStr(f"hook{TOKEN.replace(':', '_')}")  # of the signs that Telegram takes
    return Settings.model_validate(values | {"source_keys": {"fred": f"key{TOKEN}"}})


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_reaches_the_log_in_a_message_an_argument_or_a_traceback(secretive: Settings, as_json: bool) -> None:
    stream, log = io.StringIO(), logging.getLogger("bot.test")
    values = [value for value in (getattr(secretive, name) for name in SECRETS) if isinstance(value, SecretStr)]
    plain = [value.get_secret_value() for value in [*values, *secretive.source_keys.values()]]
    with logging_to(secretive.model_copy(update={"log_json": as_json}), stream):
        for secret in plain:
            log.warning("asked https://api.example/bot%s/getMe", secret)
            log.warning(f"it was {secret.split(':')[-1]}")
            try:
                raise ValueError(f"bad {secret}")
            except ValueError:
                log.exception("failed")
    said = stream.getvalue()
    assert said.count(HIDDEN) >= 3 * len(plain)
    assert TOKEN.split(":")[1] not in said
    assert len(said.splitlines()) == 3 * len(plain)


def test_a_line_of_json_has_its_event_and_its_key_apart_from_its_words() -> None:
    stream = io.StringIO()
    with logging_to(Settings(log_json=True), stream):
        logging.getLogger("bot.jobs").info("%s %s\nbegins", "week", "2026-11-23", extra={"key": "week/2026-11-23"})
        logging.getLogger("httpx").info("GET https://api.example")
    (line,) = stream.getvalue().splitlines()
    fields = json.loads(line)
    assert (fields["key"], fields["event"], fields["level"]) == ("week/2026-11-23", "%s %s\nbegins", "info")
    assert fields["says"] == "week 2026-11-23\nbegins"


def test_a_plain_line_is_one_line_and_names_its_key() -> None:
    stream = io.StringIO()
    with logging_to(Settings(log_level="warning"), stream):
        logging.getLogger("bot.jobs").warning("two\nlines", extra={"key": "week/2026-11-23"})
        logging.getLogger("bot.jobs").info("not asked for")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("Z WARNING week/2026-11-23 bot.jobs: two | lines")


def test_loggers_are_given_back() -> None:
    root, before = logging.getLogger(), logging.getLogger("httpx").level
    level, handlers = root.level, list(root.handlers)
    with logging_to(Settings(log_level="debug"), io.StringIO()):
        assert root.level == logging.DEBUG
    assert (root.level, root.handlers, logging.getLogger("httpx").level) == (level, handlers, before)


def test_the_doctor_looks_at_the_service_and_at_who_may_read_the_settings(database: Database, tmp_path: Path) -> None:
    settings = Settings(database=Path(database.path))
    found = {finding.check: finding for finding in examine(settings, NOW)}
    assert {"settings", "service", "writing", "fetching", "deciding", "settling", "sending"} <= set(found)
    (tmp_path / ".env").write_text(f"CRIER_TELEGRAM_TOKEN={TOKEN}\n", "utf-8")
    (tmp_path / ".env").chmod(0o644)
    assert not is_running(settings.database)
    with only_instance(settings.database):
        assert is_running(settings.database)
    found = {finding.check: finding for finding in examine(settings, NOW)}
    assert not found["settings"].ok
    assert "chmod 600" in found["settings"].says
    (tmp_path / ".env").chmod(0o600)
    assert next(f for f in examine(settings, NOW) if f.check == "settings").ok


@pytest.mark.parametrize(
    ("text", "is_secret"),
    [
        ("CRIER_TELEGRAM_TOKEN = {}", True),
        ("export crier_telegram_token='{}'", True),
        ("# CRIER_TELEGRAM_TOKEN={}", False),
        ("CRIER_TELEGRAM_TOKEN=", False),
    ],
)
def test_the_doctor_reads_the_file_of_settings_as_it_will_be_read(
    database: Database, tmp_path: Path, text: str, is_secret: bool
) -> None:
    (tmp_path / ".env").write_text(text.format(TOKEN) + "\n", "utf-8")
    (tmp_path / ".env").chmod(0o644)
    found = next(f for f in examine(Settings(database=Path(database.path)), NOW) if f.check == "settings")
    assert found.ok is not is_secret


def test_the_doctor_names_a_key_that_no_source_asks_for(database: Database) -> None:
    settings = Settings(database=Path(database.path), source_keys={"coingeko": SecretStr("a-key-of-somebody")})
    (found,) = (f for f in examine(settings, NOW) if f.check == "keys")
    assert not found.ok
    assert "'coingeko'" in found.says
    assert "a-key" not in found.says


def test_the_doctor_fails_the_check_that_fails(database: Database) -> None:
    settings = Settings(database=Path(database.path))
    with closing(sqlite3.connect(settings.database)) as link:
        link.execute("DELETE FROM agenda")
        link.commit()
    assert "fetching" in failing(examine(settings, NOW))
