"""Lead cards: real leads that both teams judge blind, drawn by those who prepare a questionnaire.

Which lead a card is never leaves these actions, what became of it only after closing; and nothing here tells who judged
what.
"""

import secrets
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from actions import clock
from actions.journal import journal
from actions.kept_results import KeptResults
from actions.permissions import authorise, may
from alignment import rules
from alignment.answers import counted_responses
from alignment.errors import InvalidInput, NotFound, StaleVersion, WrongState
from alignment.lead_cards import (
    HIDDEN,
    MOST_FACTS,
    OTHER,
    UNKNOWN,
    CardField,
    CardOutcome,
    CardReview,
    FieldUse,
    LeadCard,
    shortfall,
    shuffled,
)
from alignment.people import Actor, Person, Team
from alignment.questionnaires import MOST_CARDS, Question, QuestionType
from alignment.rules import Rule
from alignment.surveys import Survey, SurveyStatus
from alignment.typical_rules import typical_rule
from db.queries import answers, invitees, lead_cards, people, surveys
from db.store import Connection, store

if TYPE_CHECKING:  # Ibis takes a second to load: only where leads are really touched
    from leads.cards import Profile
    from leads.store import Facts

LARGEST_SEED = 2**53
_MOST_PROFILES = 4
_profiles: "dict[Any, Profile]" = {}
_profiling = threading.Lock()


# ── for those who answer ─────────────────────────────────────────────────────────────────────────────────────────────


def cards_to_judge(actor: Actor, survey_id: str, question_key: str) -> tuple[LeadCard, ...]:
    """The cards of a question as this person sees them; empty while a draft has none.

    Those who are asked get them shuffled, the same way each time; those who prepare questionnaires see them by number, of
    a draft as well; and so does everybody once the questionnaire is closed. Raises NotFound where there is no such
    question of lead cards, or none for this person.
    """
    person = authorise(actor, "survey:answer")
    connection = store().read()
    survey = _visible(connection, person, survey_id)
    _question(survey, question_key)
    found = lead_cards.cards(connection, survey.id, question_key)
    asked = person.team is not None and invitees.is_asked(connection, survey, person.id)
    return shuffled(found, person.id, survey.id) if survey.status is SurveyStatus.OPEN and asked else found


def outcomes_of_cards(actor: Actor, survey_id: str, question_key: str) -> dict[int, CardOutcome]:
    """Card number → what became of its lead, as far as is known now; leads that are not there any more are left out.

    Raises WrongState before the questionnaire is closed: to know the end would spoil the judgement.
    """
    person = authorise(actor, "comparison:read")
    connection = store().read()
    survey = _visible(connection, person, survey_id)
    _question(survey, question_key)
    if survey.status is not SurveyStatus.CLOSED:
        raise WrongState(
            f"What became of the leads can be read once ‘{survey.title}’ is closed. Till then it would sway the judgement."
        )
    ids = lead_cards.lead_ids(connection, survey.id, question_key)
    from leads.store import warehouse

    facts = warehouse()
    key = (facts.folder, facts.revision(), tuple(sorted(ids.items())))
    return dict(_OUTCOMES.get(key, lambda: _outcomes_of(ids)))


_OUTCOMES: "KeptResults[dict[int, CardOutcome]]" = KeptResults(32)


def _outcomes_of(ids: Mapping[int, str]) -> dict[int, CardOutcome]:
    from leads.cards import standing_of
    from leads.store import warehouse

    with warehouse().read() as facts:
        standing = standing_of(facts, list(ids.values()))
    return {number: standing[lead_id][0] for number, lead_id in ids.items() if lead_id in standing}


# ── for those who prepare ────────────────────────────────────────────────────────────────────────────────────────────


def review_cards(actor: Actor, survey_id: str, question_key: str) -> CardReview:
    """The cards by number and, of a draft, every field of the leads: shown, to be chosen, withheld and why."""
    authorise(actor, "survey:prepare")
    return _review(survey_id, question_key)


