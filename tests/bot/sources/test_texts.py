"""Texts in a fetch: what comes later the same day, who may be missing, what a key opens, and what it must not show."""

from __future__ import annotations

import datetime as dt
import io
import json

import pytest
from emulators.bench import KEY, bench
from emulators.faults import WAY, reshaped, status
from emulators.reddit import TOKEN
from rich.console import Console

from bot.fetch_report import FetchReport
from bot.source_health import source_states
from engine.sources.table import SOURCES


def shown(report: FetchReport) -> str:
    out = io.StringIO()
    report.print(Console(file=out, width=200))
    return out.getvalue()


async def test_texts_of_the_same_day_come_with_the_next_fetch() -> None:
    async with bench("news") as b:
        b.world.text_twist = lambda rows: rows[:-1]
        await b.fetch()
        before = len(b.stored())
        b.world.text_twist = list
        b.later(minutes=70)
        await b.fetch()
        assert len(b.stored()) == before + len(SOURCES["news"].subjects)
        assert b.stored().keys() == b.written()


async def test_a_feed_that_is_down_leaves_the_others_untouched_and_is_named() -> None:
    async with bench("news") as b:
        with b.service.failing(WAY["is down"], where="decrypt.co"):
            report = await b.fetch()
        assert {row[2] for row in b.written() - b.stored().keys()} == {"decrypt"}
        assert report.failed() == []
        assert [note for note in report.sources[0].notes if "decrypt" in note]
        assert "missing headlines: 1 of 14 not up to date" in shown(report)
        b.later(minutes=70)
        await b.fetch()
        assert b.stored().keys() == b.written()


async def test_an_outlet_that_has_been_silent_for_long_is_behind() -> None:
    """F24."""
    async with bench("news") as b:
        await b.fetch()
        b.world.text_twist = lambda rows: [row for row in rows if row.when < "2026-03-19" or row.outlet != "fed"]
        b.later(days=12)
        report = await b.fetch()
        assert report.kinds[0].behind == ("fed",)


async def test_a_text_that_turns_up_late_is_not_known_before_it_was_seen() -> None:
    async with bench("news") as b:
        await b.fetch()
        b.world.text_twist = lambda rows: [row for row in rows if not row.when.startswith("2026-03-19")]
        b.later(days=2)
        await b.fetch()
        b.world.text_twist = list
        b.later(days=1)
        await b.fetch()
        texts = list(b.database.market.headlines(dt.date(2030, 1, 1)))
        assert {h.known for h in texts if h.published_at[:10] == "2026-03-19"} == {"2026-03-20"}
        assert all(h.known == h.published_at[:10] for h in texts if h.published_at[:10] != "2026-03-19")


async def test_reddit_without_a_key_may_be_missing_which_is_no_failure() -> None:
    async with bench("reddit", "fear_greed") as b:
        with b.service.failing(status(403), where="www.reddit.com"):
            report = await b.fetch()
        assert report.failed() == []
        assert {source.id: source.state for source in report.sources} == {"reddit": "missing", "fear_greed": "ok"}
        assert "missing" in shown(report) and "FAILED" not in shown(report)
        state = next(s for s in source_states(b.database, b.time.wall()) if s.id == "reddit")
        assert (state.ok, state.brief) == (True, "missing")
        assert "a key may help" in state.says


async def test_an_app_of_one_s_own_reads_reddit_where_its_feeds_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with bench("reddit") as b:
        b.keys = {"reddit": KEY}
        with b.service.failing(status(403), where="/.rss"):
            report = await b.fetch()
        assert report.failed() == [] and report.sources[0].error == ""
        assert b.stored().keys() == b.written()
        assert {seen.host for seen in b.service.seen if seen.form is None} == {"oauth.reddit.com"}
        kept = str([b.database.connection.rows(f"SELECT * FROM {name}") for name in ("validators", "source_status")])
        text = kept + caplog.text + json.dumps(report.to_dict())
        assert KEY not in text and KEY.partition(":")[2] not in text and TOKEN not in text


async def test_more_posts_than_were_asked_for_are_not_read() -> None:
    """F16."""
    async with bench("reddit", "x") as b:
        b.keys = {"reddit": KEY, "x": KEY}
        many = [{"data": {"name": f"t3_{i}", "title": "x", "author": "y", "created_utc": 1}} for i in range(101)]
        posts = [{"id": str(i), "text": "x", "created_at": "2026-03-18T09:00:00Z", "author_id": "1"} for i in range(51)]
        told = {"data": {"children": many}}, {"data": posts, "meta": {"result_count": len(posts)}}
        with b.service.failing(reshaped(lambda answer: told["meta" in answer]), where="/new"):
            b.service.fail(reshaped(lambda answer: told[1]), where="/2/tweets")
            report = await b.fetch()
        assert b.stored() == {}
        assert {source.id for source in report.sources if source.error} == {"reddit", "x"}


async def test_no_author_of_a_post_is_kept_by_name() -> None:
    async with bench("reddit", "telegram_channels", "x") as b:
        await b.fetch()
        authors = {row[5] for row in b.headlines()}
        assert len(authors) > 20
        assert all(len(author) == 16 and int(author, 16) for author in authors)
        assert all(row[6] == 1 for row in b.headlines())


async def test_x_is_not_asked_without_a_token_and_says_so() -> None:
    async with bench("x", "fear_greed") as b:
        b.keys = {}
        report = await b.fetch()
        assert {seen.host for seen in b.service.seen} == {"api.alternative.me"}
        assert (report.unasked, report.failed(), [s.id for s in report.sources]) == (("x",), [], ["fear_greed"])
        assert "x: needs a key" in shown(report)
        assert json.loads(json.dumps(report.to_dict()))["unasked"] == ["x"]
        state = next(s for s in source_states(b.database, b.time.wall()) if s.id == "x")
        assert (state.ok, state.brief) == (True, "needs a key")


async def test_x_is_asked_seldom_and_only_for_what_is_newer() -> None:
    async with bench("x") as b:
        await b.fetch()
        b.later(hours=5)
        b.service.seen.clear()
        await b.fetch()
        assert b.service.seen == []
        b.later(hours=2)
        await b.fetch()
        assert {seen.query["start_time"] for seen in b.service.seen} == {"2026-03-18T11:30:31Z"}
        assert {seen.query["max_results"] for seen in b.service.seen} == {"50"}


async def test_x_is_left_alone_until_its_limit_is_renewed() -> None:
    """F13."""
    async with bench("x") as b:
        reset = str(int(b.time.wall().timestamp()) + 600)
        with b.service.failing(status(429, x_rate_limit_remaining="0", x_rate_limit_reset=reset)):
            await b.fetch()
        assert len(b.asked()) <= 2
        await b.fetch()
        assert b.asked() == []
        b.later(minutes=11)
        assert (await b.fetch()).failed() == []
        assert b.stored().keys() == b.written()


async def test_a_channel_without_a_preview_is_named_and_the_others_are_read() -> None:
    async with bench("telegram_channels") as b:
        with b.service.failing(WAY["sends a page in disguise"], where="coindesk"):
            report = await b.fetch()
        assert {row[2] for row in b.written() - b.stored().keys()} == {"t_coindesk"}
        assert any("shows no preview of coindesk" in note for note in report.sources[0].notes)
