"""Lead cards under three lights: what each team says it asks for, how it judges, and what became of the lead."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from actions.comparison import compare_survey
from actions.kept_results import KeptResults
from actions.lead_cards import outcomes_of_cards, teams_rules
from actions.permissions import authorise
from alignment.errors import NotFound
from alignment.people import Actor, Team
from alignment.questionnaires import QuestionType
from alignment.rules import AllOf, Points, Rule, sentence
from db.queries import lead_cards
from db.store import store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement import Comparison
    from alignment.disagreement.stated_and_judged import StatedAndJudged, StatedRule


def stated_and_judged(actor: Actor, survey_id: str, question_key: str) -> "StatedAndJudged | None":
    """How both teams judge the cards of a question, beside their typical rules and what became of the leads.

    The rules are those of the same questionnaire, else of the one closed last that tells both. Only the cards that the
    comparison shows; None where it shows none, where no team has a rule, or where the leads are not there any more. Raises
    WrongState while the survey is not closed, NotFound for a question without lead cards.
    """
    authorise(actor, "comparison:read")
    found = compare_survey(actor, survey_id)
    asked = {one.question.key: one for one in found.questions if one.question.type is QuestionType.LEAD_CARDS}
    if question_key not in asked:
        raise NotFound("There is no such question with lead cards in this comparison.")
    distributions = asked[question_key].distributions
    rules = _rules(found)
    if distributions is None or not any(rules.values()):
        return None
    from alignment.disagreement.stated_and_judged import majorities, put_side_by_side

    judged = majorities(distributions)
    ids = lead_cards.lead_ids(store().read(), survey_id, question_key)
    stated = _kept(rules, {number: ids[number] for number in judged if number in ids})
    if not judged or stated is None:
        return None
    return put_side_by_side(stated, judged, outcomes_of_cards(actor, survey_id, question_key))


def _rules(found: "Comparison") -> Mapping[Team, Rule | None]:
    own = [one.typical_rules for one in found.questions if one.question.type is QuestionType.RULE]
    for rules in own:
        if rules and all(rules.values()):
            return rules
    pair = teams_rules(store().read())
    if pair is not None:
        return dict(zip((Team.SALES, Team.MARKETING), pair, strict=True))
    return next((rules for rules in own if any(rules.values())), {})


def _kept(
    rules: Mapping[Team, Rule | None], ids: Mapping[int, str]
) -> "dict[Team, StatedRule | None] | None":
    """What `_stated` finds in a version of the lead facts, looked at once: each question of a comparison asks for it anew."""
    from leads.store import warehouse

    facts = warehouse()
    asked = tuple(rules.get(team) for team in Team)
    return _STATED.get(
        (facts.folder, facts.revision(), asked, tuple(sorted(ids.items()))), lambda: _stated(rules, ids)
    )


_STATED: "KeptResults[dict[Team, StatedRule | None] | None]" = KeptResults(32)


def _stated(
    rules: Mapping[Team, Rule | None], ids: Mapping[int, str]
) -> "dict[Team, StatedRule | None] | None":
    """What the rules and their conditions say of the leads on the cards; None where none of the leads is there any more."""
    from alignment.disagreement.stated_and_judged import StatedRule
    from leads.cards import verdicts_of
    from leads.store import warehouse

    parts = {
        team: () if rule is None else (rule, *_parts(rule)) for team in Team for rule in [rules.get(team)]
    }
    with warehouse().read() as facts:
        said = verdicts_of(facts, list(ids.values()), [part for team in Team for part in parts[team]])
    if not said:
        return None
    found: dict[Team, StatedRule | None] = {}
    start = 0
    for team in Team:
        columns = [
            {number: said[lead][start + place] for number, lead in ids.items() if lead in said}
            for place in range(len(parts[team]))
        ]
        start += len(columns)
        words = [sentence(part) for part in parts[team][1:]]
        found[team] = StatedRule(columns[0], tuple(zip(words, columns[1:], strict=True))) if columns else None
    return found


def _parts(rule: Rule) -> tuple[Rule, ...]:
    """What a rule asks of every lead that is to pass, one by one."""
    if isinstance(rule.root, Points):
        return ()
    return tuple(Rule(part) for part in (rule.root.parts if isinstance(rule.root, AllOf) else (rule.root,)))
