"""Questionnaires read from documents and from TOML: every mistake is found at once."""

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from alignment.consensus import ConsensusRule
from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaire_files.conditions import condition_problem
from alignment.questionnaire_files.places import Places, syntax_problem
from alignment.questionnaire_files.problems import InvalidQuestionnaire, Problem, nearest
from alignment.questionnaire_files.writing import HEAD
from alignment.questionnaires import (
    CARDS,
    GUESSABLE,
    MOST_CARDS,
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
    Translation,
)
from alignment.texts import number_text, required_text

LONGEST_FILE = 500_000
MOST_QUESTIONS = 200
MOST_OPTIONS = 30
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED = ("person", "team")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_FIELD = re.compile(r"[^\s\x00-\x1f]{1,80}( [^\s\x00-\x1f]{1,80})*")
MOST_LANGUAGES = 20
_SURVEY_KEYS = (*HEAD, "topics", "translations", "questions")
_COMMON = ("key", "topic", "type", "title", "wording", "text", "help", "required", "ask_if", "translations")
_TRANSLATED_HEAD = ("title", "introduction", "topics")
_TRANSLATED = ("wording", "text", "title", "help", "options", "ends", "unit")
_OWN = {kind: (*names, "guess") if kind in GUESSABLE else names for kind, names in SETTINGS_OF.items()}
_EVERY_KEY = (*_COMMON, *dict.fromkeys(key for keys in _OWN.values() for key in keys))


def read_toml(text: str) -> Questionnaire:
    """The questionnaire that a TOML text describes.

    Raises InvalidQuestionnaire with every mistake found.
    """
    if len(text) > LONGEST_FILE:
        raise InvalidQuestionnaire(
            [Problem(None, "", "The file is too long; half a million characters are allowed.")]
        )
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidQuestionnaire([syntax_problem(error)]) from error
    return from_document(document, Places(text))


def from_document(document: Mapping[str, Any], places: Places | None = None) -> Questionnaire:
    """The questionnaire in a document as `to_document` makes it. Raises InvalidQuestionnaire with every mistake found."""
    reader = _Reader(places)
    questionnaire = reader.questionnaire(document)
    if reader.problems or questionnaire is None:
        raise InvalidQuestionnaire(reader.problems)
    return questionnaire