def draw_cards(
    actor: Actor,
    survey_id: str,
    question_key: str,
    *,
    count: int | None = None,
    fields: Sequence[str] | None = None,
    seed: int | None = None,
    revision: int,
) -> CardReview:
    """Draw the cards of a draft's question, in the place of those it has; the question then has as many as were drawn.

    `count` and `fields` are the question's own unless given; no fields mean the usual ones. The same `seed` draws the same
    leads as long as fields and leads are the same. Free text, and whatever has to be looked at first, is not on fresh
    cards. Raises InvalidInput for a number or a field that cannot be, WrongState for anything but a draft and where there
    is no lead to draw, StaleVersion when the draft is not as it was seen.
    """
    person = authorise(actor, "survey:prepare")
    survey, question = _draft(store().read(), survey_id, question_key, revision)
    if count is not None:
        question = replace(question, count=_checked_count(count))
    if fields is not None:
        question = replace(question, fields=_checked_fields(fields))
    drawn = _draw(question, _checked_seed(seed))

    def transaction(connection: Connection) -> None:
        survey, _ = _draft(connection, survey_id, question_key, revision)
        _put(connection, survey, [drawn])
        _note(connection, person, survey, "survey:draw_cards", drawn)

    store().write(transaction)
    return replace(_review(survey.id, question_key), note=shortfall(question.count, len(drawn.cards)))


def replace_card(
    actor: Actor, survey_id: str, question_key: str, number: int, *, seed: int | None = None, revision: int
) -> CardReview:
    """Put another lead in the place of one card of a draft.

    What somebody has to look at first is not on the new card. Raises WrongState when there is no other lead to draw.
    """
    person = authorise(actor, "survey:prepare")
    connection = store().read()
    survey, question = _draft(connection, survey_id, question_key, revision)
    cards, ids = _drawn_cards(connection, survey, question, number)
    shown = {label for card in cards for label, _ in card.facts}
    beside = [lead_id for at, lead_id in ids.items() if at != number]
    with facts_with_profile(store().read()) as (facts, profile):
        names = [f.name for f in profile.fields if f.label in shown and f.use is FieldUse.AVAILABLE]
        found = _drawn_leads(facts, profile, names, 1, _checked_seed(seed), beside, [ids[number]])
    if not found:
        raise WrongState("There is no other lead that differs enough and has enough known facts.")
    fresh = [found[0] if card.number == number else (ids[card.number], dict(card.facts)) for card in cards]
    return _changed(person, survey, question, fresh, "survey:replace_card", {"card": number})


def take_out_card(
    actor: Actor, survey_id: str, question_key: str, number: int, *, revision: int
) -> CardReview:
    """Take one card of a draft out; those behind it move up. Raises InvalidInput for the last one."""
    person = authorise(actor, "survey:prepare")
    connection = store().read()
    survey, question = _draft(connection, survey_id, question_key, revision)
    cards, ids = _drawn_cards(connection, survey, question, number)
    if len(cards) == 1:
        raise InvalidInput("This is the last card. Draw new ones, or take the question out.")
    left = [(ids[card.number], dict(card.facts)) for card in cards if card.number != number]
    return _changed(person, survey, question, left, "survey:take_out_card", {"card": number})


