"""Questionnaires as documents: read from and written to TOML, with line, key and remedy for each mistake.

The document's shape (a table with `[[questions]]`) is the one kept in the store as JSON, too.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from alignment.errors import InvalidInput
from alignment.people import Team
from alignment.questionnaires import SMALLEST_GROUP, Mode, Question, Questionnaire, QuestionType
from alignment.texts import required_text

LONGEST_FILE = 500_000
MOST_QUESTIONS = 200
MOST_OPTIONS = 30
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_RESERVED = ("person", "team")
_LATER = ("ranking", "rule", "lead_cards")
_SURVEY_KEYS = ("title", "mode", "min_group", "introduction", "topics", "questions")
_COMMON = ("key", "topic", "type", "title", "wording", "text", "help", "required")
_OWN: dict[QuestionType, tuple[str, ...]] = {
    QuestionType.CHOICE: ("options",),
    QuestionType.CHOICES: ("options",),
    QuestionType.YES_NO: (),
    QuestionType.SCALE: ("points", "ends"),
    QuestionType.NUMBER: ("unit", "minimum", "maximum"),
    QuestionType.TEXT: (),
}
_EVERY_KEY = (*_COMMON, *dict.fromkeys(key for keys in _OWN.values() for key in keys))


@dataclass(frozen=True)
class Problem:
    """One mistake: the line it stands on (None for a document without lines), the key, and what to change."""

    line: int | None
    key: str
    remedy: str

    def __str__(self) -> str:
        place = ", ".join(
            part
            for part in (f"Line {self.line}" if self.line else "", f"key ‘{self.key}’" if self.key else "")
            if part
        )
        return f"{place}: {self.remedy}" if place else self.remedy


class InvalidQuestionnaire(InvalidInput):
    """A questionnaire that cannot be used; `problems` has each mistake."""

    def __init__(self, problems: list[Problem]) -> None:
        """Say the first ten problems."""
        self.problems = tuple(problems)
        shown = " ".join(str(problem) for problem in problems[:10])
        more = f" And {len(problems) - 10} more." if len(problems) > 10 else ""
        super().__init__(f"The questionnaire cannot be used. {shown}{more}")


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
        raise InvalidQuestionnaire([_syntax(error)]) from error
    return from_document(document, _Places(text))


def write_toml(questionnaire: Questionnaire) -> str:
    """The questionnaire as TOML that `read_toml` reads back to the same questionnaire."""
    document = to_document(questionnaire)
    lines = [
        f"{key} = {_value(document[key])}"
        for key in ("title", "mode", "min_group", "introduction")
        if key in document
    ]
    if "topics" in document:
        lines += ["", "[topics]", *(f"{key} = {_value(title)}" for key, title in document["topics"].items())]
    for question in document["questions"]:
        lines += ["", "[[questions]]", *(f"{key} = {_value(value)}" for key, value in question.items())]
    return "\n".join(lines) + "\n"


def to_document(questionnaire: Questionnaire) -> dict[str, Any]:
    """The questionnaire as plain tables, lists and texts; what is at its default is left out."""
    document: dict[str, Any] = {
        "title": questionnaire.title,
        "mode": questionnaire.mode.value,
        "min_group": questionnaire.min_group,
    }
    if questionnaire.introduction:
        document["introduction"] = questionnaire.introduction
    if questionnaire.topics:
        document["topics"] = dict(questionnaire.topics)
    document["questions"] = [_question_document(question) for question in questionnaire.questions]
    return document


def from_document(document: Mapping[str, Any], places: "_Places | None" = None) -> Questionnaire:
    """The questionnaire in a document as `to_document` makes it. Raises InvalidQuestionnaire with every mistake found."""
    reader = _Reader(places)
    questionnaire = reader.questionnaire(document)
    if reader.problems or questionnaire is None:
        raise InvalidQuestionnaire(reader.problems)
    return questionnaire


class _Places:
    """Finds the line on which a key stands. TOML readers forget lines, so the text is walked once more."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[int | None, str], int] = {}
        question: int | None = None
        count = 0
        table = ""
        for number, line in _outside_strings(text):
            if re.match(r"\s*\[\[\s*questions\s*\]\]", line):
                question, count, table = count, count + 1, "questions"
                self._lines[(question, "")] = number
            elif header := re.match(r"\s*\[+\s*([\w.\"-]+)\s*\]+", line):
                table = header.group(1).strip('"')
                self._lines.setdefault(
                    (question if table.startswith("questions.") else None, table.split(".")[-1]), number
                )
            elif key := re.match(r"\s*\"?([\w-]+)\"?\s*[.=]", line):
                where = question if table.startswith("questions") else None
                name = f"topics.{key.group(1)}" if table == "topics" else key.group(1)
                self._lines.setdefault((where, name), number)

    def line(self, question: int | None, key: str) -> int | None:
        """The line of `key` in the question with this index (None: in the head), else of the question itself."""
        return (
            self._lines.get((question, key))
            or self._lines.get((question, ""))
            or self._lines.get((None, key))
        )


