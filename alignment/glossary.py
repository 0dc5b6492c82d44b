"""What stands in the glossary beside the definition that is signed: who answers for a term, what each team used to call it,
which terms belong to it, and leads that show what it means.

None of this is signed: it explains an agreement and changes nothing of what was agreed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.rules import AllOf, Points, Rule
from alignment.texts import optional_text

MOST_NAMES = 8
LONGEST_NAME = 60
LONGEST_MEANING = 400
LONGEST_NOTE = 300
MOST_EXAMPLES = 12

STARTING_TEXTS: Mapping[str, str] = {
    "lead": "A lead is a person, or a company, that has shown interest in what we sell or that fits the kind of customer we "
    "look for, and that we have a permitted way to reach. A competitor, a supplier, somebody who looks for a job, and "
    "whoever has asked not to be contacted is no lead.",
    "mql": "A marketing qualified lead is a lead that fits our customers in (industry, size, country) and has done something "
    "in the last (number) days that shows interest in buying, such as asking for a demo. Marketing hands it over to sales "
    "the same day, with at least the name, the company and a way to reach it.",
    "sal": "A sales accepted lead is an MQL that somebody of sales has looked at within the agreed time and takes on. Whoever "
    "does not take it on says why, with one of the agreed reasons.",
    "sql": "A sales qualified lead is an accepted lead that sales has spoken with and found that it has a need we can meet, "
    "that whoever we speak with can decide or brings us to who does, and that it means to decide within (number) months.",
    "opportunity": "An opportunity is a possible deal with a sales qualified lead that has a value, an expected day of "
    "decision and a next step that both sides have agreed on. It ends as won or as lost, with the reason.",
    "disqualified": "A lead is disqualified when it can never become a customer: it is outside the markets we serve, a "
    "competitor or a supplier, or cannot be reached. Whoever disqualifies it records the reason; it is not handed over "
    "again.",
    "recycled": "A lead is recycled when it fits but the time is not right. Sales hands it back to marketing with the reason "
    "and the month in which to look again; until then marketing keeps in touch and sales does not call.",
}
"""Text to begin a draft from, by the key of a built-in term. What stands in brackets is for the teams to fill in."""
_TO_FILL_IN = re.compile(r"\([^()]*\)")


def still_to_fill_in(term_key: str, text: str) -> tuple[str, ...]:
    """What the starting text of a term leaves to the teams, in brackets, and stands in `text` as it did there."""
    return tuple(part for part in _TO_FILL_IN.findall(STARTING_TEXTS.get(term_key, "")) if part in text)


@dataclass(frozen=True)
class TeamWords:
    """What one team said before there was an agreement: the names it `called` the thing, and what it `meant` by them."""

    called: tuple[str, ...] = ()
    meant: str = ""

    @property
    def told(self) -> bool:
        """Whether anything is known."""
        return bool(self.called or self.meant)


@dataclass(frozen=True)
class Example:
    """A real lead that shows what a term means: one that `qualifies`, or a counter-example that does not.

    `facts` are (label, text) of what the lead was like when it was picked, without anything that tells whose it is;
    `lead_id` is '' for whoever may not see leads.
    """

    id: str
    term_key: str
    lead_id: str
    qualifies: bool
    note: str
    facts: tuple[tuple[str, str], ...]
    added_by: str
    added_at: str


@dataclass(frozen=True)
class TermDetails:
    """What the glossary holds of a term besides its versions. `owners` are ids of people; `revision` 0 means untouched."""

    term_key: str
    owners: Mapping[Team, str] = field(default_factory=dict)
    words: Mapping[Team, TeamWords] = field(default_factory=dict)
    related: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    revision: int = 0

    def said_by(self, team: Team) -> TeamWords:
        """What a team said; empty where nothing is known."""
        return self.words.get(team, TeamWords())


def check_words(team: Team, called: Iterable[str], meant: object) -> TeamWords:
    """What a team said, as it can be kept: names without repetition. Raises InvalidInput, naming the team."""
    names: dict[str, str] = {}
    if isinstance(called, str) or not isinstance(called, Iterable):
        raise InvalidInput(f"What {team.label} called it has to be a list of names.")
    for name in called:
        text = optional_text(name, f"What {team.label} called it", LONGEST_NAME)
        if text:
            names.setdefault(text.casefold(), text)
    if len(names) > MOST_NAMES:
        raise InvalidInput(
            f"{team.label.capitalize()} has {len(names)} names; at most {MOST_NAMES} are kept."
        )
    return TeamWords(
        tuple(names.values()), optional_text(meant, f"What {team.label} meant by it", LONGEST_MEANING)
    )


def parts_of(rule: Rule) -> tuple[Rule, ...]:
    """The parts a rule is put together from, each as a rule of its own: of `all` each, of points each entry, else the whole."""
    match rule.root:
        case AllOf(parts):
            return tuple(Rule(part) for part in parts)
        case Points(entries):
            return tuple(Rule(entry.node) for entry in entries)
    return (rule,)


@dataclass(frozen=True)
class Entry:
    """What is searched of a term: its name, what each team called it, and its text (agreed, else in general)."""

    key: str
    name: str
    words: Mapping[Team, TeamWords]
    text: str


@dataclass(frozen=True)
class Hit:
    """A term that was found, and `why`, where that is not its name: such as `Sales called it “hot lead”`."""

    key: str
    why: str = ""


def search(entries: Sequence[Entry], query: str) -> list[Hit]:
    """The terms in which every word of `query` occurs, whatever its accents and capitals: those found by their name
    first, then by what a team called them, then by their text. All of them where nothing is asked for."""
    wanted = _letters(query).split()
    if not wanted:
        return [Hit(entry.key) for entry in entries]
    found: list[tuple[int, Hit]] = []
    for entry in entries:
        name = _letters(entry.name)
        called = [
            (team, alias)
            for team in Team
            for alias in entry.words.get(team, TeamWords()).called
            if all(word in _letters(alias) for word in wanted)
        ]
        everything = " ".join(
            [name, _letters(entry.text)]
            + [_letters(" ".join((*words.called, words.meant))) for words in entry.words.values()]
        )
        if all(word in name for word in wanted):
            found.append((0, Hit(entry.key)))
        elif called:
            team, alias = called[0]
            found.append((1, Hit(entry.key, f"{team.label.capitalize()} called it “{alias}”")))
        elif all(word in everything for word in wanted):
            found.append((2, Hit(entry.key, "Found in its text")))
    return [hit for _, hit in sorted(found, key=lambda pair: pair[0])]


def _letters(text: str) -> str:
    """Letters and digits without accents or capitals, other signs as spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = (sign for sign in plain if not unicodedata.combining(sign))
    return "".join(sign if sign.isalnum() else " " for sign in kept)


