"""Questionnaires: the same topics put separately to sales and to marketing, each in its own wording."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from alignment.consensus import USUAL_CONSENSUS, ConsensusRule
from alignment.people import Team

SMALLEST_GROUP = 3
COMMENT_GROUP = 5
LONGEST_ANSWER = 2000
LARGEST_NUMBER = 1e12
CARDS = 12
MOST_CARDS = 40
GUESS = "guess:"
IMPORTANCE = "importance:"


class QuestionType(StrEnum):
    """How a question is answered. `value` in an answer is stored as the type says.

    choice: one option (str) · choices: options (list of str) · yes_no: bool · scale: int from 1 to `points`
    · number: float · ranking: options in order, the first place first (list of str; those left out share the places
    behind) · text: str · rule: a rule's document (dict) · lead_cards: card number ("1", "2", …) → {"verdict":
    "qualified" | "not_qualified" | "cant_tell", "reason": text}. None means 'can't say', which every question allows;
    it is an answer.
    """

    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    SCALE = "scale"
    NUMBER = "number"
    RANKING = "ranking"
    TEXT = "text"
    RULE = "rule"
    LEAD_CARDS = "lead_cards"

    @property
    def label(self) -> str:
        """The type in the words of those who make questionnaires."""
        return {
            "choice": "one choice",
            "choices": "several choices",
            "yes_no": "yes or no",
            "lead_cards": "lead cards",
        }.get(self.value, self.value)


WITH_OPTIONS = frozenset({QuestionType.CHOICE, QuestionType.CHOICES, QuestionType.RANKING})
"""The types that list what can be answered."""

GUESSABLE = frozenset(
    {
        QuestionType.CHOICE,
        QuestionType.CHOICES,
        QuestionType.YES_NO,
        QuestionType.SCALE,
        QuestionType.NUMBER,
    }
)
"""The closed types, of which a person can guess what the other team mostly answers."""


SETTINGS_OF: dict[QuestionType, tuple[str, ...]] = {
    QuestionType.CHOICE: ("options", "field"),
    QuestionType.CHOICES: ("options", "field"),
    QuestionType.YES_NO: ("field",),
    QuestionType.SCALE: ("points", "ends", "field"),
    QuestionType.NUMBER: ("unit", "minimum", "maximum", "field"),
    QuestionType.RANKING: ("options", "top"),
    QuestionType.TEXT: (),
    QuestionType.RULE: (),
    QuestionType.LEAD_CARDS: ("count", "fields"),
}
"""What can be set for a question of each type alone."""


class CardVerdict(StrEnum):
    """How a person judges a real lead."""

    QUALIFIED = "qualified"
    NOT_QUALIFIED = "not_qualified"
    CANT_TELL = "cant_tell"

    @property
    def label(self) -> str:
        """The judgement in words."""
        return {"qualified": "Qualified", "not_qualified": "Not qualified", "cant_tell": "Can't tell"}[self]


class Mode(StrEnum):
    """Who can see whose answer; it may only become stricter."""

    NAMED = "named"
    CONFIDENTIAL = "confidential"
    ANONYMOUS = "anonymous"

    @property
    def strictness(self) -> int:
        """0 for named, 2 for anonymous: a questionnaire may only move up."""
        return list(Mode).index(self)

    @property
    def promise(self) -> str:
        """What is promised to the people who answer, in the words they read before the first answer."""
        return {
            Mode.NAMED: (
                "Your name is kept with your answers. The screens show results by team; those who run the questionnaire "
                "can export answers with names once it has closed."
            ),
            Mode.CONFIDENTIAL: "Your answers are confidential: the portal shows results by team only, never a person's.",
            Mode.ANONYMOUS: (
                "Your answers are anonymous: your name is not kept with them, and when the questionnaire closes, "
                "the key that lets you change them is destroyed for good."
            ),
        }[self]


class Pace(StrEnum):
    """How much of a questionnaire is on the screen at a time."""

    QUESTION = "question"
    SECTION = "section"


@dataclass(frozen=True)
class Condition:
    """When a question is asked: an earlier question was answered with one of `any_of`, or lies within the bounds.

    `any_of` are options of a choice or of several choices, or True and False of a yes/no question; `at_least` and
    `at_most` are for scales and numbers. Only a question that stands earlier can be named, so no circle can form.
    """

    question: str
    any_of: tuple[Any, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, value: Any) -> bool:
        """Whether the answer `value` to the earlier question lets this one be asked; 'can't say' does not."""
        if value is None:
            return False
        if self.any_of:
            given = value if isinstance(value, (list, tuple)) else (value,)
            return any(item in self.any_of for item in given)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


