"""The risk modes, one entry each in modes.toml: margins, caps, bands and the stablecoin share of every ladder step."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass as checked

from engine.errors import BadRequest
from engine.model import RiskStep
from engine.tables import load_table

Share = Annotated[float, Field(ge=0, le=1)]
DEFAULT_MODE = "balanced"


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Steps:
    """Risk scores, 0 to 100, from which each step of the ladder holds; rising."""

    raised: Annotated[float, Field(gt=0, lt=100)]
    high: Annotated[float, Field(gt=0, lt=100)]
    extreme: Annotated[float, Field(gt=0, lt=100)]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.raised < self.high < self.extreme:
            raise ValueError("the steps must rise: raised < high < extreme")
        return self


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class StepShares:
    """The stablecoin share each step asks for; never falling as risk rises."""

    normal: Share
    raised: Share
    high: Share
    extreme: Share

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not self.normal <= self.raised <= self.high <= self.extreme:
            raise ValueError("the shares must not fall: normal <= raised <= high <= extreme")
        return self


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Mode:
    """One risk mode; see the head of modes.toml for what each number means."""

    id: str
    title: str
    margin: Annotated[float, Field(gt=0, lt=0.5)]
    enter: Annotated[float, Field(gt=0, lt=0.5)]
    calmer: Annotated[float, Field(gt=0, le=1)]
    token_cap: Annotated[float, Field(gt=0, le=1)]
    volatile_cap: Annotated[float, Field(gt=0, le=1)]
    illiquid_cap: Annotated[float, Field(gt=0, le=1)]
    floor: Annotated[float, Field(ge=0, lt=0.1)]
    band: Annotated[float, Field(ge=0, lt=0.2)]
    turnover: Annotated[float, Field(gt=0, le=1)]
    extended: Annotated[float, Field(gt=0, le=10)]
    target_volatility: Annotated[float, Field(gt=0, le=3)]
    steps: Steps
    stablecoins: StepShares

    def stablecoin_share(self, step: RiskStep) -> float:
        return float(getattr(self.stablecoins, step.value))

    def threshold(self, step: RiskStep) -> float:
        """The score from which `step` holds; 0 for normal."""
        return 0.0 if step is RiskStep.NORMAL else float(getattr(self.steps, step.value))


@cache
def modes() -> dict[str, Mode]:
    """Every risk mode by id, in the order of modes.toml."""
    return dict(load_table("modes.toml", Mode))


def mode(name: str) -> Mode:
    """The mode of that id; BadRequest names the ones there are."""
    try:
        return modes()[name]
    except KeyError:
        raise BadRequest(f"There is no mode called {name!r}; there are {', '.join(modes())}.") from None
