"""The tables behind sentiment: what is wrong in them is said, and every entry of the lexicon does what it says."""

from __future__ import annotations

import re

import pytest

from engine.errors import BadConfiguration
from engine.sentiment import Names, score
from engine.sentiment.lexicon import Group, Lexicon, lexicon
from engine.sentiment.manners import KINDS, Entry, Manners, manners
from engine.tables import load_table

FINE = '[a]\nrole = "valence"\nweight = 1\nwords = "one two"\nphrases = ["three four"]\n'
SPEAKING = sorted(
    (term, roles["valence"].weight) for term, roles in lexicon().terms.items() if set(roles) == {"valence"}
)


def lexicon_of(text: str) -> Lexicon:
    return Lexicon.of(load_table("lexicon.toml", Group, text).values())


def test_a_table_is_read_term_by_term() -> None:
    terms = lexicon_of(FINE).terms
    assert {term: roles["valence"].weight for term, roles in terms.items()} == {
        ("one",): 1, ("two",): 1, ("three", "four"): 1,
    }  # fmt: skip


@pytest.mark.parametrize(("wrong", "complaint"), [
    (FINE.replace("1", "9"), r"\[a\] weight: input should be less than or equal to 4"),
    (FINE.replace("valence", "mood"), r"\[a\] role"),
    (FINE.replace("two", "Two"), r"'Two' is not in lower case"),
    ('[a]\nrole = "stop"\nweight = 1\n', "has neither words nor phrases"),
    (FINE.replace("two", "one"), r"\[a\] 'one' stands as valence already"),
    (FINE + FINE.replace("[a]", "[b]").replace("one two", "five"), r"\[b\] 'three four' stands as valence already"),
    (FINE + 'needs = "number"\n', "needs is for what moves"),
    (FINE + "colour = 1\n", r"\[a\] colour"),
    ("[a", "not valid TOML"),
])  # fmt: skip
def test_a_wrong_lexicon_is_refused_by_entry(wrong: str, complaint: str) -> None:
    with pytest.raises(BadConfiguration, match=complaint):
        lexicon_of(wrong)


@pytest.mark.parametrize(("wrong", "complaint"), [
    ('[ambiguous]\nwords = "ONE"\n', "'ONE' is not in lower case"),
    ('[ambiguous]\nwords = "one"\n', r"no \[capitals\], \[capitalised\], \[context\], \[market\], \[tr"),
    ('[other]\nwords = "one"\n', r"\[other\] id"),
])  # fmt: skip
def test_a_wrong_table_of_mentions_is_refused_by_entry(wrong: str, complaint: str) -> None:
    with pytest.raises(BadConfiguration, match=complaint):
        Manners.of(load_table("mentions.toml", Entry, wrong))


def test_no_table_of_mentions_is_empty_and_no_name_of_the_foreign_leads_to_a_token() -> None:
    assert all(getattr(manners(), kind) for kind in KINDS)
    nobody = Names.of([])
    assert all(nobody.find(phrase.title()) == set() for phrase in manners().foreign)


@pytest.mark.parametrize(("term", "weight"), SPEAKING, ids=[" ".join(term) for term, _ in SPEAKING])
def test_a_term_that_only_speaks_is_heard_as_its_table_says(term: tuple[str, ...], weight: float) -> None:
    heard = score(f"they call it {' '.join(term)} here")
    assert heard * weight > 0 if weight else heard == 0


def test_every_direction_goes_its_own_way_with_what_is_good_and_with_what_is_bad() -> None:
    for term, roles in lexicon().terms.items():
        sense = roles.get("direction")
        if sense is None or sense.needs:
            continue
        word = " ".join(term)
        assert score(f"profit {word} 5%") * sense.weight > 0, word
        assert score(f"unemployment {word} 5%") * sense.weight < 0, word
        assert score(f"volatility {word} 5%") == 0, word


def test_phrases_are_written_as_they_are_looked_up() -> None:
    for term in lexicon().terms:
        assert len(term) == 1 or not re.search(r"[-,;:!?]", " ".join(term)), term
