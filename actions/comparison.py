"""What a closed questionnaire shows: how the teams compare, and what people wrote. Results of whole teams, never a person's.

An open questionnaire shows nothing: two looks before and after one more answer would give that answer away.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from actions import metrics, settings, sign_in
from actions.kept_results import KeptResults
from actions.permissions import authorise, may
from alignment import instants
from alignment.answers import counted_responses, questions_without_files, shows_a_result
from alignment.errors import NotFound, WrongState
from alignment.people import Actor, Person, Team
from alignment.questionnaires import Mode, QuestionType, Response
from alignment.surveys import CardReasons, Comments, OwnAnswers, Survey, SurveyStatus
from db.queries import answers, audit, sign_ins, surveys
from db.store import Connection, store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement import Comparison
    from alignment.disagreement.terms import Terms


def compare_survey(actor: Actor, survey_id: str, *, costs: bool = True) -> "Comparison":
    """Question by question, how sales and marketing answered a closed survey, the one to settle first on top.

    With what each disagreement costs in past leads, as far as these tell, unless `costs` is False. Everybody may read it. Raises
    WrongState while the survey is not closed.
    """
    survey = _closed(authorise(actor, "comparison:read"), survey_id)
    path = str(store().path)
    return _with_costs(path, survey) if costs else _compared(path, survey.id, survey.revision)


def read_comments(actor: Actor, survey_id: str) -> dict[str, Comments]:
    """What people wrote, by question in free text, shuffled: only when enough people of both teams have submitted.

    A question's comments are shown when each team that wrote something did so with enough people. Raises WrongState
    while the survey is not closed.
    """
    return _comments(_closed(authorise(actor, "comparison:read"), survey_id))


def read_terms(actor: Actor, survey_id: str) -> "dict[str, Terms]":
    """Which words and phrases more people of the one team used than of the other, by question in free text.

    Of comments that `read_comments` shows of both teams, and no others; a term is told of no fewer people than a comment
    group. Raises WrongState while the survey is not closed.
    """
    survey = _closed(authorise(actor, "comparison:read"), survey_id)
    return dict(_terms(str(store().path), survey.id, survey.revision))


@lru_cache(maxsize=32)
def _terms(path: str, survey_id: str, revision: int) -> "Mapping[str, Terms]":
    from alignment.disagreement.terms import Terms, terms_of

    survey = surveys.known(store().read(), survey_id)
    needed, languages = survey.questionnaire.comment_group, survey.questionnaire.languages
    return {
        key: Terms(needed, reason=shown.reason)
        if shown.reason
        else terms_of(shown.by_team, needed, languages)
        for key, shown in _comments(survey).items()
    }


def _comments(survey: Survey) -> dict[str, Comments]:
    questionnaire = survey.questionnaire
    submitted = answers.submitted_responses(store().read(), survey.id)
    responses = counted_responses(questionnaire, submitted)
    left_out = questions_without_files(questionnaire, submitted)
    people = {team: sum(response.team is team for response in responses) for team in Team}
    needed = survey.questionnaire.comment_group
    found: dict[str, Comments] = {}
    for question in survey.questionnaire.questions:
        if question.type is not QuestionType.TEXT:
            continue
        if min(people.values()) < needed:
            found[question.key] = Comments(
                {}, f"Comments are shown when at least {needed} people of each team have submitted."
            )
            continue
        # Sorted before they are shuffled: the place of a comment says nothing about who wrote it, here or elsewhere.
        written = {
            team: sorted(
                r.answers[question.key] for r in responses if r.team is team and r.answers.get(question.key)
            )
            for team in Team
        }
        draw = random.Random(f"{survey.id}:{question.key}")
        shown = _shown(written, needed, draw)
        if question.key in left_out and not shown.by_team:
            shown = Comments(
                {},
                f"What came from files does not count here, because fewer than {needed} people of a team have written "
                "something in the portal, so nothing is shown.",
            )
        found[question.key] = shown
    return found


def read_own_answers(actor: Actor, survey_id: str) -> OwnAnswers:
    """What the acting person has answered themself in a closed survey, and nobody else; with a sentence where there is
    nothing.

    Nothing is left of an anonymous one, whose key closing has destroyed. Where answers are confidential, they are withheld
    from a way in that somebody else may hold. Whoever makes an invitation could accept it, so a password proves who comes
    only if the answers were given with it: they are withheld when the person may have come by a personal link to answer and
    a password exists, when a password was set after the person began (by an invitation, or from the command line), and when
    the one in force was set from the command line and not replaced by its owner before answering. Raises WrongState while
    the survey is not closed.
    """
    person = authorise(actor, "comparison:read")
    survey = _closed(person, survey_id)
    if survey.mode is Mode.ANONYMOUS:
        return OwnAnswers(
            reason="This questionnaire was anonymous. Its key was destroyed when it closed, so nobody can tell which answer "
            "is yours, not even here."
        )
    connection = store().read()
    submitted = answers.submitted_at(connection, survey.id, person.id)
    if submitted is None:
        return OwnAnswers(reason="You have not handed in any answers to this questionnaire.")
    if survey.mode is not Mode.NAMED and (
        why := _may_be_somebody_else(connection, person, survey, submitted)
    ):
        return OwnAnswers(reason=f"Your own answers are not marked, for they are for you alone: {why}")
    return OwnAnswers(answers.given(connection, survey.id, person.id))


def _may_be_somebody_else(connection: Connection, person: Person, survey: Survey, submitted: str) -> str:
    """Why whoever comes in as this person may be another than the one who answered; '' where nothing speaks for it.

    Setting a password ends every session and personal link. So who hands in answers after one was set, without coming by
    a link, knows that password.
    """
    began = answers.started_at(connection, survey.id, person.id) or submitted

    def latest(action: str, until: str = "") -> str:
        return audit.latest(connection, action, "person", person.id, until)

    if (
        sign_ins.is_copied(connection, person.id)
        or max(latest("accept invitation"), latest("set password")) >= began
    ):
        return "your access has been renewed by a link or a password that somebody else may have seen since you began to answer."
    found = sign_ins.credential(connection, person.email)
    if found is None or not found.password_hash:
        return ""
    opened = instants.from_text(survey.opened_at or began)
    if latest("sign in by link", submitted) >= instants.to_text(opened - sign_in.LIFETIME):
        return (
            "you came by a personal link, so nothing shows that the password of this account is yours alone. Sign in with your "
            "password before you answer the next questionnaire, and what you answer there will be marked for you."
        )
    if latest("set password") > max(latest("change password", began), latest("accept invitation")):
        return (
            "somebody else has set your password. Change it under Account before you answer the next questionnaire, and what "
            "you answer there will be marked for you."
        )
    return ""


def read_card_reasons(actor: Actor, survey_id: str) -> dict[str, CardReasons]:
    """The reasons that people gave on lead cards, by question and card, shuffled, under the rule of `read_comments`.

    A card's reasons are shown when enough people of both teams have submitted, and each team that gave reasons on it did
    so with enough people; and only where the comparison shows the card at all. Raises WrongState while the survey is not
    closed.
    """
    survey = _closed(authorise(actor, "comparison:read"), survey_id)
    questionnaire = survey.questionnaire
    asked = [question for question in questionnaire.questions if question.type is QuestionType.LEAD_CARDS]
    if not asked:
        return {}
    responses = counted_responses(questionnaire, answers.submitted_responses(store().read(), survey.id))
    people = {team: sum(response.team is team for response in responses) for team in Team}
    needed = questionnaire.comment_group
    if min(people.values()) < needed:
        few = f"Reasons are shown when at least {needed} people of each team have submitted."
        return {question.key: CardReasons({}, few) for question in asked}
    compared = {
        one.question.key: one for one in _compared(str(store().path), survey.id, survey.revision).questions
    }
    withheld = f"Reasons are shown on cards where at least {needed} people of each team that gave any did."
    guarded = questionnaire.mode is not Mode.NAMED
    found: dict[str, CardReasons] = {}
    for question in asked:
        one = compared.get(question.key)
        labels = one.distributions[Team.SALES].labels if one and one.distributions else ()
        by_card: dict[int, Mapping[Team, tuple[str, ...]]] = {}
        for number in range(1, question.count + 1):
            if f"Card {number}" not in labels:
                continue
            written = _reasons_on(responses, question.key, str(number), needed, guarded)
            shown = _shown(written, needed, random.Random(f"{survey.id}:{question.key}:{number}"))
            if shown.by_team:
                by_card[number] = shown.by_team
        found[question.key] = CardReasons(by_card, "" if by_card else withheld)
    return found


def _reasons_on(
    responses: Sequence[Response], key: str, card: str, needed: int, guarded: bool
) -> dict[Team, list[str]]:
    """The reasons on one card, sorted. Guarded, those that a file may have brought count as answers in free text do.

    That is: only where each team in which the portal has some has at least `needed` of them.
    """
    own: dict[Team, list[str]] = {team: [] for team in Team}
    brought: dict[Team, list[str]] = {team: [] for team in Team}
    uncertain = dict.fromkeys(Team, 0)
    for response in responses:
        reason = ((response.answers.get(key) or {}).get(card) or {}).get("reason")
        if not reason:
            continue
        certain = key not in response.from_file and key not in response.partly_from_file
        (own if certain else brought)[response.team].append(reason)
        uncertain[response.team] += key in response.partly_from_file
    kept = not guarded or not any((own[team] or uncertain[team]) and len(own[team]) < needed for team in Team)
    return {team: sorted(own[team] + (brought[team] if kept else [])) for team in Team}


def _shown(written: dict[Team, list[str]], least: int, draw: random.Random) -> Comments:
    counts = [len(texts) for texts in written.values()]
    if not any(counts):
        return Comments({}, "Nobody wrote anything.")
    if any(0 < count < least for count in counts):
        # nor together: whoever knows what their own team wrote could tell the other team's few apart
        return Comments({}, f"Fewer than {least} people of a team wrote something, so nothing is shown.")
    by_team = {}
    for team, texts in written.items():
        draw.shuffle(texts)
        if texts:
            by_team[team] = tuple(texts)
    return Comments(by_team)


def is_readable(connection: Connection, survey: Survey) -> bool:
    """Whether the comparison of a closed survey shows a result of any question. Looks at counts, computes no statistics."""
    return survey.status is SurveyStatus.CLOSED and shows_a_result(
        survey.questionnaire, answers.submitted_responses(connection, survey.id)
    )


def _closed(person: Person, survey_id: str) -> Survey:
    survey = surveys.known(store().read(), survey_id)
    if survey.status is SurveyStatus.DRAFT and may(person, "survey:prepare"):
        raise WrongState(
            f"‘{survey.title}’ is still a draft. Open it, and once it is closed its results can be read."
        )
    if survey.status is SurveyStatus.DRAFT:
        raise NotFound(surveys.UNKNOWN)
    if survey.status is not SurveyStatus.CLOSED:
        raise WrongState(f"‘{survey.title}’ is still open. Its results can be read once it is closed.")
    return survey


def _with_costs(path: str, survey: Survey) -> "Comparison":
    """The comparison with costs; without any where the leads cannot be read, which is no reason to withhold the answers."""
    from leads.store import WarehouseUnavailable, warehouse

    zone = settings.company_of(store().read()).hours.timezone
    try:
        facts = warehouse()
        revision = facts.revision()
        if revision:
            as_of = metrics.known_until()
            key = (path, survey.id, survey.revision, facts.folder, revision, as_of, zone)
            return _WITH_COSTS.get(
                key, lambda: _costed(_compared(path, survey.id, survey.revision), as_of, zone)
            )
    except WarehouseUnavailable:
        pass
    return _compared(path, survey.id, survey.revision)


def _costed(compared: "Comparison", as_of: datetime, zone: str) -> "Comparison":
    rules = {one.question.key: one.typical_rules for one in compared.questions if one.typical_rules}
    if not rules:
        return compared
    from alignment.disagreement import with_costs
    from leads.costs import costs_of
    from leads.store import warehouse

    with warehouse().read() as facts:
        return with_costs(compared, costs_of(facts, rules, as_of, zone))


_WITH_COSTS: "KeptResults[Comparison]" = KeptResults(32)
_OF_REVISION: "KeptResults[Comparison]" = KeptResults(32)
_OF_ANSWERS: "KeptResults[Comparison]" = KeptResults(32)


def _compared(path: str, survey_id: str, revision: int) -> "Comparison":
    """Computed once for the answers that there are, known by their hash.

    The answers of a closed survey stay, and whatever changes them moves its revision: within one they are not even read.
    `path` tells stores apart.
    """
    return _OF_REVISION.get((path, survey_id, revision), lambda: _of_answers(survey_id))


def _of_answers(survey_id: str) -> "Comparison":
    from alignment.disagreement import compare, fingerprint
    from alignment.disagreement.sentences import tell_of_files

    connection = store().read()
    questionnaire = surveys.known(connection, survey_id).questionnaire
    responses = answers.submitted_responses(connection, survey_id)
    counted = counted_responses(questionnaire, responses)
    found = _OF_ANSWERS.get(fingerprint(questionnaire, counted), lambda: compare(questionnaire, counted))
    return tell_of_files(found, questions_without_files(questionnaire, responses))
