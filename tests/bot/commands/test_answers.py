"""What each command says, and that it stays honest."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.book import Verdict
from bot.command import Who
from bot.commands import COMMANDS
from bot.dispatch import Request, dispatch
from bot.phrases import dollars, telling
from bot.platforms.columns import columns
from bot.reply import Reply
from bot.screen import strongest_point
from bot.spoken import said_briefly
from engine.model import Action, Call, Cause, Holding, Reason, RiskStep, Token, TokenKind

NEEDING = {f"/{c.name}" for c in COMMANDS.values() if any(param.required for param in c.params)}


def ask(book: Any, text: str) -> Reply:
    return dispatch(book, Request(text, "test", "c", "u"))


def said(book: Any, text: str) -> str:
    return "\n".join(ask(book, text).lines())


READING = [
    name
    for name, command in COMMANDS.items()
    if command.about == "market" and name not in ("verify", "status") and command.who is Who.MEMBER
]
SUBJECT = {"token": "aave", "indices": "", "follow": "defi 500"}


@pytest.mark.parametrize("name", READING)
def test_a_replayed_record_is_called_backtest(name: str, book: Any, make: Any) -> None:
    book.state = make.status(ledger="replay", live_start=None)
    reply = ask(book, f"/{name} {SUBJECT.get(name, 'defi')}")
    assert "backtest" in (reply.note[0] if name == "token" else reply.title)


@pytest.mark.parametrize("name", READING)
def test_a_live_record_is_not_called_backtest(name: str, book: Any) -> None:
    assert "backtest" not in ask(book, f"/{name} {SUBJECT.get(name, 'defi')}").title


@pytest.mark.parametrize("name", [*READING, "status"])
def test_a_simulated_market_says_so_in_the_title(name: str, book: Any, make: Any) -> None:
    book.state = make.status(simulated=True)
    assert ask(book, f"/{name} {'' if name == 'status' else SUBJECT.get(name, 'defi')}").title.startswith("SIMULATED")


def test_indices_shows_each_index_beside_just_holding_and_which_has_no_decision_yet(book: Any) -> None:
    reply = ask(book, "/indices")
    assert reply.table is not None
    rows = {row[0]: row for row in reply.table.rows}
    assert rows["DeFi"] == ("DeFi", "+2.0 %", "+1.6 %", "raised")
    assert rows["Memecoins"][3] == "not yet"
    assert reply.after[0] == "In stablecoins: Large caps 15 %, DeFi 15 %, AI 15 %, RWA 15 %."
    assert columns(reply.table) is not None
    assert [button.command for button in reply.buttons][:2] == ["/index large", "/index defi"]


def test_token_says_call_odds_reasons_and_who_holds_it(book: Any) -> None:
    reply = ask(book, "/token aave")
    assert reply.text == (
        "Bullish, grade 57 (B+), strength +0.30 (mean of four weeks +0.00, by which indices go).",
        "Next seven days: 46 % bullish (base 36 %), 29 % neutral, 25 % bearish (backtest: 44 % of 212 with this letter "
        "ended bullish, 38 to 50; live: none yet).",
        "For: fell less than its peers this month.",
        "Against: overbought (RSI).",
        "All of it beside its peers: “above its mean” may be “less far below it than most”.",
        "48 of 62 data points, on-chain missing.",
        "Price $92.31, +4.2 % in seven days.",
    )
    assert reply.table is not None
    assert ("DeFi", "20 %", "hold") in reply.table.rows
    assert reply.chart is not None
    assert [mark.label for mark in reply.chart.marks if mark.label] == ["6 Nov: bearish, B+", "13 Nov: bullish, B+"]


@pytest.mark.parametrize("text", ["/token zzzz", "/why zzzz"])
def test_an_unknown_token_comes_with_a_next_step(text: str, book: Any) -> None:
    assert ask(book, text).text == ("There is no token called “zzzz”. See /signals.",)


def test_few_past_signals_of_a_grade_are_not_shown_as_a_rate(book: Any) -> None:
    book.past = replace(book.past, bands=(replace(book.past.bands[0], calls=29, hits=20),))
    assert "(backtest: too few; live: none yet)" in said(book, "/token aave")


def test_an_abstention_is_an_answer_with_its_reason(book: Any) -> None:
    reply = ask(book, "/token =beam")
    assert reply.ok
    assert reply.text[0] == "No call: too little price history."
    assert "strength" not in said(book, "/token =beam")


def test_a_stablecoin_and_an_unwatched_token_are_told_apart(book: Any) -> None:
    assert "A stablecoin" in said(book, "/token usdc")
    assert "not among the tokens looked at" in said(book, "/token =beam_mw")


def test_a_token_that_is_not_spoken_of_is_not_said_to_be(book: Any) -> None:
    reply = ask(book, "/token usdc")
    assert reply.note[0].startswith("As of 13 Nov 2023 (balanced).")
    assert [button.command for button in reply.buttons] == ["/indices"]


def test_bitcoin_is_not_told_that_it_follows_bitcoin(book: Any, make: Any) -> None:
    itself = Reason("correlation_60d", "price", 0.3, "follows BTC")
    book.week = replace(
        book.week, signals=[replace(make.signal(s), reasons=(itself, *make.signal().reasons)) for s in ("BTC", "AAVE")]
    )
    for token, told in (("BTC", False), ("AAVE", True)):
        signal = book.week.by_symbol()[token]
        assert ("follows BTC" in " ".join(said_briefly(signal, Call.BULLISH))) is told
        assert ("follows BTC" in [reason.text for reason in telling(signal)]) is told
        held = Holding(token, 0.0, 0.5, Action.BUY_NEW, "bullish", itself.text)
        assert bool(strongest_point(held)) is told


@pytest.mark.parametrize("text", ["/token", "/watch", "/index"])
def test_before_any_token_is_known_it_is_said_what_comes_first(text: str, empty_book: Any, make: Any) -> None:
    empty_book.token_names = list
    empty_book.find_tokens = lambda text: []
    empty_book.state = make.status(ledger="replay", live_start=None, last_week=None, last_date=None)
    reply = ask(empty_book, f"{text} {'defi' if text == '/index' else 'aave'}")
    assert "The first decision comes once market data is in" in reply.text[0]


@pytest.mark.parametrize(
    "text", ["/indices", "/history", "/history defi", "/risk", "/risk defi", "/track", "/track defi", "/why",
             "/why defi", "/why aave", "/token aave", "/signals", "/signals defi", "/index defi", "/follow defi 500"],
)  # fmt: skip
def test_the_next_steps_stay_in_the_mode_that_was_asked_for(text: str, book: Any) -> None:
    asked = [button.command for button in ask(book, f"{text} aggressive").buttons]
    assert asked
    assert all(command.endswith(" aggressive") for command in asked if not command.startswith("/explain")), asked
    assert not any("aggressive" in button.command for button in ask(book, text).buttons)


@pytest.mark.parametrize("text", ["/token defi", "/watch DeFi", "/token large caps"])
def test_an_index_where_a_token_is_wanted_is_said_to_be_one(text: str, book: Any) -> None:
    reply = ask(book, text)
    assert not reply.ok
    assert reply.text[0].endswith("is an index, not a token.")
    assert [button.command for button in reply.buttons] == ["/index large" if "large" in text else "/index defi"]


@pytest.mark.parametrize("text", ["/token aave agressive", "/index defi agresive"])
def test_a_misspelt_mode_is_guessed(text: str, book: Any) -> None:
    assert ask(book, text).text[0].endswith("is no risk mode: did you mean aggressive?")


def test_what_is_missing_is_offered_with_what_was_said(book: Any) -> None:
    assert [b.command for b in ask(book, "/token").buttons] == ["/token aave"]
    assert [b.command for b in ask(book, "/follow ai").buttons] == ["/follow ai 500"]


@pytest.mark.parametrize(
    ("symbol", "price", "said"),
    [
        ("USDC", 1.001, "A stablecoin: indices wait in such coins when risk is up."),
        ("USDC", 0.87, "A stablecoin that left its dollar by more than 1 % lately, so no index moves into it."),
        ("USTC", 0.0159, "A stablecoin, but none of those in which indices wait: USDC, DAI, "),
    ],
)
def test_a_stablecoin_off_its_dollar_is_not_called_a_shelter(symbol: str, price: float, said: str, book: Any) -> None:
    book.find_tokens = lambda text: [Token(5, symbol, symbol, TokenKind.STABLE)]
    book.closes = lambda symbol, days: [(dt.date(2022, 6, 5), price)]
    text = ask(book, f"/token {symbol}").text
    assert text[0].startswith(said)
    assert text[1] == f"Last close {dollars(price)} on 5 Jun 2022."


def test_all_means_every_index_where_one_may_be_left_out(book: Any) -> None:
    for name in ("track", "risk", "history", "signals", "why"):
        assert ask(book, f"/{name} all") == ask(book, f"/{name}")
    refused = ask(book, "/index all")
    assert (refused.ok, [button.command for button in refused.buttons]) == (False, ["/indices"])


@pytest.mark.parametrize(
    ("text", "same"),
    [("/history 3 defi", "/history defi 3"), ("/history defi aggressive 3", "/history defi 3 aggressive"),
     ("/track aggressive defi", "/track defi aggressive"), ("/why aggressive aave", "/why aave aggressive")],
)  # fmt: skip
def test_what_may_be_left_out_may_come_in_any_order(text: str, same: str, book: Any) -> None:
    assert ask(book, text).ok
    assert ask(book, text) == ask(book, same)


def test_signals_counts_ranks_and_tells_what_turned(book: Any) -> None:
    reply = ask(book, "/signals")
    assert reply.text[:2] == (
        "Market: 54 % chance of a rise over seven days (base 55 %).",
        "8 tokens: 4 bullish, 2 neutral, 1 bearish, 1 no call.",
    )
    assert "Turned bearish: LDO." in reply.text
    assert reply.table is not None
    assert [row[0] for row in reply.table.rows] == ["AAVE", "RUNE", "GMX", "XVS", "BTC", "SHIB", "LDO"]


def test_signals_of_an_index_are_its_members_only(book: Any) -> None:
    reply = ask(book, "/signals meme")
    assert reply.table is not None
    assert [row[0] for row in reply.table.rows] == ["SHIB"]


def test_a_long_list_shows_both_ends(book: Any, make: Any) -> None:
    many = tuple(make.signal(f"T{i:02}", lean=i / 200) for i in range(30))
    book.week = replace(book.week, signals=many)
    book.before = replace(book.before, signals=tuple(make.signal(f"T{i:02}", lean=-0.1) for i in range(30)))
    reply = ask(book, "/signals")
    assert reply.table is not None
    assert [row[0] for row in reply.table.rows] == [f"T{i:02}" for i in (29, 28, 27, 26, 25, 4, 3, 2, 1, 0)]
    assert any(line.startswith("Turned bullish:") and line.endswith("more.") for line in reply.text)


def test_the_engines_own_words_on_skill_are_passed_on(book: Any) -> None:
    book.week = replace(book.week, note="Past odds were no better than the base rates.")
    assert "Past odds were no better than the base rates." in ask(book, "/signals").after


def test_risk_shows_parts_by_weight_and_what_each_step_does(book: Any) -> None:
    reply = ask(book, "/risk defi")
    assert reply.text[0] == "Step: raised (was normal), score 47 of 100. Asked for in stablecoins: 15 %; held: 15 %."
    assert reply.table is not None
    assert [row[0] for row in reply.table.rows] == ["breadth 62", "mood 70", "trend 20"]
    assert reply.table.rows[0][1] == "39% of members above their 50-day mean (50 %)"
    assert reply.after == (
        "At least in stablecoins, by score: normal 0 %; raised (from 40) 25 %; high (from 55) 50 %; extreme (from 70) "
        "80 %.",
    )


def test_each_mode_has_its_own_ladder(book: Any) -> None:
    assert ask(book, "/risk defi aggressive").after != ask(book, "/risk defi conservative").after


def test_track_shows_the_index_and_just_holding_side_by_side(book: Any) -> None:
    reply = ask(book, "/track defi")
    assert reply.table is not None
    assert [column.title for column in reply.table.columns] == ["", "Index", "Just holding"]
    assert ("$1,000 became", "$1,112", "$950") in reply.table.rows
    assert "Ahead of holding in 44 of 44 weeks." in reply.text
    assert reply.chart is not None


def test_the_whole_record_says_a_common_start_once_and_its_columns_fit_a_phone(book: Any) -> None:
    reply = ask(book, "/track")
    assert reply.text == ("What $1,000 became since 2 Jan 2023:",)
    assert [column.title for column in reply.table.columns] == ["Index", "$1,000 is", "Just holding"]
    assert ("DeFi", "$1,112", "$950") in reply.table.rows
    assert columns(reply.table) is not None


def test_before_the_first_close_no_empty_columns_are_shown(book: Any) -> None:
    book.level_points.clear()
    reply = ask(book, "/track")
    assert (reply.text, reply.table) == (("Starts with $1,000 at the close of 13 Nov 2023.",), None)
    assert ask(book, "/indices").text == ()


def test_the_whole_record_dates_each_index_where_their_starts_differ(book: Any) -> None:
    book.level_points["ai", "balanced"] = book.level_points["ai", "balanced"][7:]
    reply = ask(book, "/track")
    assert reply.text == ()
    assert [row[:2] for row in reply.table.rows if row[0] in ("DeFi", "AI")] == [
        ("DeFi", "2 Jan 2023"),
        ("AI", "9 Jan 2023"),
    ]


def test_track_gives_the_hit_rate_with_interval_base_and_label(book: Any) -> None:
    expected = "Backtest hit rate: 44 % of 212 bullish calls (interval 37 to 51 %, base 36 %), all tokens."
    assert expected in ask(book, "/track defi").after
    book.live = replace(book.past, ledger="live", bullish_hits=106, low=0.43, high=0.58)
    after = ask(book, "/track").after
    assert expected in after
    assert "Live hit rate: 50 % of 212 bullish calls (interval 43 to 58 %, base 36 %), all tokens." in after
    assert [line.split(":")[0] for line in after] == ["Backtest hit rate", "Backtest", "Live hit rate", "Live"]


@pytest.mark.parametrize("text", ["/track", "/track defi"])
def test_a_hit_rate_is_said_to_be_of_the_mode_whose_calls_it_counts(text: str, book: Any) -> None:
    assert "mode" not in ask(book, text).after[-2]
    reply = ask(book, f"{text} aggressive")
    assert any(line.endswith("base 36 %), all tokens (called as in balanced mode).") for line in reply.after)
    if reply.chart and reply.chart.bars:
        assert reply.chart.bars[-1].name == "Backtest: balanced mode's bullish calls that came true (base 36 %)"


def test_too_few_calls_are_called_too_few(book: Any) -> None:
    book.past = replace(book.past, bullish_calls=29, bullish_hits=29)
    assert "Backtest: 29 bullish calls so far, too few to judge." in ask(book, "/track").after


def test_a_live_record_of_few_weeks_is_not_judged_whatever_it_holds(book: Any) -> None:
    book.live = replace(book.past, ledger="live", weeks=3, bullish_calls=212)
    assert ask(book, "/track").after[2:] == ("Live: 212 bullish calls in 3 weeks so far, too few to judge.",)


@pytest.mark.parametrize(
    ("loss", "t", "verdict"),
    [
        (1.085, 5.8, "the odds were better than the base rates"),
        (1.085, 0.4, "the odds were hardly better than chance"),
        (1.091, 5.8, "the odds themselves showed no skill"),
        (1.097, 5.8, "the odds themselves showed no skill"),
        (1.097, 0.4, "no skill"),
    ],
)
def test_a_model_without_skill_is_told_plainly(loss: float, t: float, verdict: str, book: Any) -> None:
    book.past = replace(book.past, log_loss=loss, rank_ic_t=t)
    assert any(line.startswith(f"Backtest: {verdict}") for line in ask(book, "/track defi").after)


def test_no_record_at_all_is_said(book: Any) -> None:
    book.past = None
    assert "No past call has come due yet, so nothing is known of their skill." in ask(book, "/track").after


def test_a_losing_index_is_told_in_the_same_place(book: Any, make: Any) -> None:
    book.level_points["defi", "balanced"] = make.levels(drift=-0.002)
    winning, losing = ask(book, "/track rwa"), ask(book, "/track defi")
    assert winning.table is not None and losing.table is not None
    assert [row[0] for row in losing.table.rows] == [row[0] for row in winning.table.rows]
    assert losing.table.rows[1][1].startswith("-")


def test_history_is_newest_first_and_as_long_as_asked(book: Any) -> None:
    reply = ask(book, "/history defi 3")
    assert reply.table is not None
    assert [row[0] for row in reply.table.rows] == ["2023-W46", "2023-W45", "2023-W44"]
    assert [row[-1] for row in reply.table.rows] == ["~0.13 %", "0.13 %", "0.13 %"]
    assert reply.after == tuple(f"2023-W{week}: in GMX; out LDO." for week in (46, 45, 44))


@pytest.mark.parametrize("text", ["/history defi", "/history", "/indices", "/risk", "/track"])
def test_what_is_told_of_several_weeks_or_indices_stands_in_columns_on_a_phone(text: str, book: Any) -> None:
    table = ask(book, text).table
    assert table is not None
    assert columns(table) is not None


def test_a_long_history_tells_the_newest_moves_and_their_causes(book: Any, make: Any) -> None:
    many = [replace(make.HOLDINGS[2], symbol=f"T{i}") for i in range(9)]
    cause = Cause("collapse", "LDO", "LDO fell 46 % in two days.")
    newest = replace(make.decision(holdings=[*many, make.HOLDINGS[4]]), sequence=1, causes=(cause,))
    stored = book.decisions["defi", "balanced"]
    book.decisions["defi", "balanced"] = [replace(stored[0], decision=newest), *stored]
    told = ask(book, "/history defi 12").after
    assert len(told) == 8
    assert told[0] == "2023-W46/1: LDO fell 46 % in two days; in T0, T1, T2, T3, T4, T5 and 3 more; out LDO."


def test_weeks_without_an_index_go_with_the_buttons(book: Any) -> None:
    assert [b.command for b in ask(book, "/history 4").buttons][:2] == ["/history large 4", "/history defi 4"]


def test_history_draws_the_weights_of_every_week_to_one_hundred(book: Any) -> None:
    chart = ask(book, "/history defi").chart
    assert chart is not None
    assert len(chart.days) == 12
    for week in range(12):
        assert sum(line.values[week] or 0 for line in chart.lines) == 100


def test_why_of_a_token_names_the_rule_and_both_sides(book: Any) -> None:
    reply = ask(book, "/why rune defi")
    assert reply.text == (
        "DeFi: buy more, 12 % to 18 %: strength against the others changed; "
        "strongest point: fell less than its peers this month.",
    )
    assert ask(book, "/why gmx defi").text == (
        "DeFi: buy, new, 0 % to 14 %: called bullish, and there is room; "
        "strongest point: fell less than its peers this month.",
    )
    held = ask(book, "/why aave defi").text[0]
    assert held.startswith("DeFi: hold, 20 %: the change was too small to be worth its cost (fell less")
    assert "Against: overbought (RSI)." in reply.after


def test_why_and_index_say_the_same_whole_percents(book: Any, make: Any) -> None:
    weights = {"AAVE": 0.2845, "RUNE": 0.2845, "XVS": 0.281}
    lines = [Holding(s, w + 0.05, w, Action.TRIM, "risk_ladder", "calm") for s, w in weights.items()]
    legs = [Holding(s, 0.0, 0.075, Action.BUY_NEW, "stablecoin_leg", "", stable=True) for s in ("USDC", "DAI")]
    stored = replace(book.decisions["defi", "balanced"][0], decision=make.decision(holdings=[*lines, *legs]))
    book.decisions["defi", "balanced"] = [stored]
    table = ask(book, "/index defi").table
    assert table is not None
    assert sum(int(row[1].split()[0]) for row in table.rows) + 15 == 100  # 7.5 twice: rounded together, not one by one
    for symbol, weight, *_ in table.rows:
        assert f" % to {weight}: the step of risk moved" in ask(book, f"/why {symbol} defi").text[0]
    told = [line for line in ask(book, "/why defi").after if ": trim, " in line]
    before = [int(line.split("trim, ")[1].split(" %")[0]) for line in told]
    assert sorted(before) == [33, 33, 34]
    assert "DeFi: risk raised, 15 % in stablecoins." in said(book, "/why")


def test_why_leaves_the_odds_to_the_token_and_says_a_share_that_stays_once(book: Any, make: Any) -> None:
    told = ask(book, "/why aave").after
    assert told[0].startswith("Bullish, grade 57 (B+)")
    assert not any(line.startswith(("Next seven days", "Price", "48 of 62")) for line in told)
    legs = [
        Holding("AAVE", 0.5, 0.5, Action.HOLD, "band", "calm"),
        Holding("USDC", 0.301, 0.302, Action.BUY_MORE, "stablecoin_leg", "the leg that waits", stable=True),
        Holding("DAI", 0.199, 0.198, Action.HOLD, "stablecoin_leg", "the leg that waits", stable=True),
    ]
    stored = replace(book.decisions["defi", "balanced"][0], decision=make.decision(holdings=legs))
    book.decisions["defi", "balanced"] = [stored]
    assert ask(book, "/why usdc defi").text == ("DeFi: buy more, 30 %: the stablecoin part of the index.",)
    assert ask(book, "/why dai defi").text == ("DeFi: hold, 20 %: the stablecoin part of the index.",)


def test_why_of_a_token_that_nobody_holds(book: Any) -> None:
    assert ask(book, "/why shib").text == ("No index holds it.",)
    assert ask(book, "/why shib defi").text == ("The DeFi index does not hold it.",)


def test_why_of_an_index_lists_the_largest_moves_first(book: Any) -> None:
    lines = ask(book, "/why defi").after
    assert lines[0] == "LDO: sell, 28 % to 0 %: turned bearish (momentum, exchange inflows)."
    assert [line.split(":")[0] for line in lines] == ["LDO", "GMX", "XVS", "RUNE"]


def test_why_of_a_week_without_changes_says_so(book: Any, make: Any) -> None:
    quiet = make.decision(holdings=[replace(make.HOLDINGS[0], weight=1.0, from_weight=1.0)])
    stored = replace(book.decisions["defi", "balanced"][0], decision=quiet)
    book.decisions["defi", "balanced"] = [stored]
    assert "No holding changed" in ask(book, "/why defi").after[0]


def test_why_alone_says_it_of_every_index(book: Any) -> None:
    reply = ask(book, "/why")
    assert "DeFi: bought GMX, sold LDO, risk raised, 15 % in stablecoins." in reply.text
    assert "Memecoins: no decision yet." in reply.text


def test_verify_passes_a_posted_head_on_without_its_spaces(book: Any) -> None:
    assert ask(book, "/verify 4F9C 02d7 6a1b 88e0 c3f5 19aa 7d42 e21a").ok
    assert ask(book, "/verify").ok
    assert book.asked_heads == ["4f9c02d76a1b88e0c3f519aa7d42e21a", None]


@pytest.mark.parametrize("head", ["4f9c", "zzzz" * 8, "0" * 65])
def test_verify_asks_for_a_whole_head(head: str, book: Any) -> None:
    reply = ask(book, f"/verify {head}")
    assert not reply.ok
    assert "32 to 64" in reply.lines()[0]
    assert book.asked_heads == []


def test_a_broken_chain_is_a_failure_and_told(book: Any) -> None:
    book.verdict = Verdict(False, 16, None, "Entry 17 (decision, 2023-11-06) does not fit the one before.")
    reply = ask(book, "/verify")
    assert not reply.ok
    assert reply.title == "Journal: does NOT hold"
    assert "Entry 17" in reply.text[0]
    assert reply.after == ("The chain holds over 16 entries only, then breaks.",)


HEAD = "4f9c02d76a1b88e0c3f519aa7d42e21a"


def test_a_head_that_is_not_in_the_journal_leaves_the_chain_its_own_verdict(book: Any) -> None:
    book.verdict = replace(book.verdict, is_found=False, found="That head is not in this journal.")
    reply = ask(book, f"/verify {HEAD}")
    assert not reply.ok
    assert reply.title == "Journal: holds, head NOT found"
    assert reply.text == ("That head is not in this journal.", "42 entries, every fingerprint fits.")
    assert reply.after == ("The chain holds over 42 entries.",)


def test_a_head_that_is_found_does_not_hide_a_broken_chain(book: Any) -> None:
    book.verdict = Verdict(False, 16, None, "Broken at entry 17.", True, "That head is entry 3.")
    reply = ask(book, f"/verify {HEAD}")
    assert not reply.ok
    assert reply.title == "Journal: does NOT hold, head found"
    assert reply.text == ("That head is entry 3.", "Broken at entry 17.")


def test_a_head_asked_of_an_empty_journal_is_not_found_in_it(empty_book: Any) -> None:
    empty_book.verdict = replace(empty_book.verdict, is_found=False, found="That head is not in this journal.")
    reply = ask(empty_book, f"/verify {HEAD}")
    assert not reply.ok
    assert "still empty" in reply.text[1]


@pytest.mark.parametrize(
    ("holds", "is_found", "ok"),
    [(True, None, True), (True, True, True), (True, False, False), (False, None, False), (False, True, False)],
)
def test_a_verdict_is_good_only_if_the_chain_holds_and_the_head_is_in_it(
    holds: bool, is_found: bool | None, ok: bool
) -> None:
    verdict = Verdict(holds, 5, None, "Chain.", is_found, None if is_found is None else "Head.")
    assert verdict.ok is ok
    assert verdict.message == ("Chain." if is_found is None else "Head. Chain.")


ASKING = [
    text
    for command in COMMANDS.values()
    for text in (f"/{command.name}", command.example)
    if command.about == "market" and text not in NEEDING and command.who is Who.MEMBER
]


@pytest.mark.parametrize("text", ASKING)
def test_before_the_first_decision_every_answer_says_when_it_comes(text: str, empty_book: Any) -> None:
    assert "Mon 20 Nov 2023, 00:00 UTC" in said(empty_book, text)


@pytest.mark.parametrize("text", ASKING)
def test_no_decision_is_promised_for_a_day_whose_data_is_not_there(text: str, empty_book: Any, make: Any) -> None:
    empty_book.state = replace(empty_book.state, last_date=dt.date(2023, 11, 11))
    assert "Mon 20 Nov 2023, 00:00 UTC" in said(empty_book, text)
    empty_book.state = replace(empty_book.state, last_date=dt.date(2023, 11, 10))
    told = said(empty_book, text)
    assert "20 Nov" not in told
    assert "newer market data is in (the newest candle is of 10 Nov 2023): run crier fetch" in told
    empty_book.state = replace(empty_book.state, last_date=None)
    assert "once market data is in: a running bot fetches it" in said(empty_book, text)


def test_a_simulated_market_that_has_ended_promises_nothing(book: Any, make: Any) -> None:
    book.state = make.status(simulated=True, next_decision=dt.datetime(2026, 11, 23, tzinfo=dt.UTC))
    assert "The simulated market ends on 12 Nov 2023: no further decision comes." in said(book, "/indices")


def test_status_tells_the_record_and_what_was_left_out(book: Any, empty_book: Any, make: Any) -> None:
    assert "live since 2 Jan 2023" in said(book, "/status")
    assert "backtest only, no live decision yet" in said(empty_book, "/status")
    book.state = make.status(dropped_features=("rsi_14",))
    assert "rsi_14" in ask(book, "/status").after[0]
    assert "none yet" in said(empty_book, "/status")


def test_explain_answers_to_any_spelling_and_lists_all_words(book: Any) -> None:
    assert ask(book, "/explain Just  Holding").title == "Just holding"
    assert ask(book, "/explain benchmark").title == "Just holding"
    assert "grade" in ask(book, "/explain").text[0]


def test_an_index_without_risk_reading_still_answers(book: Any, make: Any) -> None:
    bare = replace(book.decisions["defi", "balanced"][0], decision=make.decision(risk=None))
    book.decisions["defi", "balanced"] = [bare]
    assert ask(book, "/risk defi").text == ("No risk was read for this decision.",)
    for name in ("index defi", "why defi", "why", "risk", "history defi", "indices", "track defi"):
        assert ask(book, f"/{name}").ok


def test_an_index_with_a_decision_but_no_level_yet_answers(book: Any) -> None:
    book.level_points.clear()
    for name in ("index defi", "track defi", "track", "indices", "why defi"):
        assert ask(book, f"/{name}").ok
    assert ask(book, "/index defi").text == ("Starts with $1,000 at the close of 13 Nov 2023.", "Risk: raised.")


def test_the_live_record_starts_with_the_first_live_decision(book: Any, make: Any) -> None:
    book.state = make.status(live_start=dt.date(2023, 11, 6))
    assert ask(book, "/index defi").text[0].startswith("$1,000 on 6 Nov is now")
    chart = ask(book, "/index defi").chart
    assert chart is not None
    assert [mark.label for mark in chart.marks] == ["live from here"]
    assert chart.days[0] == make.START


def test_every_stretch_above_normal_risk_is_shaded_once(book: Any) -> None:
    chart = ask(book, "/track defi").chart
    assert chart is not None
    labels = [shade.label for shade in chart.shades]
    assert labels == [RiskStep.EXTREME.value, RiskStep.HIGH.value, RiskStep.RAISED.value]
    assert all(a.end <= b.start for a, b in zip(chart.shades, chart.shades[1:], strict=False))
