"""The glossary behind /explain: every term that the bot uses in chat, one entry each, in plain words."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "abstention": "The same as no call.",
    "action": "What this week's decision does with a holding: buy, new; buy more; hold; trim; sell; or cannot sell.",
    "aggressive": "The boldest risk mode: larger single holdings and fewer stablecoins at each step of risk.",
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
    "bullish": "The odds of a rise over the next seven days stand clearly above their base.",
    "buy more": "The holding grows this week.",
    "buy, new": "The token enters the index this week.",
    "call": "What a signal says of the next seven days: bullish, neutral, bearish, or no call.",
    "cannot sell": (
        "The token's price has stopped, so it stays at its last share until it trades again: nobody can sell "
        "at a price that no longer exists."
    ),
    "cash": "Money that lies in no stablecoin, because none held its peg.",
    "conservative": "The most careful risk mode: smaller single holdings and more stablecoins at each step of risk.",
    "conviction": "The same as strength.",
    "correlation": (
        "Part of the risk score: how much an index's members move together. When all fall at once, many "
        "holdings protect no better than one."
    ),
    "cost": (
        "Fees and slippage of the trades as a share of the index, never below 0.30 % of each traded dollar. "
        "An estimate until the fill."
    ),
    "data points": (
        "What a signal looks at: price, volume & liquidity, technical, on-chain, sentiment and macro. Missing "
        "ones are counted and never made up."
    ),
    "decision": "What one index in one mode does this week. Made every Monday at 00:00 UTC from what was known before.",
    "dominance": (
        "Part of the risk score: how much Bitcoin's share of the whole market grew. Money that retreats into "
        "Bitcoin leaves the others."
    ),
    "drawdown": "The fall from the highest level so far. As part of the risk score: from the 90-day high.",
    "extreme": "The highest of the four steps of risk: most of the index waits in stablecoins.",
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
    "hold": "The holding stays as it is, or the change is too small to be worth its cost.",
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
    "method": "The written rules behind every number; its version stands in each announcement.",
    "mode": "How much risk an index takes: conservative, balanced or aggressive. Admins choose it for their chat.",
    "mood": "Part of the risk score: the Fear & Greed index, 0 to 100.",
    "neutral": "Neither bullish nor bearish: the odds stand near their base.",
    "no call": (
        "The bot says nothing about this token this week, and gives the reason. Knowing when to be silent is "
        "part of the method."
    ),
    "normal": "The lowest of the four steps of risk: no danger asks for stablecoins.",
    "odds": "Chances of a rise, a small move, and a fall over the seven days from the fill; together 100 %.",
    "on-chain": (
        "Data points from the blockchains themselves: active addresses, transfers, exchange flows, value locked."
    ),
    "out": "Tokens that left the index that week.",
    "part": "One named component of the risk score.",
    "price": "Data points from prices: returns, distance from highs, volatility.",
    "raised": "The second of the four steps of risk: a part of the index waits in stablecoins.",
    "rank correlation": (
        "How well the order of the scores matched the order of what came, from -1 to 1; 0 is chance. Around "
        "0.1 is a lot in markets."
    ),
    "risk": "How dangerous the market looks for an index: a score from 0 to 100 and the step that follows from it.",
    "risk score": "0 (calm) to 100 (danger), the weighted mean of its parts.",
    "rule": "The written rule that moved a holding.",
    "score": "0 (calm) to 100 (danger).",
    "sell": "The token leaves the index this week.",
    "sentiment": "Data points about mood: Fear & Greed, headlines, attention.",
    "signal": "What is said of one token for one week: odds, call, strength and grade.",
    "simulated": "No money is traded: fills and costs are computed. A market marked SIMULATED is invented altogether.",
    "skill": "Whether past odds were better than the base rates. Without it the bot says so.",
    "slow trend": "Part of the risk score: how far Bitcoin stands above or below its 200-day mean.",
    "stablecoins": (
        "Tokens that follow the dollar, where an index waits when risk is up. As part of the risk score: how "
        "their supply grows."
    ),
    "step": (
        "One of the four steps of risk: normal, raised, high, extreme. Up at once, down one at a time: after two "
        "weeks, and when the score has fallen clearly."
    ),
    "strength": "How far the odds lean up (+) or down (-), from -1 to 1.",
    "technical": "Data points from indicators such as RSI, MACD and Bollinger bands.",
    "token": "A coin that can be held in an index.",
    "trend": "Part of the risk score: how far Bitcoin stands above or below its 100-day mean.",
    "trim": "The holding shrinks this week, and stays.",
    "turnover": "How much of the index changed hands: half of all changes added up.",
    "volatility": "How much prices swing, a year's worth. As part of the risk score: against its own past year.",
    "volume & liquidity": "Data points about how much is traded, and how easily.",
    "week": "Seven days from the fill of a Monday's decision. “This week” is the seven days up to the last close.",
    "weight": "The token's share of the index. All weights with the stablecoins add up to 100 %.",
}

ALIASES: Mapping[str, str] = {
    "base rate": "base", "base rates": "base", "benchmark": "just holding", "buy": "buy, new", "calls": "call",
    "change": "decision", "data point": "data points", "fills": "fill", "holding": "just holding",
    "indices": "index", "maximum drawdown": "drawdown", "max drawdown": "drawdown", "modes": "mode",
    "new": "buy, new", "onchain": "on-chain", "parts": "part", "passive": "just holding",
    "peg": "stablecoins", "rank ic": "rank correlation", "replay": "backtest", "risk step": "step",
    "signals": "signal", "slippage": "cost", "sold": "sell", "stable": "stablecoins", "stablecoin": "stablecoins",
    "steps": "step", "tokens": "token", "volume": "volume & liquidity", "weights": "weight",
    "worst fall": "drawdown",
}  # fmt: skip

RULES: Mapping[str, str] = {
    "band": "the change was too small to be worth its cost",
    "bearish": "its call turned bearish",
    "bullish": "its call is bullish and there is room for it",
    "capitalisation": "the largest of the theme are held by size",
    "conviction": "its strength against the others changed",
    "dust": "its target is too small to hold",
    "floor": "its share became too small to hold",
    "kept": "it is no longer bullish but still above its base rate",
    "no_call": "there is no call on it",
    "not_eligible": "it no longer meets the index's bar",
    "replaced": "stronger tokens took its place",
    "risk_ladder": "the step of risk moved",
    "sideways": "it is no longer bullish",
    "stablecoin_leg": "the stablecoin part of the index",
    "stopped_price": "its price has stopped",
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
