"""The vocabulary refresher for meetings: what sales says, what marketing says, what was agreed; and five questions on it."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actions import clock, comparison, definitions, glossary_terms
from actions.definitions import GlossaryEntry
from actions.permissions import authorise
from alignment import quiz as domain
from alignment import rules
from alignment.definitions import DefinitionVersion, Term
from alignment.errors import InvalidInput, NotPermitted, Refusal, StaleVersion
from alignment.glossary import TeamWords
from alignment.people import Actor, Team
from alignment.quiz import Quiz, QuizTerm
from db.queries import glossary
from db.store import Connection, store

LARGEST_SEED = 2**31


@dataclass(frozen=True)
class Asked:
    """The question of a closed questionnaire that an agreement settled, and what each team mostly answered ('' where there is
    no such answer, or too few may be shown)."""

    survey_id: str
    question_key: str
    text: str
    answered: Mapping[Team, str]


@dataclass(frozen=True)
class RefresherTerm:
    """A term that was agreed: what each team said before, what they answered, and the version in force."""

    term: Term
    words: Mapping[Team, TeamWords]
    asked: Asked | None
    agreed: DefinitionVersion

    def said_by(self, team: Team) -> TeamWords:
        """What a team said before; empty where nothing is known."""
        return self.words.get(team, TeamWords())


@dataclass(frozen=True)
class QuizResult:
    """How a person did in their last quiz. Nobody else can read it."""

    taken_at: str
    correct: int
    asked: int


def read_refresher(actor: Actor) -> list[RefresherTerm]:
    """Every term with a definition in force, in the order of the glossary, with what each team says of it."""
    authorise(actor, "agreement:read")
    details = glossary_terms.read_details(actor)
    origins = glossary.origins(store().read())
    return [
        RefresherTerm(
            entry.term,
            details[entry.term.key].words,
            _asked(actor, *origins[entry.term.key]) if entry.term.key in origins else None,
            entry.in_force,
        )
        for entry in definitions.read_glossary(actor)
        if entry.in_force is not None
    ]


def draw_quiz(actor: Actor, seed: int | None = None) -> Quiz:
    """Five questions on what is in force, drawn with `seed`, or with one that nobody can guess. Fewer where there are fewer."""
    authorise(actor, "agreement:read")
    if seed is not None and (
        not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < LARGEST_SEED
    ):
        raise InvalidInput("The number of a quiz is a whole one from 0 on. Draw new questions.")
    return domain.draw_quiz(_quiz_terms(actor), secrets.randbelow(LARGEST_SEED) if seed is None else seed)


def keep_result(actor: Actor, seed: int, fingerprint: str, answers: Sequence[int | None]) -> QuizResult:
    """Keep how the person did, in the place of the time before; for nobody but themself. `answers` are places among the
    options, None for a question that was left out.

    Raises StaleVersion when the glossary has changed since the questions were drawn, so that they are not the same ones.
    """
    person = authorise(actor, "agreement:acknowledge")
    if actor.machine:
        raise NotPermitted("A quiz is taken by a person. Sign in as yourself.")
    drawn = draw_quiz(actor, seed)
    if drawn.fingerprint != fingerprint or len(answers) != len(drawn.questions):
        raise StaleVersion(
            "The glossary has changed since these questions were drawn, so they count no more. Draw new ones."
        )
    result = QuizResult(clock.now_text(), drawn.correct(answers), len(drawn.questions))

    def transaction(connection: Connection) -> None:
        # no audit row: how somebody did is nobody else's business
        glossary.put_quiz_result(
            connection, person.id, at=result.taken_at, correct=result.correct, asked=result.asked
        )

    store().write(transaction)
    return result


def own_result(actor: Actor) -> QuizResult | None:
    """How the acting person did in their last quiz; None before the first."""
    person = authorise(actor, "agreement:read")
    found = glossary.quiz_result(store().read(), person.id)
    return QuizResult(*found) if found else None


def _quiz_terms(actor: Actor) -> list[QuizTerm]:
    details = glossary_terms.read_details(actor)

    def asked_of(entry: GlossaryEntry) -> QuizTerm:
        of, agreed = details[entry.term.key], entry.in_force
        if agreed is None:
            return QuizTerm(entry.term.key, entry.term.name, words=of.words)
        return QuizTerm(
            entry.term.key,
            entry.term.name,
            agreed.text,
            rules.parse(agreed.rule) if agreed.rule is not None else None,
            of.words,
            tuple((one.facts, one.qualifies, one.note) for one in of.examples),
        )

    return [asked_of(entry) for entry in definitions.read_glossary(actor)]


def _asked(actor: Actor, survey_id: str, question_key: str) -> Asked | None:
    """None where there is no such closed questionnaire or question any more."""
    from alignment.disagreement.mostly import mostly_answered

    try:
        found = comparison.compare_survey(actor, survey_id)
    except Refusal:
        return None
    one = next((one for one in found.questions if one.question.key == question_key), None)
    if one is None:
        return None
    return Asked(
        survey_id, question_key, one.question.name, {team: mostly_answered(one, team) for team in Team}
    )
