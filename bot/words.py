"""The glossary behind /explain: every term that the bot uses in chat, one entry each, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

from bot.texts import ABOUT_SETTING, SETTINGS

_OF_THE_MARKET: Mapping[str, str] = {
    "abstention": "The same as no call.",
    "action": "What a decision does with a holding: buy, new; buy more; hold; trim; sell; or cannot sell.",
    "aggressive": "The boldest risk mode: larger single holdings and fewer stablecoins at each step of risk.",
    "ahead": "How much better than just holding an index did, in points of a hundred. Below zero it did worse.",
    "announcement": "What is told to every chat: a decision of an index, or an admin's own words under a pseudonym.",
    "as-needed": (
        "A change that does not wait for Monday. It needs a written trigger, is decided at the next 00:00 UTC on "
        "daily closes, and answers each cause once."
    ),
    "backtest": (
        "Computed for the past with the same rules, not announced at the time. It flatters every method, "
        "because rules are made by people who know how the past went on."
    ),
    "balanced": "The middle risk mode, followed by a chat whose admins chose none.",
    "base": (
        "How often this happened over all past weeks, whatever was known. Odds mean something only beside their base."
    ),
    "bearish": "The odds of a fall over the next seven days stand clearly above their base.",
    "breadth": "Part of the risk score: the share of an index's members that stand above their own 50-day mean.",
    "budget": (
        "The most that one week's decision may buy, as a share of the index. It goes to what matters most; the rest "
        "follows later. Sales are never limited."
    ),
    "bullish": "The odds of a rise over the next seven days stand clearly above their base.",
    "buy more": "The holding grows this week.",
    "buy, new": "The token enters the index this week.",
    "by rules": (
        "While the models have too little history, or over the last year ordered tokens no better than chance, indices "
        "hold the largest tokens above their 50-day mean, the calmer the more."
    ),
    "call": "What a signal says of the next seven days: bullish, neutral, bearish, or no call.",
    "cannot sell": (
        "The token's price has stopped, so it stays at its last share until it trades again: nobody can sell "
        "at a price that no longer exists."
    ),
    "cash": "Money that lies in no stablecoin, because none held its peg.",
    "cause": "Why a change between weeks was made: its trigger and what it is about. One cause is answered once.",
    "change": (
        "A change between weeks is counted: “week 47, change 1”. In /follow: the dollars to buy or sell of a "
        "token, for one who follows already."
    ),
    "collapse": (
        "A token that fell so far and so fast that waiting for Monday would be gambling. It is sold at the next close."
    ),
    "conservative": "The most careful risk mode: smaller single holdings and more stablecoins at each step of risk.",
    "conviction": "The same as strength.",
    "correlation": (
        "Part of the risk score: how much an index's members move together. When all fall at once, many "
        "holdings protect no better than one."
    ),
    "cost": (
        "Fees, spread and impact of the trades as a share of the index, never below 0.30 % of each traded dollar. "
        "An estimate until the fill."
    ),
    "data points": (
        "What a signal looks at: price, volume & liquidity, technical, on-chain, sentiment and macro. Missing "
        "ones are counted and never made up."
    ),
    "decision": (
        "What one index in one mode does. Made every Monday at 00:00 UTC from what was known before, and between "
        "weeks only for a written trigger."
    ),
    "diluted twin": (
        "Just holding, mixed with stablecoins until as much waits as in the index on average. Beating it shows "
        "that more than waiting was done."
    ),
    "dominance": (
        "Part of the risk score: how much Bitcoin's share of the whole market grew. Money that retreats into "
        "Bitcoin leaves the others."
    ),
    "drawdown": "The fall from the highest level so far. As part of the risk score: from the 90-day high.",
    "drought": "Hardly anybody trades the token any more, so it is sold while somebody still buys.",
    "duplicates": (
        "Two tokens whose prices moved almost as one for half a year. The smaller one is left out: holding both "
        "spreads nothing."
    ),
    "effective names": (
        "How spread out an index is: as many equal holdings would be as spread out. Ten holdings of which one is "
        "half count as few."
    ),
    "equal weight": "A plain comparison: just holding's own members at the same share. No signals, no stablecoins.",
    "exclusion": (
        "An admin keeps a token out of an index, in public and with a reason: /audit. It is sold, and not bought "
        "until the exclusion is lifted."
    ),
    "extreme": "The highest of the four steps of risk: most of the index waits in stablecoins.",
    "false alarm": "A retreat into stablecoins after which the index would have done better staying invested.",
    "family": (
        "One of six kinds of data points: price, volume & liquidity, technical, on-chain, sentiment, macro. Each adds "
        "its part to the strength; the parts add up to it. Its grade is what it would say alone."
    ),
    "fill": "The price at which a trade happens: the close of the day of the decision, 24 hours after it.",
    "grade": "0 to 100: of 100 weeks that leave the neutral band, how many should go up. The letter runs from A+ to E.",
    "head": (
        "The last line of an announcement: a fingerprint of everything journalled so far. Change one old byte "
        "and no head fits any more; /verify finds any head ever posted."
    ),
    "high": "The third of the four steps of risk: a large part of the index waits in stablecoins.",
    "hit rate": (
        "The share of past bullish calls that ended bullish: the week went up beyond the neutral band. Read it "
        "beside its base and its interval."
    ),
    "hold": (
        "The holding stays as it is, or the change is too small to be worth its cost. In /follow: the dollars to "
        "have in a token."
    ),
    "impact": (
        "What a trade costs because it moves the price itself: more for large trades in tokens that are little traded."
    ),
    "in": "Tokens that entered the index that week.",
    "index": "A basket of tokens on one theme, decided anew every week by the same written rules.",
    "interval": (
        "Where the true rate lies with 95 % confidence, found by drawing whole past weeks again and again, "
        "because calls of one week move together."
    ),
    "journal": "The list of every signal, decision and fill, each entry chained to the one before by a fingerprint.",
    "just holding": (
        "The passive twin: the ten largest tokens of the theme, renewed monthly, same fills and costs. What "
        "an index must beat."
    ),
    "letter": "The grade in short: A+ and A are strong, B and B+ fair, C and C+ weak, D and E against.",
    "level": "What $1,000 put in at the start is worth now, after all costs.",
    "live": "Decided and announced within 24 hours of its instant, before anyone knew what came.",
    "log loss": (
        "How wrong the odds were on average; lower is better. Odds that are worse than the base rates' are "
        "worth nothing."
    ),
    "macro": (
        "Data points about the wider economy: interest rates, the dollar, shares, volatility. As part of the "
        "risk score: the VIX, how much turbulence the stock market expects."
    ),
    "market head": "The chance that the broad market rises over the next seven days, beside its base.",
    "method": (
        "The written rules behind every number; its version stands in each announcement, and a change of them is "
        "announced."
    ),
    "minimum order": "$10, the smallest order that exchanges commonly take. In /follow smaller ones are left out.",
    "mode": "How much risk an index takes: conservative, balanced or aggressive. Admins choose it for their chat.",
    "mood": "Part of the risk score: the Fear & Greed index, 0 to 100.",
    "month": ("The outlook for four weeks, learned and scored apart from the week's. No index goes by it."),
    "naive rules": (
        "A plain comparison without any model: the largest tokens above their 50-day mean, the calmer the more, "
        "less of all in bad markets."
    ),
    "neutral": "Neither bullish nor bearish: the odds stand near their base.",
    "no call": (
        "The bot says nothing about this token this week, and gives the reason. Knowing when to be silent is "
        "part of the method."
    ),
    "normal": "The lowest of the four steps of risk: no danger asks for stablecoins.",
    "notional": (
        "The size in dollars for which costs are computed, the same for every index: trades of a large index cost "
        "more than yours."
    ),
    "odds": "Chances of a rise, a small move, and a fall over the seven days from the fill; together 100 %.",
    "on-chain": (
        "Data points from the blockchains themselves: active addresses, transfers, exchange flows, value locked."
    ),
    "order": (
        "A bot admin's public instruction: exclude, include, rebalance, pause or resume, with a reason. /audit "
        "lists them. In /follow: one purchase or sale."
    ),
    "out": "Tokens that left the index that week.",
    "part": "One named component of the risk score.",
    "pause": (
        "An admin stops an index from trading, in public and with a reason. Its level goes on; risk is still read. "
        "/audit lists it."
    ),
    "peg loss": "A stablecoin closed more than 1 % away from its dollar, so the index moves into another.",
    "peers": (
        "The other tokens of the week. What speaks for and against a token is its place among them: “rose this month” "
        "is also said of one that fell less than most."
    ),
    "price": "Data points from prices: returns, distance from highs, volatility.",
    "profit": "Part of a holding that ran far ahead is sold, so that one winner does not become the whole index.",
    "pseudonym": (
        "A name like admin-7f3a under which a bot admin's orders stand in the journal. Who it is stays out of it."
    ),
    "raised": "The second of the four steps of risk: a part of the index waits in stablecoins.",
    "rank correlation": (
        "How well the order of the scores matched the order of what came, from -1 to 1; 0 is chance. Around "
        "0.1 is a lot in markets."
    ),
    "resting": "A token that was sold in an emergency is not bought again for four weeks.",
    "risk": "How dangerous the market looks for an index: a score from 0 to 100 and the step that follows from it.",
    "risk score": "0 (calm) to 100 (danger), the weighted mean of its parts.",
    "risk-off": "The step of risk goes up and more of the index waits in stablecoins.",
    "rule": "The written rule that moved a holding.",
    "score": "0 (calm) to 100 (danger).",
    "sell": "The token leaves the index this week.",
    "sentiment": "Data points about mood: Fear & Greed, headlines, attention.",
    "signal": "What is said of one token for one week: odds, call, strength and grade.",
    "simulated": "No money is traded: fills and costs are computed. A market marked SIMULATED is invented altogether.",
    "skill": "Whether past odds were better than the base rates. Without it the bot says so.",
    "stablecoins": (
        "Tokens that follow the dollar, where an index waits when risk is up. As part of the risk score: how "
        "their supply grows."
    ),
    "step": (
        "One of the four steps of risk: normal, raised, high, extreme. Up at once, down one at a time: on a "
        "Monday, after a week and when the score has fallen clearly."
    ),
    "stopped price": "No trade has been seen for two days or more. The token cannot be sold until its price is back.",
    "strength": (
        "How far the odds lean up (+) or down (-), from -1 to 1. Indices go by its mean over the last four weeks, so "
        "that one loud week moves little."
    ),
    "technical": "Data points from indicators such as RSI, MACD and Bollinger bands.",
    "token": "A coin that can be held in an index.",
    "trend": "Part of the risk score: above how many of four moving averages (28 to 224 days) Bitcoin stands.",
    "trigger": (
        "One of the written reasons for a change between weeks: a step of risk up, a collapse, a drought, a peg "
        "loss, a price that stopped or is back, or an order."
    ),
    "trim": "The holding shrinks this week, and stays.",
    "turnover": "How much of the index changed hands: half of all changes added up.",
    "volatility": "How much prices swing, a year's worth. As part of the risk score: against its own past year.",
    "volume & liquidity": "Data points about how much is traded, and how easily.",
    "week": "Seven days from the fill of a Monday's decision. “This week” is the seven days up to the last close.",
    "weight": "The token's share of the index. All weights with the stablecoins add up to 100 %.",
}

_OF_A_CHAT: Mapping[str, str] = {
    SETTINGS[name].casefold(): about for name, about in ABOUT_SETTING.items() if name not in ("indices", "mode")
}

WORDS: Mapping[str, str] = dict(sorted({**_OF_A_CHAT, **_OF_THE_MARKET}.items()))

ALIASES: Mapping[str, str] = {
    "alert": "danger alerts", "as needed": "as-needed", "base rate": "base", "base rates": "base", "behind": "ahead",
    "benchmark": "just holding", "between weeks": "as-needed", "buy": "buy, new", "calls": "call", "causes": "cause",
    "changes": "change", "collapsed": "collapse", "data point": "data points", "depeg": "peg loss",
    "diluted": "diluted twin", "duplicate": "duplicates", "equal holdings": "effective names",
    "equal-weight": "equal weight", "exclude": "exclusion", "excluded": "exclusion", "false alarms": "false alarm",
    "families": "family", "fell": "drawdown",
    "fills": "fill", "four weeks": "month", "holding": "just holding", "include": "exclusion",
    "indices": "index", "last week": "week", "market impact": "impact", "max drawdown": "drawdown",
    "maximum drawdown": "drawdown", "min order": "minimum order", "minimum": "minimum order", "mix": "diluted twin",
    "modes": "mode", "naive": "naive rules", "new": "buy, new", "onchain": "on-chain", "ordered": "order",
    "orders": "order", "parts": "part", "passive": "just holding", "paused": "pause", "peg": "peg loss",
    "profit-taking": "profit", "pseudonyms": "pseudonym", "quiet": "quiet hours", "rank ic": "rank correlation",
    "rebalance": "order", "replay": "backtest", "resume": "pause", "resumed": "stopped price", "risk mode": "mode",
    "risk modes": "mode", "risk off": "risk-off", "risk step": "step", "rules": "by rules", "signals": "signal",
    "slippage": "cost", "sold": "sell", "spread": "effective names", "spread out": "effective names",
    "stable": "stablecoins", "stablecoin": "stablecoins", "steps": "step", "stopped": "stopped price",
    "strongest point": "peers",
    "the mix": "diluted twin", "this week": "week", "tokens": "token", "triggers": "trigger",
    "turnover budget": "budget", "volume": "volume & liquidity", "watch": "watched tokens", "weights": "weight",
    "worst fall": "drawdown",
}  # fmt: skip

RULES: Mapping[str, str] = {
    "band": "the change was too small to be worth its cost",
    "bearish": "call turned bearish",
    "budget": "the week's turnover budget was spent on larger matters",
    "by_rules": "the models have no say, so the written rules alone decide by size and trend",
    "bullish": "called bullish, and there is room",
    "capitalisation": "the largest of the theme are held by size",
    "collapse": "its price collapsed",
    "conviction": "strength against the others changed",
    "drought": "hardly anybody trades it any more",
    "dust": "too small a target to hold",
    "equal_weight": "just holding's own members are held at the same share",
    "excluded": "an admin keeps it out",
    "floor": "share became too small to hold",
    "kept": "no longer bullish, but not bearish either",
    "naive": "the naive rules hold what is large, calm and rising",
    "no_call": "there is no call on it",
    "not_eligible": "no longer meets the index's bar",
    "paused": "an admin has paused the index",
    "profit": "ran far ahead, so a part of the profit is taken",
    "replaced": "stronger tokens took its place",
    "resting": "sold in an emergency less than four weeks ago",
    "resumed": "its price is back after a stop",
    "risk_ladder": "the step of risk moved",
    "sideways": "no longer bullish",
    "stablecoin_leg": "the stablecoin part of the index",
    "stopped_price": "its price has stopped",
    "untouched": "the change between weeks does not concern it",
}

TRIGGERS: Mapping[str, str] = {  # the word in the glossary for each trigger of a change between weeks
    "exclusion": "exclusion",
    "step_up": "risk-off",
    "collapse": "collapse",
    "drought": "drought",
    "peg_loss": "peg loss",
    "stopped": "stopped price",
    "resumed": "stopped price",
    "order": "order",
}


def find(text: str) -> str | None:
    """The entry that a word leads to, however it is written; None where there is none."""
    wanted = " ".join(text.casefold().replace("_", " ").split())
    wanted = ALIASES.get(wanted, wanted)
    return wanted if wanted in WORDS else None


def names() -> list[str]:
    """Every word that has an entry, in order."""
    return sorted({*WORDS, *ALIASES})


def rule_in_words(rule: str) -> str:
    """A rule's name as chat says it."""
    return RULES.get(rule, rule.replace("_", " "))
