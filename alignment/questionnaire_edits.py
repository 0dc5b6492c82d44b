"""Editing a questionnaire, one step at a time: each function takes a questionnaire and returns another valid one.

What cannot be done raises InvalidInput with a sentence that says what to do first. Questions are kept in the order in
which they are asked: section by section.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from typing import Any

from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaire_files import InvalidQuestionnaire, from_document, to_document
from alignment.questionnaires import (
    CARDS,
    GUESSABLE,
    SETTINGS_OF,
    SMALLEST_GROUP,
    WITH_OPTIONS,
    Condition,
    Mode,
    Pace,
    Question,
    Questionnaire,
    QuestionTranslation,
    QuestionType,
    Section,
    Translation,
)
from alignment.texts import number_text

NEW_WORDING = "New question"
NEW_OPTIONS = ("First answer", "Second answer")
NEW_SECTION = "Questions"
_LONGEST_KEY = 40
_FIRST_WORDING = {
    QuestionType.RULE: "When is a lead qualified? Put it as a rule.",
    QuestionType.LEAD_CARDS: "Would you call this lead qualified?",
}
_TEXTS = ("wording", "title", "help")
_CHANGEABLE = frozenset(
    {*_TEXTS, "required", "guess", "ask_if", *(name for names in SETTINGS_OF.values() for name in names)}
)
_LABELS = {
    "title": "The title",
    "introduction": "The introduction",
    "topics": "The heading",
    "min_group": "The smallest group",
    "language": "The language",
    "translations": "The translation",
    "importance": "The importance of a section",
    "key": "The name in files",
    "wording": "The question",
    "text": "The question",
    "help": "The help text",
    "options": "The answers",
    "points": "The points of the scale",
    "ends": "The ends of the scale",
    "unit": "The unit",
    "minimum": "The smallest number",
    "maximum": "The largest number",
    "top": "The number of places",
    "count": "The number of lead cards",
    "fields": "The fields on the lead cards",
    "ask_if": "The condition",
}


# ── beginning ────────────────────────────────────────────────────────────────────────────────────────────────────────


def blank_questionnaire(title: str) -> Questionnaire:
    """A questionnaire with one section and one question, to be written over. Raises InvalidInput without a title."""
    return _checked(
        Questionnaire(
            title,
            Mode.CONFIDENTIAL,
            SMALLEST_GROUP,
            (_new_question("question_1", "questions", QuestionType.CHOICE),),
            topics={"questions": NEW_SECTION},
        )
    )


def is_unwritten(question: Question) -> bool:
    """Whether the question or its answers still stand as they were put in, for someone to write over."""
    return NEW_WORDING in question.wording.values() or bool(set(NEW_OPTIONS) & set(question.options))


def in_order(questionnaire: Questionnaire) -> tuple[Question, ...]:
    """The questions in the order in which they are asked, section by section."""
    return tuple(question for section in questionnaire.sections for question in section.questions)


def unwritten(questionnaire: Questionnaire) -> tuple[Question, ...]:
    """The questions that nobody has written yet."""
    return tuple(question for question in questionnaire.questions if is_unwritten(question))


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────


def add_question(
    questionnaire: Questionnaire, kind: QuestionType, topic: str, *, after: str | None = None
) -> tuple[Questionnaire, str]:
    """The questionnaire with a new question in section `topic`, at its end or after the one named; and its key."""
    section = _section(questionnaire, topic)
    key = free_key(questionnaire, f"question_{len(questionnaire.questions) + 1}")
    names = [question.key for question in section.questions]
    place = names.index(after) + 1 if after in names else len(names)
    added = list(section.questions)
    added.insert(place, _new_question(key, topic, kind))
    return _with_section(questionnaire, topic, added), key


def change_question(questionnaire: Questionnaire, key: str, **changes: Any) -> Questionnaire:
    """The questionnaire with another wording, title, help, options, bounds, condition and so on of one question.

    An answer that was only renamed keeps its translations and the conditions that name it; one that a condition names
    cannot be taken out before that. For the type see `change_type`, for the key `rename_question`, for the section
    `move_question`. Raises InvalidInput for what cannot be, and TypeError for what is not there to change.
    """
    unknown = set(changes) - _CHANGEABLE
    if unknown:
        raise TypeError(f"no such change: {', '.join(sorted(unknown))}")
    question = _question(questionnaire, key)
    changed = replace(question, **changes)
    if "wording" in changes:
        _check_wording(changed)
    if "options" in changes and changed.type in WITH_OPTIONS:
        return _with_options(questionnaire, question, changed)
    return _with_questions(questionnaire, {key: changed})


def change_type(questionnaire: Questionnaire, key: str, kind: QuestionType) -> Questionnaire:
    """The questionnaire with the question answered in another way; settings that the new type lacks are gone.

    Answers to choose from stay, where the new type has some, too. Raises InvalidInput when a condition needs the old type.
    """
    question = _question(questionnaire, key)
    if kind is question.type:
        return questionnaire
    changed = _fitting(replace(question, type=kind))
    if kind in WITH_OPTIONS and not changed.options:
        changed = replace(changed, options=NEW_OPTIONS)
    for other in questionnaire.depending_on(key):
        if other.ask_if is not None and not _can_depend(changed, other.ask_if):
            raise InvalidInput(
                f"‘{other.name}’ is asked depending on the answer to this question. Change its condition first."
            )
    return _with_questions(questionnaire, {key: changed})


def rename_question(questionnaire: Questionnaire, key: str, new_key: str) -> Questionnaire:
    """The questionnaire with another key of the question; conditions follow it."""
    question = _question(questionnaire, key)
    if new_key == key:
        return questionnaire
    if any(other.key == new_key for other in questionnaire.questions):
        raise InvalidInput(f"Another question already has the name ‘{new_key}’. Give this one its own.")
    changed = {key: replace(question, key=new_key)}
    for other in questionnaire.depending_on(key):
        if other.ask_if is not None:
            changed[other.key] = replace(other, ask_if=replace(other.ask_if, question=new_key))
    return _with_questions(questionnaire, changed)


def duplicate_question(questionnaire: Questionnaire, key: str) -> tuple[Questionnaire, str]:
    """The questionnaire with the question once more, right after itself; and the copy's key."""
    question = _question(questionnaire, key)
    copy_key = free_key(questionnaire, key)
    section = _section(questionnaire, question.topic)
    added = list(section.questions)
    added.insert(added.index(question) + 1, replace(question, key=copy_key))
    return _with_section(questionnaire, question.topic, added), copy_key


