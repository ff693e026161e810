"""The cast of the simulated market: invented tickers and names, their themes, and how large each may be."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model import Token, TokenKind

LABEL = "SIMULATED"  # the source of every row, and how every headline begins
LEADER, SECOND, WRAPPED = "BTC", "ETH", "WBTC"

# Only the leader, the second, the wrapped copy and three stablecoins carry symbols known from the real market: features
# and the stablecoin leg look for them by name. Everything else is invented.
COINS: dict[str, str] = {
    "l1": """
        BTC Bitcoin, ETH Ether, KSTL Kestrelnet, ORBN Orbanet, GRNTE Granite Ledger, NIMB Nimbus Ledger,
        PLVR Pulverine, SNDFT Sandrift, TSSL Tessellate, ZFYR Zephyrine""",
    "defi": """
        SWPX Swapex, LNDRA Lendora, YLDF Yieldfarer, PRPTX Perpetua Exchange, VLTX Vaultexa, CLTRA Collatera,
        MRGNL Marginalis, LQFL Liquiflow, STKWL Stakewell, OPTNR Optionaria, BRWX Borrowex, DRVTS Derivatus,
        PLLXA Poolexa, RTRX Routerix""",
    "ai": """
        NRLX Neuralix, INFRN Inferna, TNSRI Tensoria, AGTQ Agentique, DTMNE Datamine Net, CGNTA Cognita, MDLRY Modelary,
        SYNPT Synaptide, TRNTC Trainetica, GRDNT Gradientia""",
    "meme": """
        WOOFX Woofington, MEOWL Meowlord, FRGRY Froggery, HMSTL Hamsterella, PNGWG Pengwiggle, TOADZ Toadzilla,
        LLMRM Llamarama, GOOSB Goosebumpo, DUKKL Dukkling, KPYBR Kapybaro""",
    "rwa": """
        CRDTN Creditana, TBLRD T-Billiard, ESTTR Estatery, INVCA Invoicia, BNDSM Bondsmith, RNTRI Rentaria,
        CMMVL Commodore Vault, FRGHT Freightory, TRSRY Treasurio, AGRRA Agraria""",
    "": """
        VNUX Venuex, PYRVR Payriver, STRGA Storagia, GMWRT Gamewright""",
}
STABLES = "USDT Tether, USDC USD Coin, DAI Dai, PEGDL Pegged Dollar"
BRIDGED = "WBTC Wrapped Bitcoin"
ALSO = {"TBLRD": ("defi",), "DTMNE": ("l1",)}  # a few belong to two themes

# USD at the start of the history: fixed for the first coins and the stablecoins, a power law by place for the rest.
# The first places go to the layer ones (after the two leaders) and to each theme's own leaders, as in the real market.
FIXED_CAPS = {"BTC": 6.0e11, "ETH": 2.2e11, "USDT": 7.0e10, "USDC": 3.2e10, "DAI": 5.0e9, "PEGDL": 1.2e9, "WBTC": 6.0e9}
LARGEST_CAP = {"l1": 4.5e10, "defi": 9.0e9, "ai": 5.0e9, "meme": 1.1e10, "rwa": 3.0e9, "": 1.5e10}
CAP_EXPONENT = 1.25  # capitalisation falls as place ** -1.25 within a theme


@dataclass(frozen=True, slots=True)
class Part:
    """One token of the cast with its place in its theme (0 the largest) and the theme whose tide it follows."""

    token: Token
    theme: str
    place: int

    @property
    def symbol(self) -> str:
        return self.token.symbol

    @property
    def is_coin(self) -> bool:
        return self.token.kind is TokenKind.COIN

    @property
    def start_cap(self) -> float:
        """Capitalisation at the start of the history, USD, before the seed has its say."""
        fixed = FIXED_CAPS.get(self.symbol)
        return fixed if fixed is not None else LARGEST_CAP[self.theme] * (1.0 + self.place) ** -CAP_EXPONENT


def read_cast() -> tuple[Part, ...]:
    """Every token of the simulated market, numbered from 1 in the order of the tables above."""
    lines = [(TokenKind.COIN, theme, names) for theme, names in COINS.items()]
    lines += [(TokenKind.STABLE, "", STABLES), (TokenKind.WRAPPED, "", BRIDGED)]
    cast: list[Part] = []
    for kind, theme, names in lines:
        for place, entry in enumerate(names.split(",")):
            symbol, name = entry.split(maxsplit=1)
            token = Token(len(cast) + 1, symbol, f"{name} (simulated)", kind, _themes(symbol, theme))
            cast.append(Part(token, theme, place))
    return tuple(cast)


def _themes(symbol: str, theme: str) -> tuple[str, ...]:
    return tuple(sorted({theme, *ALSO.get(symbol, ())} - {""}))