def show_field(
    actor: Actor,
    survey_id: str,
    question_key: str,
    field: str,
    *,
    looked_at: Sequence[str],
    revision: int,
) -> CardReview:
    """Put on the cards of a draft what somebody had to look at first: a free text, or the values few leads share.

    `looked_at` are the texts that were looked at, as `CardField.values` has them. Raises StaleVersion when the cards would
    show others, InvalidInput for a field that is never shown or has nothing to look at.
    """
    person = authorise(actor, "survey:prepare")
    survey, question = _draft(store().read(), survey_id, question_key, revision)
    review = _review(survey.id, question.key)
    named = next((found for found in review.fields if found.name == field), None)
    if named is None or named.use is FieldUse.NEVER:
        raise InvalidInput(
            "This field is never on lead cards."
            if named is None
            else f"‘{named.label}’ is never on lead cards: it {named.reason}."
        )
    if not named.values:
        raise InvalidInput(f"There is nothing to look at in ‘{named.label}’.")
    if [text for _, text in named.values] != list(looked_at):
        raise StaleVersion(
            f"The values of ‘{named.label}’ have changed since you looked at them. Look at them again."
        )
    order = {found.label: place for place, found in enumerate(review.fields)}
    labels = {label for card in review.cards for label, _ in card.facts}
    if named.label not in labels and len(labels) >= MOST_FACTS:
        raise InvalidInput(f"A card has at most {MOST_FACTS} facts. Take another field off first.")
    ids = lead_cards.lead_ids(store().read(), survey.id, question.key)
    with facts_with_profile(store().read()) as (facts, profile):
        exact = _exact_of(facts, profile, ids, [field])
    seen = dict(named.values)
    fresh = []
    for card in review.cards:
        told = dict(card.facts)
        if card.number in seen or named.label not in told:
            # the very text that was looked at; where there was none to look at, ‘not known’ or ‘not shown’
            told[named.label] = seen.get(card.number) or _silent(exact.get(card.number, {}).get(field))
        fresh.append(
            (ids[card.number], dict(sorted(told.items(), key=lambda fact: order.get(fact[0], len(order)))))
        )
    return _changed(
        person, survey, question, fresh, "survey:show_field", {"field": field, "looked_at": len(looked_at)}
    )


def leave_out_field(
    actor: Actor, survey_id: str, question_key: str, field: str, *, revision: int
) -> CardReview:
    """Take a field off the cards of a draft. Raises InvalidInput where two cards would then show the same."""
    person = authorise(actor, "survey:prepare")
    survey, question = _draft(store().read(), survey_id, question_key, revision)
    review = _review(survey.id, question.key)
    label = next((found.label for found in review.fields if found.name == field), None)
    ids = lead_cards.lead_ids(store().read(), survey.id, question.key)
    fresh = [
        (ids[card.number], {name: text for name, text in card.facts if name != label})
        for card in review.cards
    ]
    told = Counter(tuple(facts.items()) for _, facts in fresh)
    if label is None or not told or () in told or max(told.values()) > 1:
        raise InvalidInput(
            "Without this field two cards would show the same. Draw other cards without it instead."
        )
    return _changed(person, survey, question, fresh, "survey:leave_out_field", {"field": field})


def _silent(text: str | None) -> str:
    return HIDDEN if text == HIDDEN else UNKNOWN


# ── for opening a survey ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class DrawnCards:
    """The cards drawn for a question: (lead id, label → text) in the order of their numbers, and the seed."""

    question: Question
    cards: Sequence[tuple[str, Mapping[str, str]]]
    seed: int


def draw_missing(connection: Connection, survey_id: str) -> tuple[DrawnCards, ...]:
    """Cards for the questions of a draft that have none, for the action that opens it, before its transaction.

    Drawing takes its time, which no other writer should wait for. Raises WrongState where there is no lead to draw.
    """
    survey = surveys.find(connection, survey_id) if isinstance(survey_id, str) else None
    if survey is None or survey.status is not SurveyStatus.DRAFT:
        return ()
    there = lead_cards.drawn_questions(connection, survey.id)
    missing = [question for question in _questions(survey) if question.key not in there]
    return tuple(_draw(question, _checked_seed(None)) for question in missing)