def delete_question(
    questionnaire: Questionnaire, key: str, *, drop_conditions: bool = False
) -> Questionnaire:
    """The questionnaire without the question; a section without questions goes with it.

    Raises InvalidInput for the last question, and where conditions depend on this one, unless they are to be dropped.
    """
    _question(questionnaire, key)
    return _without(questionnaire, {key}, drop_conditions)


def move_question(
    questionnaire: Questionnaire, key: str, *, topic: str | None = None, place: int | None = None
) -> Questionnaire:
    """The questionnaire with the question in section `topic` (None: its own) before the one at `place` (None: last).

    A section that loses its last question is gone. Raises InvalidInput where a condition needs the old order.
    """
    question = _question(questionnaire, key)
    target = _section(questionnaire, question.topic if topic is None else topic).key
    sections = [
        (section.key, [q for q in section.questions if q.key != key]) for section in questionnaire.sections
    ]
    for name, found in sections:
        if name == target:
            at = len(found) if place is None else max(0, min(place, len(found)))
            found.insert(at, replace(question, topic=target))
    return _with_order(questionnaire, sections)


def shift_question(questionnaire: Questionnaire, key: str, by: int) -> Questionnaire:
    """The questionnaire with the question one place earlier (`by` -1) or later (1), into the next section at an edge.

    At the very beginning or end nothing changes.
    """
    question = _question(questionnaire, key)
    sections = questionnaire.sections
    at = next(number for number, section in enumerate(sections) if section.key == question.topic)
    place = sections[at].questions.index(question) + by
    if 0 <= place < len(sections[at].questions):
        return move_question(questionnaire, key, place=place)
    if not 0 <= at + by < len(sections):
        return questionnaire
    neighbour = sections[at + by]
    return move_question(questionnaire, key, topic=neighbour.key, place=0 if by > 0 else None)