class _Reader:
    """Walks a document and collects what is wrong with it."""

    def __init__(self, places: _Places | None) -> None:
        self.problems: list[Problem] = []
        self._places = places
        self._at: int | None = None

    def questionnaire(self, document: Mapping[str, Any]) -> Questionnaire | None:
        for key in document:
            if key not in _SURVEY_KEYS:
                self._problem(key, f"There is no such setting{_nearest(key, _SURVEY_KEYS)}. Remove the line.")
        title = self._text(document, "title", 200)
        introduction = self._text(document, "introduction", 2000, needed=False)
        mode = self._one_of(document, "mode", [mode.value for mode in Mode], Mode.CONFIDENTIAL.value)
        min_group = self._whole(document, "min_group", SMALLEST_GROUP, 1000, SMALLEST_GROUP)
        topics = self._topics(document.get("topics", {}))
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
            question = self._question(item, seen)
            if question is not None:
                questions.append(question)
        self._at = None
        used = {question.topic for question in questions}
        for topic in topics:
            if questions and topic not in used and not self.problems:
                self._problem(
                    f"topics.{topic}",
                    "No question has this topic. Remove the line, or give a question the topic.",
                )
        if self.problems:
            return None
        return Questionnaire(title, Mode(mode), min_group, tuple(questions), introduction, topics)

    def _question(self, item: Mapping[str, Any], seen: set[str]) -> Question | None:
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
                self._problem(name, f"There is no such setting{_nearest(name, _EVERY_KEY)}. Remove the line.")
            elif kind is not None and name not in _COMMON and name not in _OWN[kind]:
                self._problem(name, f"A question of type {kind.value} has no ‘{name}’. Remove the line.")
        wording = self._wording(item)
        title = self._text(item, "title", 120, needed=False)
        help_text = self._text(item, "help", 500, needed=False)
        required = item.get("required", True)
        if not isinstance(required, bool):
            self._problem("required", "Write true or false, without quotation marks.")
        options = self._options(item) if kind in (QuestionType.CHOICE, QuestionType.CHOICES) else ()
        points = self._whole(item, "points", 2, 11, 5)
        ends = self._ends(item)
        unit = self._text(item, "unit", 40, needed=False)
        minimum, maximum = self._number(item, "minimum"), self._number(item, "maximum")
        if minimum is not None and maximum is not None and minimum >= maximum:
            self._problem("maximum", f"It has to be above the minimum, which is {minimum:g}.")
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
            bool(required),
            title,
        )

    def _type(self, item: Mapping[str, Any]) -> QuestionType | None:
        kind = item.get("type")
        known = [kind.value for kind in QuestionType]
        if isinstance(kind, str) and kind in known:
            return QuestionType(kind)
        if isinstance(kind, str) and kind in _LATER:
            self._problem(
                "type", f"Questions of type ‘{kind}’ are not available yet. Use one of: {', '.join(known)}."
            )
        else:
            self._problem("type", f"The type has to be one of: {', '.join(known)}.")
        return None

    def _wording(self, item: Mapping[str, Any]) -> dict[Team, str]:
        if "text" in item and "wording" in item:
            self._problem("text", "Give either ‘text’ for both teams or ‘wording’ for each, not both.")
            return {}
        if "text" in item:
            text = self._text(item, "text", 500)
            return dict.fromkeys(Team, text)
        wording = item.get("wording")
        teams = [team.value for team in Team]
        if not isinstance(wording, Mapping) or set(wording) != set(teams):
            self._problem(
                "wording",
                'Give the question as text = "…" for both teams, or as wording = { sales = "…", marketing = "…" }.',
            )
            return {}
        return {Team(team): self._text(wording, team, 500, "wording") for team in teams}

    def _options(self, item: Mapping[str, Any]) -> tuple[str, ...]:
        options = item.get("options")
        if not isinstance(options, list) or len(options) < 2 or any(not isinstance(o, str) for o in options):
            self._problem("options", 'List at least two answers: options = ["…", "…"].')
            return ()
        if len(options) > MOST_OPTIONS:
            self._problem("options", f"There are {len(options)} answers; {MOST_OPTIONS} are allowed.")
            return ()
        cleaned = tuple(self._cleaned(option, "options", 120) for option in options)
        if any("|" in option or "\n" in option for option in cleaned):
            self._problem(
                "options", "An answer may not contain ‘|’ or a line break: the answer file separates by it."
            )
        if len(set(cleaned)) < len(cleaned):
            self._problem("options", "Two of the answers are the same. Remove one.")
        return cleaned

    def _ends(self, item: Mapping[str, Any]) -> tuple[str, str]:
        ends = item.get("ends", list(Question.ends))
        if not isinstance(ends, list) or len(ends) != 2 or any(not isinstance(end, str) for end in ends):
            self._problem("ends", 'Name the two ends of the scale: ends = ["not at all", "decisive"].')
            return Question.ends
        return self._cleaned(ends[0], "ends", 60), self._cleaned(ends[1], "ends", 60)

    def _topics(self, topics: Any) -> dict[str, str]:
        if not isinstance(topics, Mapping):
            self._problem(
                "topics", 'Write the headings as a table: [topics], then lines such as traits = "Traits".'
            )
            return {}
        for key in topics:
            if not _KEY.fullmatch(key):
                self._problem(
                    f"topics.{key}", "A topic's key is made of small letters, digits and _, a letter first."
                )
        return {key: self._cleaned(title, f"topics.{key}", 120) for key, title in topics.items()}

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

    def _number(self, item: Mapping[str, Any], key: str) -> float | None:
        value = item.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= 1e12:
            self._problem(key, "It has to be a number.")
            return None
        return float(value)

    def _problem(self, key: str, remedy: str) -> None:
        line = self._places.line(self._at, key) if self._places else None
        shown = key if self._at is None or self._places else f"questions.{self._at + 1}.{key}"
        self.problems.append(Problem(line, shown, remedy))