@dataclass(frozen=True)
class QuestionTranslation:
    """A question's texts in another language; what is empty falls back on the questionnaire's own language."""

    wording: Mapping[Team, str] = field(default_factory=dict)
    title: str = ""
    help: str = ""
    options: tuple[str, ...] = ()
    ends: tuple[str, str] | None = None
    unit: str = ""


@dataclass(frozen=True)
class Translation:
    """A questionnaire's own texts in another language; what is empty falls back."""

    title: str = ""
    introduction: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """One question. `wording` has a text for each team; `options` lists the answers of the types that have some.

    `title` is the short neutral name under which results show; where it is empty, `name` falls back on the wording.
    `top` is how many places of a ranking are to be given (None: all). `count` is the number of lead cards, `fields`
    the lead fields that the cards show (none: every field that is safe to show). `field` is the lead field that a closed
    question is about ('' for none): past leads then show what a difference costs, and how won and lost leads differ in it. `guess` also asks what the other team
    mostly answers. `ask_if` is None where everybody is asked. `labels` is set by `Questionnaire.in_language` only: what
    the options are called on the screen.
    """

    key: str
    topic: str
    type: QuestionType
    wording: Mapping[Team, str]
    options: tuple[str, ...] = ()
    points: int = 5
    ends: tuple[str, str] = ("not at all", "completely")
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    help: str = ""
    required: bool = True
    title: str = ""
    top: int | None = None
    count: int = CARDS
    fields: tuple[str, ...] = ()
    guess: bool = False
    ask_if: Condition | None = None
    translations: Mapping[str, QuestionTranslation] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    field: str = ""

    @property
    def name(self) -> str:
        """What the question is called where neither team's wording would be fair."""
        return self.title or self.wording[Team.SALES]

    def label_of(self, option: str) -> str:
        """What an option is called on the screen."""
        return self.labels[self.options.index(option)] if self.labels else option

    def in_language(self, language: str) -> "Question":
        """The question with its texts in `language`, as far as there are any; its options stay the same answers."""
        found = self.translations.get(language)
        if found is None:
            return self
        return replace(
            self,
            wording={team: found.wording.get(team) or self.wording[team] for team in Team},
            title=found.title or self.title,
            help=found.help or self.help,
            labels=found.options,
            ends=found.ends or self.ends,
            unit=found.unit or self.unit,
        )


