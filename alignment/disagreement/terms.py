"""Free text: which words and phrases more people of the one team use than of the other. Told, never judged.

Monroe, Colaresi & Quinn (2008), "Fightin' Words", Political Analysis 16: log-odds with an informative Dirichlet prior, of
**people** who use a term, so that one who says it ten times counts once.
"""

import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alignment.disagreement.stop_words import ELISIONS, NEGATIONS, STOP_WORDS
from alignment.people import Team
from alignment.questionnaires import Question, Response

Array = NDArray[Any]

PRIOR_PEOPLE = 5.0
"""The prior weighs as much as so many people of each team who talk as both teams together do."""

SAID_MORE_FROM = 1.0
"""|z| from which a term is called said more by a team: one standard error. A manner of speaking, not a test."""

MOST_TERMS = 15
"""So many terms at most are told of each team, and of both."""

LONGEST_WORD = 40
"""What is longer is no word but an address, a key, or a keyboard that slipped."""


@dataclass(frozen=True)
class Term:
    """A word, or a phrase of two words, in lower case: letters, numbers, and hyphens or apostrophes within.

    `people` of each team use it; None stands for fewer than the group whose own words may be shown, nobody included.
    `log_odds` (δ) is above 0 where more of sales use it, `z` is δ over its standard error. Where a team's people are
    None, both are computed as if half the group used the term, so that they tell no more than that. `said_more_by` is
    None where about as many of both use it.
    """

    text: str
    people: Mapping[Team, int | None]
    log_odds: float
    z: float
    said_more_by: Team | None

    def as_dict(self) -> dict[str, Any]:
        """The term, ready for `json.dumps`."""
        return {
            "term": self.text,
            "people": {team.value: self.people[team] for team in Team},
            "log_odds": self.log_odds,
            "z": self.z,
            "said_more_by": None if self.said_more_by is None else self.said_more_by.value,
        }


@dataclass(frozen=True)
class Terms:
    """What the teams say of a question in their own words, the terms that tell them apart most first.

    `wrote` is how many people of each team wrote something, and empty where that may not be told: then `reason` says why
    nothing is shown. `least` is the smallest number of people of whom a term is told.
    """

    least: int
    wrote: Mapping[Team, int] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()
    reason: str = ""

    def said_more_by(self, team: Team | None) -> tuple[Term, ...]:
        """The terms that more of this team use; of None those that about as many of both do, and enough of each."""
        return tuple(term for term in self.terms if term.said_more_by is team)

    def people_text(self, term: Term, team: Team) -> str:
        """How many of a team use a term, in words: '7 of 9', 'fewer than 5 of 8'."""
        people = term.people[team]
        return f"{f'fewer than {self.least}' if people is None else people} of {self.wrote[team]}"

    def as_dict(self) -> dict[str, Any]:
        """The terms, ready for `json.dumps`."""
        return {
            "wrote": {team.value: people for team, people in self.wrote.items()},
            "fewest_people": self.least,
            "terms": [term.as_dict() for term in self.terms],
            "reason": self.reason,
        }


def compare_terms(
    question: Question, responses: Sequence[Response], least: int, languages: Sequence[str] = ("en",)
) -> Terms:
    """The terms of both teams in their answers to a question in free text; `least` people make a group.

    `languages` are those the questionnaire is put in, for the words that say nothing. Nothing is told unless `least`
    people of each team wrote something.
    """
    written: dict[Team, list[str]] = {team: [] for team in Team}
    for response in responses:
        text = response.answers.get(question.key)
        if isinstance(text, str) and text.strip():
            written[response.team].append(text)
    return terms_of(written, least, languages)


