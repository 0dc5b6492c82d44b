"""What deleting a question or a section costs."""

from collections.abc import Sequence
from dataclasses import dataclass

from alignment.questionnaire_edits.assembly import question_of, section_of
from alignment.questionnaires import Questionnaire


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
    question = question_of(questionnaire, key)
    section = section_of(questionnaire, question.topic)
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
    section = section_of(questionnaire, topic)
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
