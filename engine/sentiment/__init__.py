"""Reads headlines: how kind a text is, and which tokens it speaks of."""

from engine.sentiment.names import Names, mentions
from engine.sentiment.scoring import score
from engine.sentiment.text import LONGEST, clean

__all__ = ["LONGEST", "Names", "clean", "mentions", "score"]
