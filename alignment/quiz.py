"""Five questions on what the teams agreed, drawn from the glossary: to keep the words fresh, not to examine anybody."""

import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alignment.glossary import TeamWords
from alignment.people import Team
from alignment.rules import Condition, Operator, Rule, conditions_of
from alignment.texts import number_text

LENGTH = 5
_MOST_OPTIONS = 4
_DRAWS = 6  # where questions rule each other out, how many there are depends on which came first
_GAP = "▁▁▁"
_NUMBER_WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = re.compile(
    rf"(?<![\w.,%/-])(\d{{1,3}}(?:,\d{{3}})+|\d{{1,7}}|{'|'.join(_NUMBER_WORDS)})(?![\w%/]|[.,]\d)"
)
_ANY_NUMBER = re.compile(rf"\d+(?:,\d{{3}})*|\b(?:{'|'.join(_NUMBER_WORDS)})\b")
_FOR_NAMES, _FOR_NUMBERS = ("name", "former_name"), ("gap", "threshold")
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
# how a definition begins, such as 'A sales accepted lead is': it would give the term away
_SUBJECT = re.compile(r"\A(?:\S+\s+){1,6}?(?=(?:is|are|means|works|has|comes|counts)\b)", re.IGNORECASE)
_THRESHOLDS = {
    Operator.AT_LEAST: "at least how much",
    Operator.GREATER: "more than how much",
    Operator.AT_MOST: "at most how much",
    Operator.LESS: "less than how much",
}


@dataclass(frozen=True)
class QuizTerm:
    """What a quiz may ask about a term: its agreed `text` and `rule`, what each team used to say, and leads as (facts,
    whether it counts, note). A term that is not agreed has no text; it can still be a wrong answer."""

    key: str
    name: str
    text: str = ""
    rule: Rule | None = None
    words: Mapping[Team, TeamWords] = field(default_factory=dict)
    examples: tuple[tuple[tuple[tuple[str, str], ...], bool, str], ...] = ()


@dataclass(frozen=True)
class QuizQuestion:
    """One question with its options, of which exactly one is right. `detail` is what it is about (a text or facts of a lead),
    `because` what to say once it is answered."""

    kind: str
    term_key: str
    prompt: str
    detail: str
    facts: tuple[tuple[str, str], ...]
    options: tuple[str, ...]
    right: int
    because: str