class _Reader:
    """Walks a document and collects what is wrong with it."""

    def __init__(self, places: Places | None) -> None:
        self.problems: list[Problem] = []
        self._places = places
        self._at: int | None = None

    def questionnaire(self, document: Mapping[str, Any]) -> Questionnaire | None:
        for key in document:
            if key not in _SURVEY_KEYS:
                self._problem(key, f"There is no such setting{nearest(key, _SURVEY_KEYS)}. Remove the line.")
        title = self._text(document, "title", 200)
        introduction = self._text(document, "introduction", 2000, needed=False)
        mode = self._one_of(document, "mode", [mode.value for mode in Mode], Mode.CONFIDENTIAL.value)
        min_group = self._whole(document, "min_group", SMALLEST_GROUP, 1000, SMALLEST_GROUP)
        pace = self._one_of(document, "pace", [pace.value for pace in Pace], Questionnaire.pace.value)
        language = self._language(document)
        topics = self._topics(document.get("topics", {}), "topics")
        translations = self._head_translations(document, language)
        listed = document.get("questions")
        if not isinstance(listed, list) or not listed or any(not isinstance(q, Mapping) for q in listed):
            self._problem("questions", "There are no questions. Add at least one [[questions]] table.")
            return None
        if len(listed) > MOST_QUESTIONS:
            self._problem(
                "questions", f"There are {len(listed)} questions; {MOST_QUESTIONS} are allowed. Split it up."
            )
            return None
        questions = []
        seen: set[str] = set()
        for self._at, item in enumerate(listed):
            question = self._question(item, seen, language)
            if question is not None:
                questions.append(question)
        if not self.problems:
            self._check_conditions(questions)
        self._at = None
        importance = self._importance(document, {question.topic for question in questions})
        consensus = self._consensus(document)
        used = {question.topic for question in questions}
        for topic in topics:
            if questions and topic not in used and not self.problems:
                self._problem(
                    f"topics.{topic}",
                    "No question has this topic. Remove the line, or give a question the topic.",
                )
        if self.problems:
            return None
        return Questionnaire(
            title,
            Mode(mode),
            min_group,
            tuple(questions),
            introduction,
            topics,
            Pace(pace),
            importance,
            language,
            translations,
            consensus,
        )

    def _question(self, item: Mapping[str, Any], seen: set[str], language: str) -> Question | None:
        before = len(self.problems)
        key = self._name(item, "key")
        if key in _RESERVED:
            self._problem("key", f"‘{key}’ is taken by a column of the answer file. Choose another key.")
        if key and key in seen:
            self._problem("key", f"Another question already has the key ‘{key}’. Give this one its own.")
        seen.add(key)
        topic = self._name(item, "topic")
        kind = self._type(item)
        for name in item:
            if name not in _EVERY_KEY:
                self._problem(name, f"There is no such setting{nearest(name, _EVERY_KEY)}. Remove the line.")
            elif kind is not None and name not in _COMMON and name not in _OWN[kind]:
                self._problem(name, f"A question of type {kind.value} has no ‘{name}’. Remove the line.")
        wording = self._wording(item, "")
        title = self._text(item, "title", 120, needed=False)
        help_text = self._text(item, "help", 500, needed=False)
        required = self._true_or_false(item, "required", True)
        guess = self._true_or_false(item, "guess", False)
        options = self._options(item, kind) if kind in WITH_OPTIONS else ()
        top = self._whole(item, "top", 1, len(options), 1) if "top" in item and options else None
        count = self._whole(item, "count", 1, MOST_CARDS, CARDS)
        fields = self._fields(item)
        about = self._field(item)
        ask_if = self._condition(item)
        translations = self._translations(item, kind, options, language)
        points = self._whole(item, "points", 2, 11, 5)
        ends = self._ends(item)
        unit = self._text(item, "unit", 40, needed=False)
        minimum, maximum = self._number(item, "minimum"), self._number(item, "maximum")
        if minimum is not None and maximum is not None and minimum >= maximum:
            self._problem("maximum", f"It has to be above the minimum, which is {number_text(minimum)}.")
        if len(self.problems) > before or kind is None:
            return None
        return Question(
            key,
            topic,
            kind,
            wording,
            options,
            points,
            ends,
            unit,
            minimum,
            maximum,
            help_text,
            required,
            title,
            top,
            count,
            fields,
            guess,
            ask_if,
            translations,
            field=about,
        )

    def _type(self, item: Mapping[str, Any]) -> QuestionType | None:
        kind = item.get("type")
        known = [kind.value for kind in QuestionType]
        if isinstance(kind, str) and kind in known:
            return QuestionType(kind)
        self._problem("type", f"The type has to be one of: {', '.join(known)}.")
        return None

    def _wording(self, item: Mapping[str, Any], inside: str) -> dict[Team, str]:
        if "text" in item and "wording" in item:
            self._problem(
                f"{inside}text", "Give either ‘text’ for both teams or ‘wording’ for each, not both."
            )
            return {}
        if "text" in item:
            text = self._text(item, "text", 500, f"{inside}text")
            return dict.fromkeys(Team, text)
        wording = item.get("wording")
        teams = [team.value for team in Team]
        if not isinstance(wording, Mapping) or set(wording) != set(teams):
            self._problem(
                f"{inside}wording",
                'Give the question as text = "…" for both teams, or as wording = { sales = "…", marketing = "…" }.',
            )
            return {}
        return {Team(team): self._text(wording, team, 500, f"{inside}wording") for team in teams}

    def _options(self, item: Mapping[str, Any], kind: QuestionType | None) -> tuple[str, ...]:
        options = item.get("options")
        if not isinstance(options, list) or len(options) < 2 or any(not isinstance(o, str) for o in options):
            self._problem("options", 'List at least two answers: options = ["…", "…"].')
            return ()
        if len(options) > MOST_OPTIONS:
            self._problem("options", f"There are {len(options)} answers; {MOST_OPTIONS} are allowed.")
            return ()
        cleaned = tuple(self._cleaned(option, "options", 120) for option in options)
        mark = ">" if kind is QuestionType.RANKING else "|"
        if any(mark in option or "\n" in option for option in cleaned):
            self._problem(
                "options",
                f"An answer may not contain ‘{mark}’ or a line break: the answer file separates by it.",
            )
        if len(set(cleaned)) < len(cleaned):
            self._problem("options", "Two of the answers are the same. Remove one.")
        return cleaned

    def _ends(self, item: Mapping[str, Any], inside: str = "") -> tuple[str, str]:
        ends = item.get("ends", list(Question.ends))
        if not isinstance(ends, list) or len(ends) != 2 or any(not isinstance(end, str) for end in ends):
            self._problem(
                f"{inside}ends", 'Name the two ends of the scale: ends = ["not at all", "decisive"].'
            )
            return Question.ends
        return self._cleaned(ends[0], f"{inside}ends", 60), self._cleaned(ends[1], f"{inside}ends", 60)

    def _topics(self, topics: Any, inside: str) -> dict[str, str]:
        if not isinstance(topics, Mapping):
            self._problem(
                inside, f'Write the headings as a table: [{inside}], then lines such as traits = "Traits".'
            )
            return {}
        for key in topics:
            if not _KEY.fullmatch(key):
                self._problem(
                    f"{inside}.{key}", "A topic's key is made of small letters, digits and _, a letter first."
                )
        return {key: self._cleaned(title, f"{inside}.{key}", 120) for key, title in topics.items()}

    def _importance(self, document: Mapping[str, Any], topics: set[str]) -> tuple[str, ...]:
        listed = document.get("importance", [])
        if not isinstance(listed, list) or any(not isinstance(topic, str) for topic in listed):
            self._problem("importance", 'List topics: importance = ["traits"].')
            return ()
        for topic in listed:
            if topic not in topics and not self.problems:
                self._problem(
                    "importance", f"No question has the topic ‘{topic}’{nearest(topic, tuple(topics))}."
                )
        if len(set(listed)) < len(listed):
            self._problem("importance", "A topic is listed twice. Remove one.")
        return tuple(listed)

    def _language(self, document: Mapping[str, Any]) -> str:
        language = document.get("language", Questionnaire.language)
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            self._problem("language", "Give the code of a language, such as en, de or pt-BR.")
            return Questionnaire.language
        return language

    def _by_language(self, item: Mapping[str, Any], language: str) -> dict[str, Mapping[str, Any]]:
        """The tables under `translations`, by language; those that are none are reported and left out."""
        tables = item.get("translations", {})
        if not isinstance(tables, Mapping) or any(
            not isinstance(table, Mapping) for table in tables.values()
        ):
            self._problem("translations", "Write one table per language, such as [translations.de].")
            return {}
        if len(tables) > MOST_LANGUAGES:
            self._problem("translations", f"There are {len(tables)} languages; {MOST_LANGUAGES} are allowed.")
            return {}
        for key in tables:
            if not _LANGUAGE.fullmatch(key):
                self._problem(
                    f"translations.{key}", "This is no code of a language, such as en, de or pt-BR."
                )
            elif key == language:
                self._problem(
                    f"translations.{key}",
                    f"‘{key}’ is the questionnaire's own language. Write its texts in their places.",
                )
        return dict(tables)

    def _head_translations(self, document: Mapping[str, Any], language: str) -> dict[str, Translation]:
        found = {}
        for key, table in self._by_language(document, language).items():
            inside = f"translations.{key}"
            self._known_keys(table, _TRANSLATED_HEAD, inside)
            found[key] = Translation(
                self._text(table, "title", 200, f"{inside}.title", needed=False),
                self._text(table, "introduction", 2000, f"{inside}.introduction", needed=False),
                self._topics(table.get("topics", {}), f"{inside}.topics"),
            )
        return found

    def _translations(
        self, item: Mapping[str, Any], kind: QuestionType | None, options: tuple[str, ...], language: str
    ) -> dict[str, QuestionTranslation]:
        found = {}
        for key, table in self._by_language(item, language).items():
            inside = f"translations.{key}."
            self._known_keys(table, _TRANSLATED, inside.removesuffix("."))
            has_wording = "text" in table or "wording" in table
            labels = table.get("options", [])
            texts = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
            if not texts or (labels and len(labels) != len(options)):
                self._problem(
                    f"{inside}options",
                    f"List {len(options)} answers, in the same order as the question has them.",
                )
                labels = []
            if "ends" in table and kind is not QuestionType.SCALE:
                self._problem(f"{inside}ends", "Only a scale has ends. Remove the line.")
            cleaned = tuple(self._cleaned(label, f"{inside}options", 120) for label in labels)
            if len(set(cleaned)) < len(cleaned):
                self._problem(f"{inside}options", "Two of the answers are the same. Change one.")
            found[key] = QuestionTranslation(
                self._wording(table, inside) if has_wording else {},
                self._text(table, "title", 120, f"{inside}title", needed=False),
                self._text(table, "help", 500, f"{inside}help", needed=False),
                cleaned,
                self._ends(table, inside) if "ends" in table else None,
                self._text(table, "unit", 40, f"{inside}unit", needed=False),
            )
        return found

    def _known_keys(self, table: Mapping[str, Any], known: tuple[str, ...], inside: str) -> None:
        for key in table:
            if key not in known:
                self._problem(
                    f"{inside}.{key}", f"There is no such text to translate{nearest(key, known)}. Remove it."
                )

    def _fields(self, item: Mapping[str, Any]) -> tuple[str, ...]:
        listed = item.get("fields", [])
        if not isinstance(listed, list) or any(
            not isinstance(name, str) or not _FIELD.fullmatch(name) for name in listed
        ):
            self._problem("fields", 'List lead fields: fields = ["employees", "source"].')
            return ()
        if len(set(listed)) < len(listed):
            self._problem("fields", "A field is listed twice. Remove one.")
        return tuple(listed)

    def _field(self, item: Mapping[str, Any]) -> str:
        name = item.get("field", "")
        if name != "" and (not isinstance(name, str) or not _FIELD.fullmatch(name)):
            self._problem("field", 'Name one lead field: field = "employees".')
            return ""
        return name

    def _consensus(self, document: Mapping[str, Any]) -> ConsensusRule:
        """What counts as agreement; shares from 0 to 1, the one to agree above those to oppose and to leave out."""
        usual = vars(ConsensusRule())
        given = document.get("consensus", {})
        if not isinstance(given, Mapping) or set(given) - set(usual):
            self._problem("consensus", "Write consensus = { agree = 0.7, oppose = 0.15, out = 0.5 }.")
            return ConsensusRule()
        before = len(self.problems)
        shares = {
            name: self._number(given, name, f"consensus.{name}") if name in given else usual[name]
            for name in usual
        }
        rule = ConsensusRule(
            **{name: usual[name] if share is None else share for name, share in shares.items()}
        )
        if len(self.problems) == before and (
            not 0.5 < rule.agree <= 1 or not 0 < rule.oppose <= 0.5 or not 0 < rule.out < rule.agree
        ):
            self._problem(
                "consensus",
                "‘agree’ has to be above 0.5 and at most 1, ‘oppose’ above 0 and at most 0.5, ‘out’ above 0 and below ‘agree’.",
            )
        return rule

    def _condition(self, item: Mapping[str, Any]) -> Condition | None:
        if "ask_if" not in item:
            return None
        table = item["ask_if"]
        bounds = ("at_least", "at_most")
        if not isinstance(table, Mapping) or set(table) - {"question", "any_of", *bounds}:
            self._problem(
                "ask_if",
                'Write ask_if = { question = "…", any_of = ["…"] }, or at_least and at_most for scales and numbers.',
            )
            return None
        any_of = table.get("any_of", [])
        least, most = (self._number(table, bound, f"ask_if.{bound}") for bound in bounds)
        by_limits = least is not None or most is not None
        if not isinstance(table.get("question"), str):
            self._problem("ask_if.question", "Name the key of an earlier question.")
        elif not isinstance(any_of, list) or bool(any_of) == by_limits:
            self._problem("ask_if", "Give either any_of with at least one answer, or at_least and at_most.")
        elif least is not None and most is not None and least > most:
            self._problem("ask_if.at_most", "It has to be at or above at_least.")
        else:
            return Condition(table["question"], tuple(any_of), least, most)
        return None

    def _check_conditions(self, questions: list[Question]) -> None:
        """Conditions name earlier questions, and answers that these offer."""
        for self._at, question in enumerate(questions):
            problem = condition_problem(questions, question)
            if problem:
                self._problem("ask_if", problem)

    def _true_or_false(self, item: Mapping[str, Any], key: str, default: bool) -> bool:
        value = item.get(key, default)
        if not isinstance(value, bool):
            self._problem(key, "Write true or false, without quotation marks.")
            return default
        return value

    def _name(self, item: Mapping[str, Any], key: str) -> str:
        value = item.get(key)
        if not isinstance(value, str) or not _KEY.fullmatch(value):
            self._problem(
                key, f"Give a {key} of small letters, digits and _, beginning with a letter, at most 40 long."
            )
            return ""
        return value

    def _text(
        self, item: Mapping[str, Any], key: str, longest: int, shown: str = "", *, needed: bool = True
    ) -> str:
        if key not in item and not needed:
            return ""
        return self._cleaned(item.get(key), shown or key, longest)

    def _cleaned(self, value: Any, key: str, longest: int) -> str:
        try:
            return required_text("" if value is None else value, "The text", longest)
        except InvalidInput as error:
            self._problem(key, str(error))
            return ""

    def _one_of(self, item: Mapping[str, Any], key: str, allowed: list[str], default: str) -> str:
        value = item.get(key, default)
        if value not in allowed:
            self._problem(key, f"It has to be one of: {', '.join(allowed)}.")
            return default
        return value

    def _whole(self, item: Mapping[str, Any], key: str, least: int, most: int, default: int) -> int:
        value = item.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self._problem(key, f"It has to be a whole number from {least} to {most:,}.")
            return default
        return value

    def _number(self, item: Mapping[str, Any], key: str, shown: str = "") -> float | None:
        value = item.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e12:
            self._problem(shown or key, "It has to be a number.")
            return None
        return float(value)

    def _problem(self, key: str, remedy: str) -> None:
        line = self._places.line(self._at, key) if self._places else None
        shown = key if self._at is None or self._places else f"questions.{self._at + 1}.{key}"
        self.problems.append(Problem(line, shown, remedy))
