"""Any questionnaire that the portal can hold, and any answer that its questions offer."""

import itertools
from dataclasses import replace

import rule_strategies
from hypothesis import strategies as st

from alignment import rules
from alignment.consensus import USUAL_CONSENSUS, ConsensusRule
from alignment.people import Team
from alignment.questionnaires import (
    GUESSABLE,
    SETTINGS_OF,
    WITH_OPTIONS,
    CardVerdict,
    Condition,
    Mode,
    Pace,
    Question,
    Questionnaire,
    QuestionTranslation,
    QuestionType,
    Translation,
)
from alignment.texts import optional_text

_letters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="|>\u2028\u2029\x85")


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    """Trimmed text in one line, as the portal keeps it."""
    return (
        st.text(_letters, min_size=1, max_size=longest)
        .map(lambda text: optional_text(text, "x"))
        .filter(lambda text: 0 < len(text) <= longest)
    )


keys = st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True).filter(
    lambda key: key not in ("person", "team")
)
consensus_rules = st.tuples(
    st.floats(0.5, 1, exclude_min=True), st.floats(0, 0.5, exclude_min=True), st.floats(1e-6, 1 - 1e-6)
).map(lambda drawn: ConsensusRule(drawn[0], drawn[1], drawn[0] * drawn[2]))
numbers = st.floats(-1e9, 1e9, allow_nan=False)
maybe = st.just("") | texts()
languages = st.sampled_from(["de", "fr", "pt-BR"])


@st.composite
def questions(draw: st.DrawFn, key: str, topic: str) -> Question:
    """Any question with this key and topic, without a condition."""
    kind = draw(st.sampled_from(QuestionType))
    wording = {Team.SALES: draw(texts()), Team.MARKETING: draw(texts())}
    more: dict = {
        "help": draw(maybe),
        "title": draw(maybe),
        "required": draw(st.booleans()),
        "guess": kind in GUESSABLE and draw(st.booleans()),
        "field": draw(st.just("") | keys) if "field" in SETTINGS_OF[kind] else "",
    }
    match kind:
        case QuestionType.CHOICE | QuestionType.CHOICES | QuestionType.RANKING:
            more["options"] = tuple(draw(st.lists(texts(), min_size=2, max_size=6, unique=True)))
        case QuestionType.SCALE:
            more["points"] = draw(st.integers(2, 11))
            more["ends"] = (draw(texts()), draw(texts()))
        case QuestionType.NUMBER:
            low, high = sorted(draw(st.lists(numbers, min_size=2, max_size=2, unique=True)))
            more["minimum"] = draw(st.none() | st.just(low))
            more["maximum"] = draw(st.none() | st.just(high))
            more["unit"] = draw(maybe)
        case QuestionType.LEAD_CARDS:
            more["count"] = draw(st.integers(1, 40))
            more["fields"] = tuple(draw(st.lists(keys, max_size=3, unique=True)))
    if kind is QuestionType.RANKING:
        more["top"] = draw(st.none() | st.integers(1, len(more["options"])))
    plain = Question(key, topic, kind, wording, **more)
    chosen = draw(st.lists(languages, max_size=2, unique=True))
    return replace(plain, translations={language: draw(_translated(plain)) for language in chosen})


@st.composite
def _translated(draw: st.DrawFn, question: Question) -> QuestionTranslation:
    both = st.fixed_dictionaries({team: texts() for team in Team})
    size = len(question.options)
    labels = st.lists(texts(), min_size=size, max_size=size, unique=True).map(tuple)
    return QuestionTranslation(
        draw(st.just({}) | both),
        draw(maybe),
        draw(maybe),
        draw(labels) if question.type in WITH_OPTIONS and draw(st.booleans()) else (),
        draw(st.none() | st.tuples(texts(), texts())) if question.type is QuestionType.SCALE else None,
        draw(maybe),
    )


def conditions_on(question: Question) -> st.SearchStrategy[Condition | None]:
    """Any condition that can depend on this question; None where none can."""
    some = {"min_size": 1, "max_size": 2, "unique": True}
    match question.type:
        case QuestionType.CHOICE | QuestionType.CHOICES:
            found = st.lists(st.sampled_from(question.options), **some)
        case QuestionType.YES_NO:
            found = st.lists(st.booleans(), **some)
        case QuestionType.SCALE | QuestionType.NUMBER:
            return st.tuples(numbers, numbers, st.sampled_from(["low", "high", "both"])).map(
                lambda drawn: Condition(
                    question.key,
                    (),
                    None if drawn[2] == "high" else min(drawn[:2]),
                    None if drawn[2] == "low" else max(drawn[:2]),
                )
            )
        case _:
            return st.none()
    return st.none() | found.map(lambda any_of: Condition(question.key, tuple(any_of)))


@st.composite
def questionnaires(draw: st.DrawFn) -> Questionnaire:
    """Any questionnaire of a few questions."""
    topics = draw(st.lists(keys, min_size=1, max_size=3, unique=True))
    named = draw(st.lists(keys, min_size=1, max_size=5, unique=True))
    asked = [draw(questions(key, draw(st.sampled_from(topics)))) for key in named]
    used = list(dict.fromkeys(question.topic for question in asked))
    order = sorted(range(len(asked)), key=lambda at: used.index(asked[at].topic))  # as they are answered
    for before, at in itertools.pairwise(order):
        asked[at] = replace(asked[at], ask_if=draw(conditions_on(asked[before])))
    headings = {topic: draw(texts()) for topic in used if draw(st.booleans())}
    translated = draw(st.lists(languages, max_size=2, unique=True))
    return Questionnaire(
        draw(texts()),
        draw(st.sampled_from(Mode)),
        draw(st.integers(3, 50)),
        tuple(asked),
        draw(maybe),
        headings,
        draw(st.sampled_from(Pace)),
        tuple(draw(st.lists(st.sampled_from(used), max_size=3, unique=True))),
        draw(st.sampled_from(["en", "nl"])),
        {
            language: Translation(
                draw(maybe), draw(maybe), {topic: draw(texts()) for topic in used if draw(st.booleans())}
            )
            for language in translated
        },
        draw(st.just(USUAL_CONSENSUS) | consensus_rules),
    )


def answers_to(question: Question) -> st.SearchStrategy:
    """Any answer that the question offers, 'can't say' (None) included."""
    match question.type:
        case QuestionType.CHOICE:
            said = st.sampled_from(question.options)
        case QuestionType.CHOICES:
            said = st.lists(st.sampled_from(question.options), min_size=1, unique=True)
        case QuestionType.YES_NO:
            said = st.booleans()
        case QuestionType.SCALE:
            said = st.integers(1, question.points)
        case QuestionType.NUMBER:
            low = -1e12 if question.minimum is None else question.minimum
            high = 1e12 if question.maximum is None else question.maximum
            said = st.floats(low, high, allow_nan=False)
        case QuestionType.RANKING:
            most = question.top or len(question.options)
            said = st.lists(st.sampled_from(question.options), min_size=1, max_size=most, unique=True)
        case QuestionType.RULE:
            said = rule_strategies.rules.map(rules.to_document)
        case QuestionType.LEAD_CARDS:
            judged = st.fixed_dictionaries(
                {"verdict": st.sampled_from(CardVerdict).map(str)}, optional={"reason": texts(100)}
            )
            number = st.integers(1, question.count).map(str)
            said = st.dictionaries(number, judged, min_size=1, max_size=5)
        case _:
            said = texts(200)
    return st.none() | said
