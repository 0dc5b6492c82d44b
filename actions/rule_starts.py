"""The rules and scores that there are already: agreed, in preparation, or asked for by a team in a questionnaire."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from actions import definitions, scores
from actions.comparison import compare_survey
from actions.permissions import authorise
from actions.surveys import list_surveys
from alignment.people import Actor, Team
from alignment.questionnaires import QuestionType
from alignment.rules import AllOf, Points, PointsEntry, Rule, conditions_of, distinct, parse, to_document
from alignment.surveys import SurveyStatus

if TYPE_CHECKING:
    from alignment.disagreement import Comparison


@dataclass(frozen=True)
class RuleStart:
    """A rule to begin from. `key` names it in links, `label` on screen; `team` is whose it is, None for both teams'."""

    key: str
    label: str
    document: Mapping[str, Any]
    team: Team | None = None

    @property
    def is_score(self) -> bool:
        """Whether it is points with a threshold."""
        return isinstance(parse(self.document).root, Points)


def list_starts(actor: Actor) -> tuple[RuleStart, ...]:
    """The rules that the person may see: definitions and the score in force and in preparation, each team's points, and what
    each team mostly asks for in the questionnaire that was closed last."""
    authorise(actor, "rule:test")
    found = []
    for entry in definitions.read_glossary(actor):
        for version, state in ((entry.in_force, "in force"), (entry.open, "in preparation")):
            if version is not None and version.rule is not None:
                label = f"{entry.term.name}, {state}"
                found.append(RuleStart(f"definition-{version.id}", label, version.rule))
    score = scores.read_score(actor)
    for agreed, state in ((score.in_force, "in force"), (score.open, "in preparation")):
        if agreed is not None and agreed.rule is not None:
            found.append(RuleStart(f"score-{agreed.id}", f"Lead score, {state}", agreed.rule))
    for team, points in score.sides.items():
        label = f"Points that {team.label} would give"
        found.append(RuleStart(f"points-{team.value}", label, points.rule, team))
    found += [
        RuleStart(f"{start.key}-points", f"{start.label}, as points", _as_points(start.document))
        for start in found
        if not start.is_score
    ]
    return (*found, *_of_last_survey(actor))


def _as_points(document: Mapping[str, Any]) -> dict[str, Any]:
    """A score to begin from: ten points for each condition of a rule, and a threshold at half of them."""
    entries = tuple(PointsEntry(condition, 1_000) for condition in distinct(conditions_of(parse(document))))
    return to_document(Rule(Points(entries, 1_000 * -(-len(entries) // 2))))


def _of_last_survey(actor: Actor) -> list[RuleStart]:
    closed = [survey for survey in list_surveys(actor) if survey.status is SurveyStatus.CLOSED]
    if not closed:
        return []
    last = max(closed, key=lambda survey: survey.closed_at or "")
    stated = stated_rules(compare_survey(actor, last.id, costs=False))
    return [
        RuleStart(
            f"survey-{team.value}",
            f"What {team.label} asks for: {last.questionnaire.title}",
            to_document(rule),
            team,
        )
        for team, rule in stated.items()
    ]


def stated_rules(found: "Comparison") -> dict[Team, Rule]:
    """What each team mostly asks of a lead: its rule where it was asked for one, else all that it asks of single fields."""
    shown = [one for one in found.questions if not one.hidden]
    for one in shown:
        if one.question.type is QuestionType.RULE and one.typical_rules and all(one.typical_rules.values()):
            return {team: rule for team, rule in one.typical_rules.items() if rule is not None}
    rules = {}
    for team in Team:
        parts = [
            rule.root
            for one in shown
            if (rule := one.typical_rules.get(team)) is not None and not isinstance(rule.root, Points)
        ]
        if parts:
            rules[team] = Rule(parts[0] if len(parts) == 1 else AllOf(distinct(parts)))
    return rules