def terms_of(written: Mapping[Team, Sequence[str]], least: int, languages: Sequence[str] = ("en",)) -> Terms:
    """`compare_terms` of texts: one text a person, by team. The order of people changes nothing."""
    least = max(least, 1)
    wrote = {team: len(written.get(team, ())) for team in Team}
    if min(wrote.values()) < least:
        return Terms(
            least,
            reason=f"Terms are compared when at least {least} people of each team have written something.",
        )
    labels, people = _count_people([written[team] for team in Team], least, languages)
    kept = people.max(axis=0, initial=0) >= least
    labels, people = [label for label, keep in zip(labels, kept, strict=True) if keep], people[:, kept]
    told = people >= least
    counts = np.where(told, people, (least - 1) / 2)
    unneeded = _said_by_a_phrase(labels, counts)
    sizes = np.array([wrote[team] for team in Team], dtype=np.float64)
    delta, z = log_odds(counts, sizes)
    found = [
        Term(
            text=" ".join(label),
            people={
                team: int(people[side, index]) if told[side, index] else None
                for side, team in enumerate(Team)
            },
            log_odds=float(delta[index]),
            z=float(z[index]),
            said_more_by=_whose(float(z[index])),
        )
        for index, label in enumerate(labels)
        if index not in unneeded and (told[:, index].all() or abs(z[index]) >= SAID_MORE_FROM)
    ]
    return Terms(
        least,
        wrote,
        _most_telling(found),
        "" if found else f"No word is used by {least} people of one team.",
    )