# ── sections ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def add_section(
    questionnaire: Questionnaire,
    title: str,
    kind: QuestionType = QuestionType.CHOICE,
    *,
    after: str | None = None,
) -> tuple[Questionnaire, str]:
    """The questionnaire with a new section, last or after the one named, and the key of the new question in it."""
    taken = [section.key for section in questionnaire.sections]
    topic = _free(_slug(title, "section"), taken)
    key = free_key(questionnaire, f"question_{len(questionnaire.questions) + 1}")
    sections = [(section.key, list(section.questions)) for section in questionnaire.sections]
    at = taken.index(after) + 1 if after in taken else len(sections)
    sections.insert(at, (topic, [_new_question(key, topic, kind)]))
    headed = replace(questionnaire, topics={**questionnaire.topics, topic: title})
    return _with_order(headed, sections), key


def rename_section(questionnaire: Questionnaire, topic: str, title: str) -> Questionnaire:
    """The questionnaire with another heading of the section. Raises InvalidInput for an empty one."""
    _section(questionnaire, topic)
    return _checked(replace(questionnaire, topics={**questionnaire.topics, topic: title}))


def shift_section(questionnaire: Questionnaire, topic: str, by: int) -> Questionnaire:
    """The questionnaire with the section one place earlier (`by` -1) or later (1); at the edge nothing changes."""
    section = _section(questionnaire, topic)
    sections = [(s.key, list(s.questions)) for s in questionnaire.sections]
    at = questionnaire.sections.index(section)
    if not 0 <= at + by < len(sections):
        return questionnaire
    sections.insert(at + by, sections.pop(at))
    return _with_order(questionnaire, sections)


def delete_section(
    questionnaire: Questionnaire, topic: str, *, drop_conditions: bool = False
) -> Questionnaire:
    """The questionnaire without the section and its questions; raises InvalidInput like `delete_question`."""
    section = _section(questionnaire, topic)
    return _without(questionnaire, {question.key for question in section.questions}, drop_conditions)


# ── head and languages ───────────────────────────────────────────────────────────────────────────────────────────────


def change_head(
    questionnaire: Questionnaire,
    *,
    title: str | None = None,
    introduction: str | None = None,
    mode: Mode | None = None,
    min_group: int | None = None,
    pace: Pace | None = None,
    importance: Iterable[str] | None = None,
) -> Questionnaire:
    """The questionnaire with another title and so on; None leaves a setting as it is."""
    changed: dict[str, Any] = {
        "title": title,
        "introduction": introduction,
        "mode": mode,
        "min_group": min_group,
        "pace": pace,
        "importance": None if importance is None else tuple(importance),
    }
    return _checked(
        replace(questionnaire, **{name: value for name, value in changed.items() if value is not None})
    )


def change_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """The questionnaire whose own texts are said to be in `language`. Raises InvalidInput where it is translated into it."""
    if language != questionnaire.language and language in questionnaire.languages:
        raise InvalidInput("There are translations into this language. Remove them first.")
    return _checked(replace(questionnaire, language=language))


def add_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """The questionnaire with another language to translate into. Raises InvalidInput for one that there is already."""
    if language in questionnaire.languages:
        raise InvalidInput("This language is there already.")
    return _checked(
        replace(questionnaire, translations={**questionnaire.translations, language: Translation()})
    )


def remove_language(questionnaire: Questionnaire, language: str) -> Questionnaire:
    """The questionnaire without its texts in a language other than its own."""
    if language not in questionnaire.languages[1:]:
        raise InvalidInput("There are no translations into this language.")
    return _checked(
        replace(
            questionnaire,
            translations={k: v for k, v in questionnaire.translations.items() if k != language},
            questions=tuple(
                replace(q, translations={k: v for k, v in q.translations.items() if k != language})
                for q in questionnaire.questions
            ),
        )
    )


def translate_head(
    questionnaire: Questionnaire,
    language: str,
    *,
    title: str | None = None,
    introduction: str | None = None,
    topics: Mapping[str, str] | None = None,
) -> Questionnaire:
    """The questionnaire with texts of its head in another language; None leaves a text as it is, '' takes it away.

    `topics` has the headings that change, by topic.
    """
    found = questionnaire.translations.get(language, Translation())
    headings = {**found.topics, **(topics or {})}
    changed = Translation(
        found.title if title is None else title.strip(),
        found.introduction if introduction is None else introduction.strip(),
        {topic: text for topic, text in headings.items() if text.strip()},
    )
    _known_language(questionnaire, language)
    return _checked(replace(questionnaire, translations={**questionnaire.translations, language: changed}))