def put_missing(connection: Connection, person: Person, survey: Survey, drawn: Sequence[DrawnCards]) -> None:
    """Keep what `draw_missing` drew, in the transaction that opens the survey.

    Raises StaleVersion when the questions are not those that it was drawn for.
    """
    there = lead_cards.drawn_questions(connection, survey.id)
    wanted = {question.key: question for question in _questions(survey)}
    fitting = [cards for cards in drawn if cards.question.key not in there]
    for key, question in wanted.items():
        if key not in there and question not in [cards.question for cards in fitting]:
            raise StaleVersion(
                f"‘{survey.title}’ was changed in the meantime. Look at it again before you open it."
            )
    for key in set(there) - set(wanted):
        lead_cards.remove(connection, survey.id, key)
    _put(connection, survey, fitting)
    for cards in fitting:
        _note(connection, person, survey, "survey:draw_cards", cards)


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _draw(question: Question, seed: int) -> DrawnCards:
    with facts_with_profile(store().read()) as (facts, profile):
        if not profile.leads:
            raise WrongState(
                f"There are no leads to draw cards from for ‘{question.name}’. Import leads first, or take the question out."
            )
        asked_for = [profile.field(name) for name in question.fields]
        unfit = [name for name, found in zip(question.fields, asked_for, strict=True) if found is None]
        names = [found.name for found in asked_for if found and found.use is FieldUse.AVAILABLE]
        if question.fields and not names:
            which = f" The leads have no field {', '.join(unfit[:5])}." if unfit else ""
            raise WrongState(
                f"None of the fields of ‘{question.name}’ may be on a card unless somebody looks first.{which} Choose others."
            )
        drawn = _drawn_leads(facts, profile, names or profile.usual, question.count, seed)
    if not drawn:
        raise WrongState(
            f"No lead has enough known facts for the cards of ‘{question.name}’. Choose other fields, or take the question out."
        )
    return DrawnCards(question, drawn, seed)


def _drawn_leads(
    facts: "Facts",
    profile: "Profile",
    names: Sequence[str],
    count: int,
    seed: int,
    beside: Sequence[str] = (),
    without: Sequence[str] = (),
) -> list[tuple[str, dict[str, str]]]:
    from leads.cards import draw

    labels = {field.name: field.label for field in profile.fields}
    found = draw(
        facts, profile, names, count, seed, clock.now(), teams_rules(store().read()), beside, without
    )
    return [(lead.lead_id, {labels[name]: text for name, text in lead.facts}) for lead in found]


def names_of_people(connection: Connection) -> tuple[str, ...]:
    """By which values of the leads are known that name somebody here, for actions that have authorised."""
    return tuple(sorted(person.name for person in people.everyone(connection)))


@contextmanager
def facts_with_profile(connection: Connection) -> "Iterator[tuple[Facts, Profile]]":
    """The lead facts of one version and what is known of their fields, for actions that have authorised."""
    from leads.cards import profile
    from leads.store import warehouse

    names = names_of_people(connection)
    with warehouse().read() as facts:
        key = (warehouse().folder, facts.revision, names)
        with _profiling:
            known = _profiles.get(key)
            if known is None:
                known = _profiles[key] = profile(facts, names)
                while len(_profiles) > _MOST_PROFILES:
                    _profiles.pop(next(iter(_profiles)))
        yield facts, known


def teams_rules(connection: Connection) -> tuple[Rule, Rule] | None:
    """What each team typically asks of a lead, by the questionnaire closed last that tells it for both; sales first. For
    actions that have authorised.

    Only of closed ones: which leads are drawn must not show what is being answered.
    """
    closed = [survey for survey in surveys.listed(connection) if survey.status is SurveyStatus.CLOSED]
    for survey in sorted(closed, key=lambda survey: survey.closed_at or "", reverse=True):
        for question in survey.questionnaire.questions:
            if question.type is QuestionType.RULE:
                found = _typical_of(survey, question)
                if found is not None:
                    return found
    return None


def _typical_of(survey: Survey, question: Question) -> tuple[Rule, Rule] | None:
    return _typical(str(store().path), survey.id, survey.revision, question.key)


@lru_cache(maxsize=64)
def _typical(path: str, survey_id: str, revision: int, question_key: str) -> tuple[Rule, Rule] | None:
    """Computed once: the answers of a closed survey stay. `path` tells stores apart."""
    connection = store().read()
    survey = surveys.known(connection, survey_id)
    given: dict[Team, list[Rule]] = {team: [] for team in Team}
    for response in counted_responses(
        survey.questionnaire, answers.submitted_responses(connection, survey_id)
    ):
        document = response.answers.get(question_key)
        if document is not None:
            given[response.team].append(rules.parse(document))
    sales, marketing = (typical_rule(given[team], survey.min_group) for team in (Team.SALES, Team.MARKETING))
    return None if sales is None or marketing is None else (sales.rule, marketing.rule)