def log_odds(counts: ArrayLike, sizes: ArrayLike) -> tuple[Array, Array]:
    """δ and z of each term, from `counts` of people who use it, of shape (2, terms), in teams of `sizes`, of shape (2,).

    δ = ln((y_A + α)/(n_A + α₀ − y_A − α)) − the same for B, z = δ / √(1/(y_A + α) + 1/(y_B + α)) (Monroe, Colaresi &
    Quinn 2008, equations 16, 19 and 22). The prior is what both teams say together, α = α₀ (y + ½)/(n + 1) with
    α₀ = `PRIOR_PEOPLE`; the half keeps the odds finite where everybody uses a term.
    """
    used, people = np.asarray(counts, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    prior = PRIOR_PEOPLE * (used.sum(axis=0) + 0.5) / (people.sum() + 1)
    with_prior = used + prior
    odds = np.log(with_prior / (people[:, None] + PRIOR_PEOPLE - with_prior))
    delta = odds[0] - odds[1]
    return delta, delta / np.sqrt((1 / with_prior).sum(axis=0))


def _whose(z: float) -> Team | None:
    if abs(z) < SAID_MORE_FROM:
        return None
    return Team.SALES if z > 0 else Team.MARKETING


def _most_telling(found: Sequence[Term]) -> tuple[Term, ...]:
    ordered = sorted(found, key=lambda term: (-round(abs(term.z), 9), term.text))
    of_both = sorted(
        (term for term in ordered if term.said_more_by is None),
        key=lambda term: (-sum(people or 0 for people in term.people.values()), term.text),
    )
    of_teams = {
        id(term) for team in Team for term in [t for t in ordered if t.said_more_by is team][:MOST_TERMS]
    }
    shown = of_teams | {id(term) for term in of_both[:MOST_TERMS]}
    return tuple(term for term in ordered if id(term) in shown)


def _said_by_a_phrase(labels: Sequence[tuple[str, ...]], counts: Array) -> set[int]:
    """The words that are told of as many people as a phrase with them: the phrase says it all."""
    where = {label: index for index, label in enumerate(labels)}
    found = set()
    for phrase, index in where.items():
        for word in phrase if len(phrase) == 2 else ():
            single = where.get((word,))
            if single is not None and np.array_equal(counts[:, single], counts[:, index]):
                found.add(single)
    return found


def _count_people(
    sides: Sequence[Sequence[str]], least: int, languages: Sequence[str]
) -> tuple[list[tuple[str, ...]], Array]:
    """The terms, and how many people of each side use them, of shape (sides, terms).

    Of phrases only those come in whose words enough people use: of no other could there be enough.
    """
    ids: defaultdict[str, int] = defaultdict(count().__next__)
    pattern = _pattern()
    texts = [np.array([ids[one] for one in pattern.findall(_plain(t))], np.int64) for s in sides for t in s]
    person = np.repeat(np.arange(len(texts)), [text.size for text in texts])
    raw = np.concatenate(texts) if texts else np.zeros(0, np.int64)
    words, of_raw, is_term, may_lead = _vocabulary(list(ids), np.bincount(raw, minlength=len(ids)), languages)
    token, size = of_raw[raw], max(len(words), 1)
    side_of = np.repeat(np.arange(len(sides)), [len(side) for side in sides])

    def people_by_side(of_person: Array, code: Array, codes: int) -> Array:
        each = _distinct(of_person * codes + code)
        place = side_of[each // codes] * codes + each % codes
        return np.bincount(place, minlength=len(sides) * codes).reshape(len(sides), codes)

    people = people_by_side(person, token, size)
    common = people.max(axis=0, initial=0) >= least
    leads, follows = (may_lead & common)[token[:-1]], (is_term & common)[token[1:]]
    neighbours = np.flatnonzero(leads & follows & (person[:-1] == person[1:]))
    pairs, pair = np.unique(token[neighbours] * size + token[neighbours + 1], return_inverse=True)
    of_pairs = people_by_side(person[neighbours], pair, max(pairs.size, 1))[:, : pairs.size]
    single = np.flatnonzero(is_term & common)
    labels: list[tuple[str, ...]] = [(words[index],) for index in single]
    labels += [(words[index // size], words[index % size]) for index in pairs]
    return labels, np.concatenate([people[:, single], of_pairs], axis=1)


def _distinct(values: Array) -> Array:
    ordered = np.sort(values)  # many times faster than np.unique on millions of values
    return ordered[np.diff(ordered, prepend=-1) > 0]


def _vocabulary(
    raw: Sequence[str], used: Array, languages: Sequence[str]
) -> tuple[list[str], Array, Array, Array]:
    """What was read, sorted out: the words, which one each of `raw` is, whether it is a term, and may begin a phrase.

    Forms that differ in case or in ß and ss only are one word, written as it is most often.
    """
    known = [language.casefold()[:2] for language in languages]
    stop = frozenset().union(*(STOP_WORDS.get(one, frozenset()) for one in known))
    negations = frozenset().union(*(NEGATIONS.get(one, frozenset()) for one in known))
    elisions = tuple(prefix for one in known for prefix in ELISIONS.get(one, ()))
    keys: dict[str, int] = {}
    forms: defaultdict[int, Counter[str]] = defaultdict(Counter)
    of_raw = np.zeros(len(raw), np.int64)
    for index, (form, times) in enumerate(zip(raw, used, strict=True)):
        bare = _bare(form, stop | negations, elisions)
        of_raw[index] = keys.setdefault(bare.casefold(), len(keys))
        forms[int(of_raw[index])][bare] += int(times)
    words = [min(forms[place].items(), key=lambda item: (-item[1], item[0]))[0] for place in range(len(keys))]
    is_term = np.array([_is_term(key) and key not in stop and key not in negations for key in keys], bool)
    return words, of_raw, is_term, is_term | np.array([key in negations for key in keys], bool)


def _bare(form: str, known: frozenset[str], elisions: tuple[str, ...]) -> str:
    """The word without what is grown together with it: l'entreprise is entreprise, the lead's is lead."""
    if "'" not in form or form.casefold() in known:
        return form
    for prefix in elisions:
        if form.startswith(prefix) and len(form) > len(prefix):
            return form[len(prefix) :]
    return form.removesuffix("'s") or form


def _is_term(key: str) -> bool:
    return key[:1].isalnum() and len(key) <= LONGEST_WORD and (len(key) > 1 or key.isnumeric())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'")


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Words and numbers; and, each by itself, what stands between the words and ends a phrase.

    A word is letters and digits with the marks on them (the vowel signs of Hindi or Arabic are marks); hyphens,
    apostrophes and joiners may stand within, and in a number points and commas.
    """
    marks = "".join(
        f"\\U{code:08x}" for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "M"
    )
    letters = f"[^\\W_]+(?:[{marks}]+[^\\W_]*)*"
    return re.compile(rf"\d+(?:[.,:]\d+)+|{letters}(?:['\-\u2010\u2011\u200c\u200d]{letters})*|\S|\n")