def translate_question(questionnaire: Questionnaire, key: str, language: str, **texts: Any) -> Questionnaire:
    """The questionnaire with texts of one question in another language: wording, title, help, options, ends, unit.

    What is empty falls back on the questionnaire's own language. Raises InvalidInput where answers or ends are only
    partly translated.
    """
    question = _question(questionnaire, key)
    _known_language(questionnaire, language)
    changed = replace(question.translations.get(language, QuestionTranslation()), **texts)
    given = {team: text.strip() for team, text in changed.wording.items() if text.strip()}
    if given and len(given) < len(Team):
        raise InvalidInput("Translate the question for both teams, or for neither.")
    options = tuple(option.strip() for option in changed.options if option.strip())
    if options and len(options) != len(question.options):
        raise InvalidInput(
            f"There are {len(question.options)} answers: translate each, in the same order, or none. "
            f"Now there are {len(options)}."
        )
    ends = None if changed.ends is None else (changed.ends[0].strip(), changed.ends[1].strip())
    if ends is not None and any(ends) and not all(ends):
        raise InvalidInput("Translate both ends of the scale, or neither.")
    changed = replace(
        changed,
        wording=given,
        title=changed.title.strip(),
        help=changed.help.strip(),
        options=options,
        ends=ends if ends and all(ends) else None,
        unit=changed.unit.strip(),
    )
    others = {k: v for k, v in question.translations.items() if k != language}
    kept = others if changed == QuestionTranslation() else {**others, language: changed}
    head = {**questionnaire.translations}
    head.setdefault(language, Translation())  # the language stays, even when its last text is taken away
    return _with_questions(
        replace(questionnaire, translations=head), {key: replace(question, translations=kept)}
    )


# ── what deleting costs ──────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class DeletionCost:
    """What would be lost with a question: see `sentences`.

    `dependents` are the names of the questions whose condition depends on it, `languages` those it is translated into,
    `section` the heading that would go with it ('' where other questions stay), `earlier` the titles of earlier
    questionnaires that asked the same and could be compared with it, `cards` how many lead cards are drawn for it.
    """

    name: str
    guess: bool
    dependents: tuple[str, ...]
    languages: tuple[str, ...]
    section: str
    last: bool
    earlier: tuple[str, ...] = ()
    cards: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """The cost in words, one sentence each; empty when nothing but the question itself is lost."""
        found = []
        if self.last:
            found.append("It is the only question. Write another one before you delete this one.")
        if self.dependents:
            names = ", ".join(f"‘{name}’" for name in self.dependents)
            others = "1 other question loses its condition" if len(self.dependents) == 1 else (
                f"{len(self.dependents)} other questions lose their condition"
            )  # fmt: skip
            found.append(f"{others} and will be asked of everybody: {names}.")
        if self.guess:
            found.append("What each team thinks the other answers is not asked any more either.")
        if self.languages:
            count = len(self.languages)
            found.append(f"Its texts in {count} other {'language' if count == 1 else 'languages'} are lost.")
        if self.section and not self.last:
            found.append(f"It is the last one under ‘{self.section}’, which goes with it.")
        if self.cards:
            found.append(f"The {self.cards} lead cards that are drawn for it are thrown away.")
        if self.earlier:
            titles = ", ".join(f"‘{title}’" for title in dict.fromkeys(self.earlier))
            found.append(f"It was asked before, in {titles}. The answers can then not be compared over time.")
        return tuple(found)


def cost_of_deleting(
    questionnaire: Questionnaire, key: str, *, earlier: Sequence[str] = (), cards: int = 0
) -> DeletionCost:
    """What would be lost if the question were deleted.

    `earlier` has the titles of questionnaires that asked it before, `cards` is how many lead cards are drawn for it.
    """
    question = _question(questionnaire, key)
    section = _section(questionnaire, question.topic)
    return DeletionCost(
        question.name,
        question.guess,
        tuple(other.name for other in questionnaire.depending_on(key)),
        tuple(sorted(question.translations)),
        section.title if len(section.questions) == 1 else "",
        len(questionnaire.questions) == 1,
        tuple(earlier),
        cards,
    )