# ── keeping and showing ──────────────────────────────────────────────────────────────────────────────────────────────


def _review(survey_id: str, question_key: str) -> CardReview:
    connection = store().read()
    survey = surveys.known(connection, survey_id)
    question = _question(survey, question_key)
    cards = lead_cards.cards(connection, survey.id, question.key)
    if survey.status is not SurveyStatus.DRAFT:
        return CardReview(cards, (), {}, 0, None, survey.revision)
    ids = lead_cards.lead_ids(connection, survey.id, question.key)
    pair = teams_rules(connection)
    from leads.cards import standing_of

    with facts_with_profile(store().read()) as (facts, profile):
        standing = standing_of(facts, list(ids.values()), pair) if ids else {}
        texts = _exact_of(
            facts, profile, ids, [f.name for f in profile.fields if f.use is not FieldUse.NEVER]
        )
    shown = {label for card in cards for label, _ in card.facts}
    fields = []
    for field in profile.fields:
        use = field.use
        values = _to_look_at(
            field.label, use, cards, {n: told.get(field.name, "") for n, told in texts.items()}
        )
        if field.label in shown and use is not FieldUse.NEVER:
            use = FieldUse.SHOWN
        fields.append(CardField(field.name, field.label, use, field.reason, values))
    return CardReview(
        cards,
        tuple(fields),
        Counter(outcome for outcome, _, _ in standing.values()),
        len({source for _, source, _ in standing.values()}),
        None if pair is None else sum(disputed for _, _, disputed in standing.values()),
        survey.revision,
    )


def _to_look_at(
    label: str, use: FieldUse, cards: Sequence[LeadCard], exact: Mapping[int, str]
) -> tuple[tuple[int, str], ...]:
    """The texts that a card would show of a field once somebody has looked at them."""
    found = []
    for card in cards:
        now, text = dict(card.facts).get(label), exact.get(card.number, "")
        withheld = now == OTHER if use is FieldUse.AVAILABLE else use is FieldUse.LOOK and now is None
        if withheld and text not in ("", UNKNOWN, HIDDEN):
            found.append((card.number, text))
    return tuple(found)


def _exact_of(
    facts: "Facts", profile: "Profile", ids: Mapping[int, str], names: Sequence[str]
) -> dict[int, dict[str, str]]:
    """Card number → field → what the card would show of it once somebody has looked."""
    from leads.cards import facts_of

    if not ids:
        return {}
    told = facts_of(facts, profile, list(ids.values()), names, clock.now(), names)
    return {number: dict(told[lead_id]) for number, lead_id in ids.items() if lead_id in told}


def _changed(
    person: Person,
    survey: Survey,
    question: Question,
    cards: Sequence[tuple[str, Mapping[str, str]]],
    action: str,
    what: Mapping[str, Any],
) -> CardReview:
    """Keep other cards for a question of a draft that is as it was seen, and look at them."""

    def transaction(connection: Connection) -> None:
        current, _ = _draft(connection, survey.id, question.key, survey.revision)
        _put(connection, current, [DrawnCards(question, cards, 0)])
        journal(
            connection,
            person,
            action,
            "survey",
            survey.id,
            after={"question": question.key, "cards": len(cards), **what},
        )

    store().write(transaction)
    return _review(survey.id, question.key)