def _question_document(question: Question) -> dict[str, Any]:
    document: dict[str, Any] = {"key": question.key, "topic": question.topic, "type": question.type.value}
    if question.title:
        document["title"] = question.title
    if len(set(question.wording.values())) == 1:
        document["text"] = question.wording[Team.SALES]
    else:
        document["wording"] = {team.value: question.wording[team] for team in Team}
    if question.help:
        document["help"] = question.help
    if question.options:
        document["options"] = list(question.options)
    if question.type is QuestionType.SCALE:
        document |= {"points": question.points, "ends": list(question.ends)}
    if question.unit:
        document["unit"] = question.unit
    if question.minimum is not None:
        document["minimum"] = question.minimum
    if question.maximum is not None:
        document["maximum"] = question.maximum
    if not question.required:
        document["required"] = False
    return document


def _outside_strings(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) of the lines that do not begin inside a string of several lines."""
    inside = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if not inside:
            yield number, line
        for mark in re.findall(r'"""|\'\'\'', line):
            inside = "" if inside == mark else (inside or mark)


def _syntax(error: Exception) -> Problem:
    found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
    if found:
        what, line, column = found.groups()
        return Problem(
            int(line),
            "",
            f"This is not TOML at column {column} ({what}). Check quotation marks and brackets.",
        )
    return Problem(None, "", f"This is not TOML ({error}). Check quotation marks and brackets.")


def _nearest(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f" (perhaps ‘{close[0]}’ was meant)" if close else ""


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case list():
            return f"[{', '.join(_value(item) for item in value)}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {_value(item)}' for key, item in value.items())} }}"
        case _:
            return repr(value)


def _string(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\x7f": "\\u007f"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'
