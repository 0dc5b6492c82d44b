"""What is different between two questionnaires, and whether answers from before and after can be compared."""

from dataclasses import dataclass

from alignment.consensus import ConsensusRule
from alignment.people import Team
from alignment.questionnaires import Question, Questionnaire


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

    Corrections are texts that are read: title, introduction, headings, wording, help, and neutral title, in every
    language; the lead field that a question is about, which nobody who answers sees; and answers, ends and unit in another language that had none. More is: answers to choose from (they are
    what is stored), points and ends of a scale, unit and bounds (they say what a number means), and these once they are
    translated, because somebody may have answered by them; type, key, required, condition, guess, privacy (which has its
    own way), what counts as agreement, pace, language, and the order, because earlier questions colour the answers to later ones and conditions
    build on it.
    """
    was, becomes = _facts(before), _facts(after)
    found: dict[bool, list[Change]] = {True: [], False: []}
    for path in dict.fromkeys((*was, *becomes)):
        old, new = was.get(path), becomes.get(path)
        if old == new:
            continue
        fact = new or old
        if fact is not None:
            in_both = path[0] != "question" or _in_both(path[1], before, after)
            comparable = fact.is_text or (fact.may_be_added and old is None)
            found[comparable and in_both].append(_change(fact, old, new))
    # a wording that both teams share is one text
    return Changes(tuple(dict.fromkeys(found[True])), tuple(dict.fromkeys(found[False])))


@dataclass(frozen=True)
class _Fact:
    """One setting of a questionnaire, to compare: facts of the same value are no change.

    `is_text`: only read, so that a change is a correction. `may_be_added`: a correction only where there was none.
    """

    where: str
    what: str
    value: object
    is_text: bool
    may_be_added: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fact) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def in_words(self, sign: str = "") -> str:
        """The value as it is shown; a list's parts between signs, where they could be confused otherwise."""
        if isinstance(self.value, tuple):
            return " · ".join(f"{sign}{part}{sign}" for part in self.value)
        return "" if self.value is None else str(self.value)


def _change(fact: _Fact, old: _Fact | None, new: _Fact | None) -> Change:
    was, becomes = (one.in_words() if one else "" for one in (old, new))
    if was == becomes and old and new:
        was, becomes = old.in_words('"'), new.in_words('"')
    return Change(fact.where, fact.what, was, becomes)


def _facts(questionnaire: Questionnaire) -> dict[tuple[str, ...], _Fact]:
    """Everything that a questionnaire says, by path."""
    q = questionnaire
    sections = tuple(section.key for section in q.sections)
    order = tuple(question.key for section in q.sections for question in section.questions)
    found: dict[tuple[str, ...], _Fact] = {
        ("head", "title"): _Fact("", "Title", q.title, True),
        ("head", "introduction"): _Fact("", "Introduction", q.introduction, True),
        ("head", "mode"): _Fact("", "Privacy", q.mode.value, False),
        ("head", "min_group"): _Fact("", "Smallest group", str(q.min_group), False),
        ("head", "pace"): _Fact("", "Pace", q.pace.value, False),
        ("head", "consensus"): _Fact("", "What counts as agreement", _consensus_in_words(q.consensus), False),
        ("head", "language"): _Fact("", "Language", q.language, False),
        ("head", "languages"): _Fact("", "Translations", q.languages[1:], True),
        ("head", "importance"): _Fact("", "Sections whose importance is asked", q.importance, False),
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


def _consensus_in_words(rule: ConsensusRule) -> str:
    return f"{rule.agree:.0%} of each team for it, under {rule.oppose:.0%} against, out at {rule.out:.0%}"


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
        ("Lead field", "field", True),
        ("Guess", "guess", False),
        ("Condition", "ask_if", False),
    ):
        found["question", question.key, attribute] = _Fact(name, what, getattr(question, attribute), is_text)
    for language, own in question.translations.items():
        texts = {
            **{f"Wording for {team.label}": own.wording.get(team, "") for team in Team},
            "Neutral title": own.title,
            "Help": own.help,
        }
        meanings = {"Answers": own.options, "Ends": own.ends, "Unit": own.unit}
        for what, value in {**texts, **meanings}.items():
            if value:
                found["question", question.key, language, what] = _Fact(
                    name, f"{what} in {language}", value, what in texts, may_be_added=what in meanings
                )
    return found


def _in_both(key: str, *questionnaires: Questionnaire) -> bool:
    return all(any(question.key == key for question in q.questions) for q in questionnaires)