# ── what past leads say of a version, in words ───────────────────────────────────────────────────────────────────────


def evidence_sentences(document: Mapping[str, Any]) -> tuple[str, ...]:
    """What past leads say of a rule (`actions.what_if.find_evidence`), as sentences: how many pass, how many of them were won,
    who changes side against the version in force, and which fields may mislead.

    Evidence that was kept with a version has the same form, or says why leads could not tell. () for any other document.
    """
    if "cannot_tell" in document:
        return (f"Past leads cannot tell: {document['cannot_tell']}",)
    if "verdicts" not in document:
        return ()
    verdicts, window = document["verdicts"], document["window"]
    passed, failed, unknown = (verdicts[name] for name in ("passed", "failed", "unknown"))
    days = _days(window["first_day"], window["last_day"])
    a_week = "" if verdicts["a_week"] is None else f", about {verdicts['a_week']:,.0f} in a usual week"
    told = [_counted(passed["leads"], failed["leads"], unknown["leads"], days, a_week)]
    rates = [
        f"{whose} {_percent(one['win_rate'])}{_interval(one['interval'])}"
        for one, whose in (
            (passed, f"of {passed['won'] + passed['lost']:,} that would have qualified"),
            (failed, f"of {failed['won'] + failed['lost']:,} that would not"),
        )
        if one["win_rate"] is not None
    ]
    if rates:
        told.append(f"Among those that were won or lost since, {' and '.join(rates)} were won.")
    if verdicts["recall"] is not None:
        told.append(f"Of all that were won, it lets {_percent(verdicts['recall'])} through.")
    change = document["change"]
    if change:
        told.append(f"Against the version in force, {change['sentence'][:1].lower()}{change['sentence'][1:]}")
    return (*told, *(str(one["text"]) for one in document["warnings"]))


def _counted(passed: int, failed: int, unknown: int, days: str, a_week: str) -> str:
    said = f"{passed:,} of {passed + failed + unknown:,} leads{days} would have qualified{a_week}."
    return (
        f"{said} Of {unknown:,} it cannot tell, because a field that decides is empty." if unknown else said
    )


def _days(first: str | None, last: str | None) -> str:
    if not first or not last:
        return ""
    one, other = date.fromisoformat(first), date.fromisoformat(last)
    return f" that came from {one.day} {one:%B %Y} to {other.day} {other:%B %Y}"


def _percent(share: float) -> str:
    return f"{round(share * 100)}%"


def _interval(bounds: Sequence[float] | None) -> str:
    return f" (95% interval {_percent(bounds[0])} to {_percent(bounds[1])})" if bounds else ""