@dataclass(frozen=True)
class Quiz:
    """The questions drawn with one seed; fewer than five where the glossary gives no more."""

    seed: int
    questions: tuple[QuizQuestion, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the questions: another one means that the glossary has changed since they were drawn."""
        asked: list[Any] = [
            (one.prompt, one.detail, one.facts, one.options, one.right) for one in self.questions
        ]
        return hashlib.sha256(json.dumps(asked, ensure_ascii=False).encode()).hexdigest()

    def correct(self, answers: Sequence[int | None]) -> int:
        """How many of the answers, places among the options in the order of the questions, are right."""
        return sum(given == one.right for given, one in zip(answers, self.questions, strict=True))


def draw_quiz(terms: Sequence[QuizTerm], seed: int, length: int = LENGTH) -> Quiz:
    """Draw `length` questions, of as many kinds and terms as there are; the same for the same glossary and seed.

    No question gives the answer to another one away; there are fewer where there are no more such ones.
    """
    chance = random.Random(seed)
    possible = [question for term in terms if term.text for question in _questions(term, terms, chance)]
    best: tuple[QuizQuestion, ...] = ()
    for _ in range(_DRAWS):
        chance.shuffle(possible)
        # almost every question names its term, so that one for a term's name can rule out all the others of it
        unnamed = [question for question in possible if question.kind not in _FOR_NAMES]
        best = max(best, _drawn(possible, length), _drawn(unnamed, length), key=_worth)
        if len(best) == length:
            break
    return Quiz(seed, best)


def _worth(questions: tuple[QuizQuestion, ...]) -> tuple[int, int]:
    return len(questions), len({question.kind for question in questions})


def _drawn(possible: Sequence[QuizQuestion], length: int) -> tuple[QuizQuestion, ...]:
    left = list(possible)
    kinds: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    chosen: list[QuizQuestion] = []
    while left and len(chosen) < length:
        best = min(left, key=lambda one: (kinds[one.kind] + asked[one.term_key], kinds[one.kind]))
        left.remove(best)
        if any(
            (best.prompt, best.detail, best.facts) == (one.prompt, one.detail, one.facts)
            or gives_away(best, one)
            or gives_away(one, best)
            for one in chosen
        ):
            continue
        chosen.append(best)
        kinds[best.kind] += 1
        asked[best.term_key] += 1
    return tuple(chosen)


def gives_away(shown: QuizQuestion, asked: QuizQuestion) -> bool:
    """Whether who reads one question, and what is said once it is answered, has the answer to another one."""
    right = asked.options[asked.right]
    if asked.kind in _FOR_NAMES:
        named = re.compile(rf"(?<!\w){re.escape(right)}(?!\w)", re.IGNORECASE)
        return any(named.search(text) for text in (shown.prompt, shown.because))
    if shown.term_key != asked.term_key:
        return False
    if asked.kind == "meaning":  # both are told apart as soon as one is answered
        return shown.kind == asked.kind
    if asked.kind in _FOR_NUMBERS:
        texts = (shown.prompt, shown.detail, shown.because, *(text for _, text in shown.facts))
        return bool(_numbers(right) & _numbers(" ".join(texts)))
    return False


def _numbers(text: str) -> set[str]:
    """The numbers in a text, digits or words, each written in one way."""
    return {
        str(_NUMBER_WORDS.index(found) + 2) if found in _NUMBER_WORDS else found.replace(",", "").lstrip("0")
        for found in _ANY_NUMBER.findall(text.lower())
    }


def _questions(term: QuizTerm, terms: Sequence[QuizTerm], chance: random.Random) -> Iterator[QuizQuestion]:
    yield from _gaps(term, chance)
    if term.rule is not None:
        yield from _thresholds(term, term.rule, chance)
    yield from _names(term, terms, chance)
    yield from _former_names(term, terms, chance)
    yield from _meanings(term)
    yield from _leads(term)


def _gaps(term: QuizTerm, chance: random.Random) -> Iterator[QuizQuestion]:
    """A number in the agreed text, left out."""
    for sentence in _SENTENCE.finditer(term.text):
        words = sentence.group().strip()
        for found in _NUMBER.finditer(words):
            text = found.group()
            if text.isdigit() and len(text) == 4 and text[:2] in ("19", "20"):
                continue  # a year
            if text in _NUMBER_WORDS:
                place = _NUMBER_WORDS.index(text)
                near = [word for word in _NUMBER_WORDS[max(0, place - 3) : place + 4] if word != text]
            else:
                number = int(text.replace(",", ""))
                near = [f"{other:,}" if "," in text else str(other) for other in _other_numbers(number)]
            if len(near) < 2:
                continue
            yield _asked(
                "gap",
                term,
                f"Which number did we agree for {term.name}?",
                text,
                near,
                chance,
                detail=words[: found.start()] + _GAP + words[found.end() :],
                because=words,
            )


def _thresholds(term: QuizTerm, rule: Rule, chance: random.Random) -> Iterator[QuizQuestion]:
    for condition in conditions_of(rule):
        value = condition.value
        if not isinstance(condition, Condition) or condition.operator not in _THRESHOLDS:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0 or value != int(value):
            continue
        label = condition.field.replace("_", " ")
        asked = _THRESHOLDS[condition.operator]
        yield _asked(
            "threshold",
            term,
            f"By the rule of {term.name}, {label} is {asked}?",
            number_text(value),
            [number_text(other) for other in _other_numbers(int(value))],
            chance,
            because=f"{label} is {asked.removesuffix(' how much')} {number_text(value)}",
        )


def _names(term: QuizTerm, terms: Sequence[QuizTerm], chance: random.Random) -> Iterator[QuizQuestion]:
    others = [other.name for other in terms if other.key != term.key and other.text != term.text]
    if len(others) >= 2:
        hidden = re.compile(rf"(?<!\w){re.escape(term.name)}(?!\w)", re.IGNORECASE)
        yield _asked(
            "name",
            term,
            "Which of our terms did we agree to define so?",
            term.name,
            others,
            chance,
            detail=hidden.sub(_GAP, _SUBJECT.sub(f"{_GAP} ", term.text)),
            because=f"This is {term.name}",
        )


def _former_names(term: QuizTerm, terms: Sequence[QuizTerm], chance: random.Random) -> Iterator[QuizQuestion]:
    for team, words in term.words.items():
        for called in words.called:
            # a name that a team used for two things asks for two answers
            meant = [
                other
                for other in terms
                if other.name.casefold() == called.casefold()
                or any(
                    called.casefold() == name.casefold() for w in other.words.values() for name in w.called
                )
            ]
            others = [other.name for other in terms if other.key != term.key]
            is_its_own = [other.key for other in meant] == [
                term.key
            ] and term.name.casefold() != called.casefold()
            if is_its_own and len(others) >= 2:
                yield _asked(
                    "former_name",
                    term,
                    f"{team.label.capitalize()} used to say “{called}”. What do both teams call it now?",
                    term.name,
                    others,
                    chance,
                    because=f"“{called}” of {team.label} is what we call {term.name}",
                )


def _meanings(term: QuizTerm) -> Iterator[QuizQuestion]:
    """Who meant what: only where both said something, and not the same."""
    said = {team: term.words.get(team, TeamWords()).meant for team in Team}
    if all(said.values()) and len({text.casefold() for text in said.values()}) == len(said):
        for team, text in said.items():
            yield QuizQuestion(
                "meaning",
                term.key,
                f"Before we agreed, which team meant this by {term.name}?",
                text,
                (),
                tuple(one.label.capitalize() for one in Team),
                list(Team).index(team),
                f"So {team.label} meant it; {team.other.label} meant: {said[team.other]}",
            )


def _leads(term: QuizTerm) -> Iterator[QuizQuestion]:
    for facts, qualifies, note in term.examples:
        verdict = f"It {'counts' if qualifies else 'does not count'} as {term.name}"
        yield QuizQuestion(
            "lead",
            term.key,
            f"Does this lead count as {term.name}?",
            "",
            facts,
            ("Yes", "No"),
            0 if qualifies else 1,
            f"{verdict}: {note}" if note else verdict,
        )


def _asked(
    kind: str,
    term: QuizTerm,
    prompt: str,
    right: str,
    wrong: Sequence[str],
    chance: random.Random,
    *,
    detail: str = "",
    because: str,
) -> QuizQuestion:
    """A question with the right answer somewhere among a few wrong ones."""
    distinct = [text for text in dict.fromkeys(wrong) if text.casefold() != right.casefold()]
    options = [right, *chance.sample(distinct, min(_MOST_OPTIONS - 1, len(distinct)))]
    chance.shuffle(options)
    return QuizQuestion(kind, term.key, prompt, detail, (), tuple(options), options.index(right), because)


def _other_numbers(number: int) -> list[int]:
    """Numbers near enough to be mistaken for it, and as round."""
    if number <= 10:
        near = [number - 2, number - 1, number + 1, number + 2, number * 2]
    else:
        step = 10 ** (len(str(number)) - len(str(number).rstrip("0")))
        near = [round(number * factor / step) * step for factor in (0.5, 0.8, 1.5, 2, 4)]
    return [other for other in dict.fromkeys(near) if other > 0 and other != number]
