"""Levels follow from the journal alone: years of them are rebuilt from an exported file, and tampering is named."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

from engine.decide import decide
from engine.draft import begin, finish
from engine.errors import BrokenJournal
from engine.execution import NO_MONEY, NO_PRICE, THIN
from engine.model import PASSIVE, Settlement, TokenKind
from engine.panel import build_panel
from engine.passive import decide_passive, passive_is_due
from engine.rebalance import Wish, holdings
from engine.rebuild import CLOSE, Rebuilding, rebuild
from engine.settle import settle
from engine.sources.simulated import SimulatedMarket
from storage.chain import GENESIS, entry_hash
from storage.database import open_database
from storage.decisions import told_in
from storage.journal_file import read_file, verify_file

START = dt.date(2022, 1, 3)
DAY, WEEKS = dt.timedelta(days=1), 157  # three years of Mondays
TRACKS = METHOD, DRAWN, TWIN = ("defi", "balanced"), ("meme", "aggressive"), ("defi", PASSIVE)
NAN = float("nan")


def decision_to(index, mode, panel, book, weights):
    """A decision straight to the given weights, but for what cannot be sold."""
    draft = begin(index, mode, panel, book, 0)
    weights = {s: w * (1 - draft.stuck_weight) for s, w in weights.items() if s not in draft.stuck}
    wishes = {s: Wish(w, "bullish", "for the test") for s, w in weights.items()}
    exits = {s: Wish(0.0, "bearish", "for the test") for s in draft.risky}
    return finish(draft, holdings(draft.risky, weights, wishes, exits, draft.stuck), None, len(weights), ())


@pytest.fixture(scope="module")
def history(make_panel):
    """Three days of one index: a first fill, a part fill beside a stopped price, a sale."""
    closes = {"AAA": [1, 2, 3, 4, 5], "BBB": [1, 1, NAN, 1, 1], "THIN": [5, 4, 3, 2, 1], "USDC": [1.0] * 5}
    panel = make_panel(closes, market_volume={"AAA": 1e9, "BBB": 1e8, "THIN": 6e5, "USDC": 1e9})
    told, book = [], None
    for day, weights in enumerate(({"AAA": 0.4, "BBB": 0.4}, {"AAA": 0.2, "THIN": 0.2}, {"THIN": 0.3}), 1):
        at = START + dt.timedelta(days=day)
        decision = decision_to("defi", "balanced", panel.until(at), book, weights)
        settlement = settle(decision, book, panel.until(at + DAY))
        book = settlement.portfolio
        told += [decision, settlement]
    return told


@pytest.mark.rule("6.4")
def test_levels_follow_from_fills_and_prices(history):
    (lines,) = rebuild(history).values()
    for line, told in zip(lines, history[1::2], strict=True):
        assert line.net == pytest.approx(told.portfolio.level_net, rel=CLOSE)
        assert line.gross == pytest.approx(told.portfolio.level_gross, rel=CLOSE)
    assert {fill.status for told in history[1::2] for fill in told.fills} == {"filled", "part", "could not trade"}


@pytest.mark.rule("6.4")
def test_no_stated_level_is_used_on_the_way(history):
    """The stated figures of the last entry alone are wrong, and what follows is still the true level."""
    books = Rebuilding()
    for told in history[:-1]:
        books.take(told)
    wrong = replace(history[-1], portfolio=replace(history[-1].portfolio, level_net=9_999.0))
    with pytest.raises(BrokenJournal, match=r"defi \(balanced\) on 2022-01-06.*net level is given as 9999, and"):
        books.take(wrong)


def with_fill(told, symbol, **changes):
    fills = tuple(replace(f, **changes) if f.symbol == symbol else f for f in told.fills)
    return replace(told, fills=fills)


def with_book(told, **changes):
    return replace(told, portfolio=replace(told.portfolio, **changes))


SPOILS = {
    "a price of something traded": (lambda t: replace(t, prices=t.prices | {"AAA": 3.01}), "two prices of AAA"),
    "a price of something that stayed": (lambda t: replace(t, prices=t.prices | {"BBB": 1.01}), "than is held of AAA"),
    "a price left out": (lambda t: replace(t, prices={"USDC": 1.0, "AAA": 3.0}), "no price of BBB"),
    "all prices left out": (lambda t: replace(t, prices={}), "names no prices"),
    "a fill's price": (lambda t: with_fill(t, "AAA", price=3.1), "two prices of AAA"),
    "a fill's size": (lambda t: with_fill(t, "THIN", weight=0.07), "follows from prices and fills"),
    "more than was decided": (lambda t: with_fill(t, "THIN", weight=0.25), "goes further than was decided with THIN"),
    "a wish": (lambda t: with_fill(t, "THIN", wanted=0.25), "than was decided of THIN"),
    "a beginning": (lambda t: with_fill(t, "AAA", from_weight=0.5), "than is held of AAA"),
    "a fill's cost": (lambda t: with_fill(t, "THIN", cost=0.02), "the cost is given as"),
    "no cost": (lambda t: with_fill(t, "THIN", cost=0.0), r"pays less than 0\.30 % for THIN"),
    "a price below zero": (lambda t: replace(t, prices=t.prices | {"NEW": -1.0}), "-1.0 is no price of NEW"),
    "a price without bounds": (lambda t: replace(t, prices=t.prices | {"NEW": float("inf")}), "no price of NEW"),
    "a price of something else": (lambda t: replace(t, prices=t.prices | {"NEW": 1.0}), "neither holds nor trades"),
    "a fill told twice": (lambda t: replace(t, fills=(*t.fills, t.fills[0])), "fills AAA twice"),
    "a part called the whole": (lambda t: with_fill(t, "THIN", status="filled"), "calls a part .* whole of THIN"),
    "a reason left out": (lambda t: with_fill(t, "THIN", reason=""), "no reason for what is left of THIN"),
    "a negative cost": (lambda t: with_fill(t, "THIN", cost=-0.001), "pays less than nothing for THIN"),
    "a fill left out": (lambda t: replace(t, fills=t.fills[1:]), "does not say what became of AAA"),
    "the cost": (lambda t: replace(t, cost=t.cost / 2), "the cost"),
    "the turnover": (lambda t: replace(t, turnover=0.0), "the turnover"),
    "the net level": (lambda t: with_book(t, level_net=t.portfolio.level_net * (1 + 1e-8)), "the net level"),
    "the gross level": (lambda t: with_book(t, level_gross=t.portfolio.level_gross * 1.01), "the gross level"),
    "the divisor": (lambda t: with_book(t, divisor=t.portfolio.divisor * 1.01), "the divisor"),
    "units": (lambda t: with_book(t, units=t.portfolio.units | {"BBB": 1.0}), "BBB's value"),
    "units out of nothing": (lambda t: with_book(t, units=t.portfolio.units | {"NEW": 1.0}), "no price of NEW"),
    "a mark": (lambda t: with_book(t, marks=t.portfolio.marks | {"BBB": 7.0}), "the price of BBB"),
    "another day": (lambda t: replace(t, date=t.date + DAY), "never decided"),
}


@pytest.mark.rule("6.4")
@pytest.mark.parametrize("name", SPOILS)
def test_one_changed_figure_is_named(history, name):
    spoil, word = SPOILS[name]
    told = [*history[:3], spoil(history[3]), *history[4:]]
    with pytest.raises(BrokenJournal, match=word):
        rebuild(told)


def test_a_trade_at_no_price_is_named(history):
    first = replace(history[1], prices=history[1].prices | {"AAA": 0.0})
    with pytest.raises(BrokenJournal, match="trades at no price AAA"):
        rebuild([history[0], with_fill(first, "AAA", price=0.0)])


@pytest.mark.parametrize("price", [0.0, -1.0, float("nan")])
def test_an_index_that_begins_with_what_is_worth_nothing_is_named(history, price):
    begins = next(line.symbol for line in history[0].holdings if line.from_weight > 0)
    first = replace(history[1], prices=history[1].prices | {begins: price})
    with pytest.raises(BrokenJournal, match=f"begins with {begins}, which it says is worth nothing"):
        rebuild([history[0], first])


def test_a_settlement_told_twice_or_left_out_is_named(history):
    with pytest.raises(BrokenJournal, match="never decided"):
        rebuild([*history[:2], history[1]])
    with pytest.raises(BrokenJournal, match=r"the decision .* comes after the settlement of 2022-01-04"):
        rebuild([*history[:2], replace(history[0], date=START)])
    with pytest.raises(BrokenJournal, match=r"the decision .* that of 2022-01-04 was never settled"):
        rebuild([history[0], *history[2:]])
    with pytest.raises(BrokenJournal, match="than is held of"):
        rebuild([*history[:2], *history[4:]])


def test_a_decision_that_was_never_settled_changes_no_level(history):
    assert rebuild([*history, replace(history[-2], date=START + 9 * DAY)]) == rebuild(history)


def old(told):
    """As a settlement was written before prices were recorded."""
    fills = tuple(replace(fill, wanted=None, reason="") for fill in told.fills)
    return replace(told, fills=fills, prices={}, method="")


def test_settlements_from_before_prices_were_recorded_are_believed_and_counted(history):
    books = Rebuilding()
    for told in [history[0], old(history[1]), *history[2:]]:
        books.take(told)
    assert (books.rebuilt, books.adopted) == (1, 1)
    assert [line.adopted for line in books.levels["defi", "balanced"]] == [True, False, False]
    with pytest.raises(BrokenJournal, match="names no prices"):
        rebuild([*history[:3], old(history[3])])  # but none after one that named them


# Three years in a real journal, exported, and rebuilt from that file alone.


def drawn(rng, panel):
    """Weights out of a hat, of anything that printed a price yesterday."""
    printing = [t.symbol for t, close in zip(panel.tokens, panel.close[-1], strict=True)
                if np.isfinite(close) and t.kind is TokenKind.COIN]  # fmt: skip
    names = rng.choice(printing, size=rng.integers(0, 7), replace=False)
    share = rng.uniform(0.2, 1.0)
    return {str(s): float(share * w) for s, w in zip(names, rng.dirichlet(np.ones(len(names))), strict=True)}


def weekly(panel, make_signals, mondays):
    """Decide and settle every Monday in three tracks: by the method, out of a hat, and the passive twin."""
    rng = np.random.default_rng(3)
    names = [t.symbol for t in panel.tokens if t.kind is TokenKind.COIN]
    books = dict.fromkeys(TRACKS)
    for date in mondays:
        seen, lifts = panel.until(date), rng.uniform(-0.1, 0.1, len(names))
        signals = make_signals({s: float(x) for s, x in zip(names, lifts, strict=True)}, date)
        decisions = [
            decide(*METHOD, seen, signals, books[METHOD]),
            decision_to(*DRAWN, seen, books[DRAWN], drawn(rng, seen)),
            decide_passive(TWIN[0], seen, books[TWIN]) if passive_is_due(date, books[TWIN]) else None,
        ]
        for track, decision in zip(TRACKS, decisions, strict=True):
            if decision is not None:
                settlement = settle(decision, books[track], panel.until(date + DAY))
                books[track] = settlement.portfolio
                yield decision, settlement


def holed(panel):
    """The same market with one candle in fifty lost."""
    lost = np.random.default_rng(5).uniform(size=panel.close.shape) < 0.02
    return replace(panel, close=np.where(lost, NAN, panel.close))


@pytest.fixture(scope="module")
def journal(make_signals, tmp_path_factory):
    """(file of exported JSON lines, [(track, date, net, gross)] as the walk itself reckoned them)."""
    folder = tmp_path_factory.mktemp("journal")
    market = SimulatedMarket(seed=11, years=4)
    panel = holed(build_panel(market, market.end))
    mondays = [market.end - dt.timedelta(weeks=n) for n in range(WEEKS, 0, -1)]
    database, levels = open_database(folder / "years.db"), []
    with database.atomic():
        for decision, settlement in weekly(panel, make_signals, mondays):
            database.decisions.add("replay", decision)
            database.decisions.settle("replay", settlement)
            book = settlement.portfolio
            levels.append(((decision.index, decision.mode), decision.date, book.level_net, book.level_gross))
    database.journal.export("replay", folder / "journal.jsonl")
    database.close()
    return folder / "journal.jsonl", levels


def told_by(path):
    return [told for _, told in told_in(read_file(path))]


@pytest.mark.rule("6.4")
def test_three_years_of_levels_are_rebuilt_from_the_exported_journal_alone(journal):
    path, levels = journal
    assert verify_file(path).ok
    rebuilt = rebuild(told_by(path))
    assert set(rebuilt) == set(TRACKS)
    assert len(rebuilt[METHOD]) == len(rebuilt[DRAWN]) == WEEKS
    assert len(rebuilt[TWIN]) >= 36
    for track in TRACKS:
        walked = [(date, net, gross) for of, date, net, gross in levels if of == track]
        for line, (date, net, gross) in zip(rebuilt[track], walked, strict=True):
            assert (line.date, line.adopted) == (date, False)
            assert line.net == pytest.approx(net, rel=1e-9, abs=0)
            assert line.gross == pytest.approx(gross, rel=1e-9, abs=0)


def test_the_three_years_hold_trades_of_every_kind(journal):
    """Else the test above would prove little: names come and go, fills stay partial, levels move."""
    path, levels = journal
    fills = [fill for told in told_by(path) if isinstance(told, Settlement) for fill in told.fills]
    assert {fill.status for fill in fills} == {"filled", "part", "could not trade"}
    assert len({fill.symbol for fill in fills}) > 10
    assert {fill.reason for fill in fills} >= {"", NO_MONEY, THIN, NO_PRICE}
    for moving in (DRAWN, TWIN):
        nets = [net for track, _, net, _ in levels if track == moving]
        assert max(nets) / min(nets) > 1.5


def rechained(lines):
    """The same entries with every hash made anew, as whoever rewrites a journal would."""
    previous, out = GENESIS, []
    for fields in lines:
        fields |= {"previous": previous}
        content = (fields["ledger"], fields["seq"], fields["kind"], fields["date"], fields["body"])
        previous = fields["hash"] = entry_hash(previous, *content)
        out.append(json.dumps(fields, ensure_ascii=False))
    return "\n".join(out) + "\n"


@pytest.mark.rule("6.4")
@pytest.mark.parametrize("part", ["price", "fill", "level"])
def test_a_rewritten_journal_whose_chain_holds_is_found_by_its_levels(journal, tmp_path, part):
    lines = [json.loads(line) for line in journal[0].read_text("utf-8").splitlines()]
    at, body = next(
        (n, body)
        for n, line in enumerate(lines)
        if n > len(lines) / 2 and line["kind"] == "settlement" and len((body := json.loads(line["body"]))["fills"]) > 3
    )
    if part == "price":
        body["prices"][body["fills"][0]["symbol"]] *= 1.001
    elif part == "fill":
        fill = next(fill for fill in body["fills"] if fill["cost"] > 0)
        fill["weight"] = (fill["weight"] + fill["from_weight"]) / 2
    else:
        body["portfolio"]["level_net"] *= 1 + 1e-7
    lines[at]["body"] = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    forged = tmp_path / "forged.jsonl"
    forged.write_text(rechained(lines), "utf-8")
    assert verify_file(forged).ok  # the chain alone cannot tell
    with pytest.raises(BrokenJournal, match=rf"{body['index']} \({body['mode']}\) on {body['date']}"):
        rebuild(told_by(forged))