@dataclass(frozen=True)
class Section:
    """The questions of one topic, in order."""

    key: str
    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Questionnaire:
    """A titled list of questions with its privacy mode and the smallest group a result may show.

    `topics` maps a topic's key to its heading; `sections` puts the questions under them. `importance` lists the topics
    of which it is also asked how much they matter. `consensus` is what will count as agreement. `translations` has the head's texts in other languages than
    `language`, by language code.
    """

    title: str
    mode: Mode
    min_group: int
    questions: tuple[Question, ...]
    introduction: str = ""
    topics: Mapping[str, str] = field(default_factory=dict)
    pace: Pace = Pace.SECTION
    importance: tuple[str, ...] = ()
    language: str = "en"
    translations: Mapping[str, Translation] = field(default_factory=dict)
    consensus: ConsensusRule = USUAL_CONSENSUS

    def question(self, key: str) -> Question:
        """The question with this key, a guess or the importance of a topic included; KeyError when there is none."""
        return self._by_key[key]

    def topic_title(self, topic: str) -> str:
        """The heading of a topic; its key made readable where none was given."""
        return self.topics.get(topic) or topic.replace("_", " ").capitalize()

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The questions by topic, topics in the order in which they first come up."""
        order = list(dict.fromkeys(question.topic for question in self.questions))
        return tuple(
            Section(topic, self.topic_title(topic), tuple(q for q in self.questions if q.topic == topic))
            for topic in order
        )

    @cached_property
    def everything(self) -> tuple[Question, ...]:
        """Every question in the order of answering, with the guesses after theirs and a topic's importance at its end."""
        found: list[Question] = []
        for section in self.sections:
            for question in section.questions:
                found.append(question)
                if question.guess:
                    found.append(guess_of(question))
            if section.key in self.importance:
                found.append(importance_of(section))
        return tuple(found)

    @cached_property
    def _by_key(self) -> dict[str, Question]:
        return {question.key: question for question in self.everything}

    def asked(self, answers: Mapping[str, Any]) -> tuple[Question, ...]:
        """Those of `everything` that someone who gave `answers` is asked: conditions hold, and so do theirs."""
        hidden: set[str] = set()
        found = []
        for question in self.everything:
            condition = question.ask_if
            if condition is not None and (
                condition.question in hidden or not condition.holds(answers.get(condition.question))
            ):
                hidden.add(question.key)
            else:
                found.append(question)
        topics = {question.topic for question in found if not question.key.startswith(IMPORTANCE)}
        return tuple(question for question in found if question.topic in topics)

    def asked_sections(self, answers: Mapping[str, Any]) -> tuple[Section, ...]:
        """What is asked of someone who gave `answers`, by topic, empty topics left out."""
        asked = self.asked(answers)
        return tuple(
            Section(section.key, section.title, tuple(q for q in asked if q.topic == section.key))
            for section in self.sections
            if any(q.topic == section.key for q in asked)
        )

    def depending_on(self, key: str) -> tuple[Question, ...]:
        """The questions whose condition names this one."""
        return tuple(q for q in self.questions if q.ask_if is not None and q.ask_if.question == key)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are texts in, the questionnaire's own first."""
        others = {language for question in self.questions for language in question.translations}
        return (self.language, *sorted((others | set(self.translations)) - {self.language}))

    def in_language(self, language: str) -> "Questionnaire":
        """The questionnaire with its texts in `language`; what has none stays in the questionnaire's own."""
        if language == self.language or language not in self.languages:
            return self
        found = self.translations.get(language, Translation())
        return replace(
            self,
            title=found.title or self.title,
            introduction=found.introduction or self.introduction,
            topics={**self.topics, **found.topics},
            questions=tuple(question.in_language(language) for question in self.questions),
        )

    @property
    def comment_group(self) -> int:
        """How many people each team needs before anyone's own words are shown."""
        return max(COMMENT_GROUP, self.min_group)


def guess_of(question: Question) -> Question:
    """The question what the other team mostly answers to `question`; never required."""
    return replace(
        question,
        key=GUESS + question.key,
        wording={
            team: f"What do you think {team.other.label} mostly answers to: “{question.wording[team.other]}”"
            for team in Team
        },
        title=f"{question.name}: what the other team is thought to answer",
        help="Your best guess. It shows whether the teams really differ, or only think so.",
        required=False,
        guess=False,
        translations={},
    )


def importance_of(section: Section) -> Question:
    """The question how much a topic matters; never required."""
    return Question(
        key=IMPORTANCE + section.key,
        topic=section.key,
        type=QuestionType.SCALE,
        wording=dict.fromkeys(Team, f"How much does “{section.title}” matter for your work?"),
        points=5,
        ends=("hardly", "very much"),
        required=False,
        title=f"Importance of “{section.title}”",
    )


@dataclass(frozen=True)
class Response:
    """What one person answered: question key → value. `respondent` is only a label, never shown.

    A key that is missing was not answered; a key whose value is None was answered with 'can't say'. `from_file` are the
    keys of answers that were gathered elsewhere, so that whoever brought them knows them; `partly_from_file` those of
    judged lead cards of which the person has changed some in the portal since.
    """

    respondent: str
    team: Team
    answers: Mapping[str, Any] = field(default_factory=dict)
    from_file: frozenset[str] = frozenset()
    partly_from_file: frozenset[str] = frozenset()