def cost_of_deleting_section(questionnaire: Questionnaire, topic: str) -> tuple[str, ...]:
    """What would be lost if the section were deleted, in sentences."""
    section = _section(questionnaire, topic)
    count = len(section.questions)
    found = ["Its question goes with it." if count == 1 else f"Its {count} questions go with it."]
    if len(questionnaire.sections) == 1:
        found.append("It is the only section. Add another one before you delete this one.")
    inside = {question.key for question in section.questions}
    bereft = [
        q.name
        for q in questionnaire.questions
        if q.key not in inside and q.ask_if is not None and q.ask_if.question in inside
    ]
    if bereft:
        names = ", ".join(f"‘{name}’" for name in bereft)
        found.append(f"Asked of everybody from then on, because a condition is lost: {names}.")
    return tuple(found)


# ── conditions in words ──────────────────────────────────────────────────────────────────────────────────────────────


def can_depend_on(questionnaire: Questionnaire, key: str) -> tuple[Question, ...]:
    """The questions that a condition of this one can name: earlier ones whose answers can be compared."""
    ordered = in_order(questionnaire)
    earlier = ordered[: ordered.index(_question(questionnaire, key))]
    return tuple(q for q in earlier if q.type in GUESSABLE)


def first_condition(question: Question) -> Condition:
    """A condition on this question to begin with: its first answer, yes, or the upper half."""
    match question.type:
        case QuestionType.YES_NO:
            return Condition(question.key, (True,))
        case QuestionType.SCALE:
            return Condition(question.key, at_least=float(question.points // 2 + 1))
        case QuestionType.NUMBER:
            return Condition(question.key, at_least=question.minimum or 0.0)
        case _:
            return Condition(question.key, question.options[:1])


def condition_in_words(questionnaire: Questionnaire, question: Question) -> str:
    """'only if ‘Budget’ is ‘yes’'; '' where everybody is asked."""
    condition = question.ask_if
    if condition is None:
        return ""
    named = questionnaire.question(condition.question)
    if condition.any_of:
        said = [
            ("yes" if item else "no") if isinstance(item, bool) else str(item) for item in condition.any_of
        ]
        return f"only if ‘{named.name}’ is {' or '.join(f'‘{item}’' for item in said)}"
    bounds = []
    if condition.at_least is not None:
        bounds.append(f"at least {number_text(condition.at_least)}")
    if condition.at_most is not None:
        bounds.append(f"at most {number_text(condition.at_most)}")
    return f"only if ‘{named.name}’ is {' and '.join(bounds)}"


# ── corrections ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Change:
    """One difference between two questionnaires: `where` ('' for the questionnaire itself), `what`, and both texts."""

    where: str
    what: str
    before: str
    after: str

    @property
    def name(self) -> str:
        """What was changed, in words."""
        return f"{self.what} of ‘{self.where}’" if self.where else self.what


@dataclass(frozen=True)
class Changes:
    """The differences between two questionnaires: mere corrections, and those that make answers incomparable."""

    corrections: tuple[Change, ...]
    incomparable: tuple[Change, ...]


def corrections(before: Questionnaire, after: Questionnaire) -> Changes:
    """Which changes are corrections, after which earlier answers still count, and which are more.

    Corrections are texts that are read: title, introduction, headings, wording, help, neutral title, and everything in
    other languages. More is: answers to choose from (they are what is stored), points and ends of a scale, unit and
    bounds (they say what a number means), type, key, required, condition, guess, privacy (which has its own way), pace,
    language, and the order, because earlier questions colour the answers to later ones and conditions build on it.
    """
    was, becomes = _facts(before), _facts(after)
    found: dict[bool, list[Change]] = {True: [], False: []}
    for path in dict.fromkeys((*was, *becomes)):
        old, new = was.get(path), becomes.get(path)
        if old == new:
            continue
        fact = new or old
        if fact is not None:
            change = Change(fact.where, fact.what, old.text if old else "", new.text if new else "")
            comparable = fact.is_text and (path[0] != "question" or _in_both(path[1], before, after))
            found[comparable].append(change)
    # a wording that both teams share is one text
    return Changes(tuple(dict.fromkeys(found[True])), tuple(dict.fromkeys(found[False])))


@dataclass(frozen=True)
class _Fact:
    """One setting of a questionnaire, to compare: equal facts are no change."""

    where: str
    what: str
    text: str
    is_text: bool

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fact) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def _facts(questionnaire: Questionnaire) -> dict[tuple[str, ...], _Fact]:
    """Everything that a questionnaire says, by path."""
    q = questionnaire
    sections = ", ".join(section.key for section in q.sections)
    order = ", ".join(question.key for section in q.sections for question in section.questions)
    found: dict[tuple[str, ...], _Fact] = {
        ("head", "title"): _Fact("", "Title", q.title, True),
        ("head", "introduction"): _Fact("", "Introduction", q.introduction, True),
        ("head", "mode"): _Fact("", "Privacy", q.mode.value, False),
        ("head", "min_group"): _Fact("", "Smallest group", str(q.min_group), False),
        ("head", "pace"): _Fact("", "Pace", q.pace.value, False),
        ("head", "language"): _Fact("", "Language", q.language, False),
        ("head", "languages"): _Fact("", "Translations", ", ".join(q.languages[1:]), True),
        ("head", "importance"): _Fact(
            "", "Sections whose importance is asked", ", ".join(q.importance), False
        ),
        ("head", "sections"): _Fact("", "Sections and their order", sections, False),
        ("head", "order"): _Fact("", "Questions and their order", order, False),
    }
    for section in q.sections:
        found["section", section.key] = _Fact("", "Heading", q.topics.get(section.key, ""), True)
    for language, own in q.translations.items():
        for what, text in {"Title": own.title, "Introduction": own.introduction}.items():
            if text:
                found["translation", language, what] = _Fact("", f"{what} in {language}", text, True)
        for topic, text in own.topics.items():
            found["translation", language, "heading", topic] = _Fact("", f"Heading in {language}", text, True)
    for question in q.questions:
        found |= _question_facts(question)
    return found


def _question_facts(question: Question) -> dict[tuple[str, ...], _Fact]:
    name = question.name
    found: dict[tuple[str, ...], _Fact] = {}
    same = len(set(question.wording.values())) == 1
    for team in Team:
        what = "Wording" if same else f"Wording for {team.label}"
        found["question", question.key, "wording", team.value] = _Fact(
            name, what, question.wording[team], True
        )
    for what, attribute, is_text in (
        ("Neutral title", "title", True),
        ("Help", "help", True),
        ("Section", "topic", False),
        ("Type", "type", False),
        ("Answers", "options", False),
        ("Points", "points", False),
        ("Ends", "ends", False),
        ("Unit", "unit", False),
        ("Smallest number", "minimum", False),
        ("Largest number", "maximum", False),
        ("Required", "required", False),
        ("Places", "top", False),
        ("Lead cards", "count", False),
        ("Fields on the lead cards", "fields", False),
        ("Guess", "guess", False),
        ("Condition", "ask_if", False),
    ):
        value = getattr(question, attribute)
        text = (
            " · ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
        )
        found["question", question.key, attribute] = _Fact(name, what, text, is_text)
    for language, own in question.translations.items():
        texts = {
            **{f"Wording for {team.label}": own.wording.get(team, "") for team in Team},
            "Neutral title": own.title,
            "Help": own.help,
            "Answers": " · ".join(own.options),
            "Ends": " · ".join(own.ends or ()),
            "Unit": own.unit,
        }
        for what, text in texts.items():
            if text:
                found["question", question.key, language, what] = _Fact(
                    name, f"{what} in {language}", text, True
                )
    return found


def _in_both(key: str, *questionnaires: Questionnaire) -> bool:
    return all(any(question.key == key for question in q.questions) for q in questionnaires)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def free_key(questionnaire: Questionnaire, wanted: str) -> str:
    """A question's key that is not taken: `wanted`, or with a number behind it."""
    return _free(_slug(wanted, "question"), [question.key for question in questionnaire.questions])


def _free(wanted: str, taken: Sequence[str]) -> str:
    names = {*taken, "person", "team"}
    stem = re.sub(r"_\d+$", "", wanted)
    number = 2
    key = wanted
    while key in names:
        key = f"{stem[: _LONGEST_KEY - len(str(number)) - 1]}_{number}"
        number += 1
    return key


def _slug(text: str, fallback: str) -> str:
    """Small letters, digits and _, a letter first."""
    bare = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", bare).strip("_")[:_LONGEST_KEY].rstrip("_")
    return slug if slug and slug[0].isalpha() else f"{fallback}_{slug}".rstrip("_")[:_LONGEST_KEY].rstrip("_")


# ── putting together ─────────────────────────────────────────────────────────────────────────────────────────────────


def _new_question(key: str, topic: str, kind: QuestionType) -> Question:
    wording = dict.fromkeys(Team, _FIRST_WORDING.get(kind, NEW_WORDING))
    return Question(
        key, topic, kind, wording, options=NEW_OPTIONS if kind in WITH_OPTIONS else (), count=CARDS
    )


def _question(questionnaire: Questionnaire, key: str) -> Question:
    for question in questionnaire.questions:
        if question.key == key:
            return question
    raise InvalidInput(f"There is no question ‘{key}’ any more. Look at the questionnaire again.")


def _section(questionnaire: Questionnaire, topic: str) -> Section:
    for section in questionnaire.sections:
        if section.key == topic:
            return section
    raise InvalidInput("There is no such section any more. Look at the questionnaire again.")


def _known_language(questionnaire: Questionnaire, language: str) -> None:
    if language not in questionnaire.languages[1:]:
        raise InvalidInput("Add the language to the questionnaire first.")


def _check_wording(question: Question) -> None:
    same = len(set(question.wording.values())) == 1
    for team in Team:
        if not question.wording[team].strip():
            whom = "" if same else f" for {team.label}"
            raise InvalidInput(f"The question{whom} is empty. Write what you want to know.")


def _fitting(question: Question) -> Question:
    """The question with every setting that its type does not have at its default."""
    own = SETTINGS_OF[question.type]
    defaults = {field.name: field.default for field in fields(Question)}
    foreign = {name for names in SETTINGS_OF.values() for name in names} - set(own)
    changed: dict[str, Any] = {name: defaults[name] for name in foreign}
    if question.type not in GUESSABLE:
        changed["guess"] = False
    if question.type is QuestionType.RANKING and question.top is not None:
        changed["top"] = max(1, min(question.top, len(question.options)))
    translations = {
        language: replace(
            texts,
            options=texts.options if "options" in own else (),
            ends=texts.ends if "ends" in own else None,
            unit=texts.unit if "unit" in own else "",
        )
        for language, texts in question.translations.items()
    }
    changed["translations"] = {k: v for k, v in translations.items() if v != QuestionTranslation()}
    return replace(question, **changed)


def _with_options(questionnaire: Questionnaire, before: Question, changed: Question) -> Questionnaire:
    """The questionnaire with other answers of a question, which the conditions and the translations follow."""
    options = tuple(option.strip() for option in changed.options if option.strip())
    if len(options) < 2:
        raise InvalidInput("Give at least two answers.")
    becomes = _renamed(before.options, options)
    questions = {}
    for other in questionnaire.depending_on(before.key):
        condition = other.ask_if
        if condition is None:
            continue
        lost = [option for option in condition.any_of if option not in becomes]
        if lost:
            raise InvalidInput(
                f"‘{lost[0]}’ decides whether ‘{other.name}’ is asked. Change that condition first."
            )
        any_of = tuple(becomes[option] for option in condition.any_of)
        questions[other.key] = replace(other, ask_if=replace(condition, any_of=any_of))
    came_from = {new: old for old, new in becomes.items()}
    translations = {}
    for language, texts in before.translations.items():
        if texts.options:
            labels = dict(zip(before.options, texts.options, strict=True))
            now = tuple(labels[came_from[o]] if o in came_from else o for o in options)
            if len(set(now)) < len(now):
                raise InvalidInput(
                    f"Two answers would be called the same in {language}. Change that translation first."
                )
            texts = replace(texts, options=now)
        translations[language] = texts
    questions[before.key] = replace(changed, options=options, translations=translations)
    return _with_questions(questionnaire, questions)


def _renamed(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    """Old answer → what it is called now; those that are gone are left out. What stands in the place of another one that
    is gone was renamed."""
    becomes = {option: option for option in before if option in after}
    for kind, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "replace" and i_end - i == j_end - j:
            for old, new in zip(before[i:i_end], after[j:j_end], strict=True):
                if old not in becomes and new not in before:
                    becomes[old] = new
    return becomes


def _with_questions(questionnaire: Questionnaire, changed: Mapping[str, Question]) -> Questionnaire:
    """The questionnaire with these questions, by their former key, in the place of the former ones."""
    questions = tuple(_fitting(changed.get(q.key, q)) for q in questionnaire.questions)
    return _checked(replace(questionnaire, questions=questions))


def _with_section(questionnaire: Questionnaire, topic: str, questions: list[Question]) -> Questionnaire:
    sections = [(s.key, questions if s.key == topic else list(s.questions)) for s in questionnaire.sections]
    return _with_order(questionnaire, sections)


def _with_order(questionnaire: Questionnaire, sections: list[tuple[str, list[Question]]]) -> Questionnaire:
    """The questionnaire with these sections; those without a question are gone, with their heading and importance."""
    kept = {topic for topic, questions in sections if questions}
    return _checked(
        replace(
            questionnaire,
            questions=tuple(question for _, questions in sections for question in questions),
            topics={topic: title for topic, title in questionnaire.topics.items() if topic in kept},
            importance=tuple(topic for topic in questionnaire.importance if topic in kept),
            translations={
                language: replace(own, topics={t: text for t, text in own.topics.items() if t in kept})
                for language, own in questionnaire.translations.items()
            },
        )
    )


def _without(questionnaire: Questionnaire, keys: set[str], drop_conditions: bool) -> Questionnaire:
    left = [question for question in questionnaire.questions if question.key not in keys]
    if not left:
        raise InvalidInput("A questionnaire needs at least one question. Write another one first.")
    bereft = {q.key for q in left if q.ask_if is not None and q.ask_if.question in keys}
    if bereft and not drop_conditions:
        names = ", ".join(f"‘{q.name}’" for q in left if q.key in bereft)
        raise InvalidInput(f"{names} is asked depending on it. Take that condition away first.")
    sections = [
        (
            section.key,
            [
                replace(question, ask_if=None) if question.key in bereft else question
                for question in section.questions
                if question.key not in keys
            ],
        )
        for section in questionnaire.sections
    ]
    return _with_order(questionnaire, sections)


def _can_depend(question: Question, condition: Condition) -> bool:
    """Whether the condition can be decided by answers to this question."""
    match question.type:
        case QuestionType.SCALE | QuestionType.NUMBER:
            return not condition.any_of
        case QuestionType.YES_NO:
            return bool(condition.any_of) and all(isinstance(item, bool) for item in condition.any_of)
        case QuestionType.CHOICE | QuestionType.CHOICES:
            return bool(condition.any_of) and all(item in question.options for item in condition.any_of)
        case _:
            return False


def _checked(questionnaire: Questionnaire) -> Questionnaire:
    """The questionnaire as it is kept, texts trimmed. Raises InvalidInput, in the words of those who make it."""
    _check_order(questionnaire)
    try:
        return from_document(to_document(questionnaire))
    except InvalidQuestionnaire as error:
        problem = error.problems[0]
        parts = [_LABELS[part] for part in problem.key.split(".") if part in _LABELS]
        raise InvalidInput(f"{parts[-1]}: {problem.remedy}" if parts else problem.remedy) from error


def _check_order(questionnaire: Questionnaire) -> None:
    """Every condition names a question that is asked earlier."""
    asked: dict[str, Question] = {}
    every = {question.key: question for question in questionnaire.questions}
    for section in questionnaire.sections:
        for question in section.questions:
            condition = question.ask_if
            if condition is not None and condition.question not in asked and condition.question in every:
                raise InvalidInput(
                    f"‘{question.name}’ is asked depending on the answer to ‘{every[condition.question].name}’, so it "
                    "has to come after it. Move the other one too, or change the condition."
                )
            asked[question.key] = question