def _put(connection: Connection, survey: Survey, drawn: Sequence[DrawnCards]) -> None:
    """Keep the cards, and in the questions how many there are."""
    becomes = {cards.question.key: cards for cards in drawn}
    for key, cards in becomes.items():
        lead_cards.replace_all(connection, survey.id, key, cards.cards)
    counts = lead_cards.drawn_questions(connection, survey.id)
    questions = tuple(
        replace(
            becomes[question.key].question if question.key in becomes else question,
            count=counts[question.key],
        )
        if question.type is QuestionType.LEAD_CARDS and question.key in counts
        else question
        for question in survey.questionnaire.questions
    )
    if becomes or questions != survey.questionnaire.questions:
        # even where the questions stay the same: whoever has seen other cards has seen another draft
        surveys.set_content(connection, survey.id, replace(survey.questionnaire, questions=questions))


def _note(connection: Connection, person: Person, survey: Survey, action: str, drawn: DrawnCards) -> None:
    journal(
        connection,
        person,
        action,
        "survey",
        survey.id,
        after={"question": drawn.question.key, "cards": len(drawn.cards), "seed": drawn.seed},
    )


# ── what may be asked for ────────────────────────────────────────────────────────────────────────────────────────────


def _visible(connection: Connection, person: Person, survey_id: str) -> Survey:
    survey = surveys.known(connection, survey_id)
    if survey.status is SurveyStatus.CLOSED or may(person, "survey:prepare"):
        return survey
    asked = person.team is not None and invitees.is_asked(connection, survey, person.id)
    if survey.status is SurveyStatus.DRAFT or not asked:
        raise NotFound(surveys.UNKNOWN)
    return survey


def _draft(
    connection: Connection, survey_id: str, question_key: str, revision: int
) -> tuple[Survey, Question]:
    survey = surveys.known(connection, survey_id)
    question = _question(survey, question_key)
    if survey.status is not SurveyStatus.DRAFT:
        raise WrongState(
            f"‘{survey.title}’ is {survey.status.value}; its cards stay as they are, so that judgements compare."
        )
    if survey.revision != revision:
        raise StaleVersion(
            f"‘{survey.title}’ was changed in the meantime. Look at it again before you go on."
        )
    return survey, question


def _questions(survey: Survey) -> tuple[Question, ...]:
    return tuple(q for q in survey.questionnaire.questions if q.type is QuestionType.LEAD_CARDS)


def _question(survey: Survey, question_key: str) -> Question:
    for question in _questions(survey):
        if question.key == question_key:
            return question
    raise NotFound("There is no such question with lead cards in this questionnaire.")


def _drawn_cards(
    connection: Connection, survey: Survey, question: Question, number: int
) -> tuple[tuple[LeadCard, ...], dict[int, str]]:
    cards = lead_cards.cards(connection, survey.id, question.key)
    if isinstance(number, bool) or number not in [card.number for card in cards]:
        raise InvalidInput(f"There is no card {number}. Look at the cards again.")
    return cards, lead_cards.lead_ids(connection, survey.id, question.key)


def _checked_count(count: int) -> int:
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_CARDS:
        raise InvalidInput(f"The number of cards has to be a whole number from 1 to {MOST_CARDS}.")
    return count


def _checked_seed(seed: int | None) -> int:
    if seed is None:
        return secrets.randbelow(LARGEST_SEED)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < LARGEST_SEED:
        raise InvalidInput("The seed of a draw has to be a whole number that is not negative.")
    return seed


def _checked_fields(fields: Sequence[str]) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(fields)) if isinstance(fields, list | tuple) else ()
    if len(chosen) != len(fields) or len(chosen) > MOST_FACTS:
        raise InvalidInput(f"Choose at most {MOST_FACTS} fields, each once.")
    with facts_with_profile(store().read()) as (_, profile):
        for name in chosen:
            found = profile.field(name) if isinstance(name, str) else None
            if found is None:
                raise InvalidInput(
                    f"The leads have no field “{str(name)[:60]}”. Choose one of those that they have."
                )
            if found.use is FieldUse.NEVER:
                raise InvalidInput(f"‘{found.label}’ is never on lead cards: it {found.reason}.")
            if found.use is FieldUse.LOOK:
                raise InvalidInput(
                    f"‘{found.label}’ {found.reason}. Draw the cards first, then look at its values and put it on."
                )
    return chosen
