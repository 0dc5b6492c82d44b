"""Lead cards for those who prepare a questionnaire: draw them, see what people will see, look at what is withheld."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from actions import lead_cards
from alignment.lead_cards import MOST_FACTS, CardField, CardOutcome, CardReview, FieldUse, LeadCard
from alignment.questionnaires import MOST_CARDS, Question, QuestionType
from alignment.surveys import Survey, SurveyStatus
from components.outcome import perform
from components.page import show_refusal
from components.session import actor
from components.text import ink, plain

_OUTCOMES = {
    CardOutcome.WON: "won",
    CardOutcome.LOST: "lost",
    CardOutcome.OPEN: "without an end",
}


def show_cards(survey: Survey) -> None:
    """The lead cards of each question that has some; while the survey is a draft, with what can be changed.

    Drawn inside a page that shows what became of a click (`show_outcome`).
    """
    questions = [q for q in survey.questionnaire.questions if q.type is QuestionType.LEAD_CARDS]
    for question in questions:
        with show_refusal():
            if len(questions) > 1:
                st.subheader(plain(question.name), anchor=False)
            _show_question(survey, question)


def _show_question(survey: Survey, question: Question) -> None:
    review = lead_cards.review_cards(actor(), survey.id, question.key)
    key = f"cards_{survey.id}_{question.key}"
    if survey.status is not SurveyStatus.DRAFT:
        judged = "are judged now" if survey.status is SurveyStatus.OPEN else "were judged"
        st.markdown(f"These {_cards(len(review.cards))} {judged}. They stay as they were drawn.")
        _turn_over(survey, question, review, key)
        return
    usable = [field for field in review.fields if field.use is not FieldUse.NEVER]
    if not usable:
        st.info("There are no leads to draw cards from. Import leads first, or take the question out.")
        st.page_link("pages/leads/bring_in.py", label="Bring in leads", icon=":material/upload_file:")
        return
    st.markdown(plain(_sentence(question, review)))
    note = st.session_state.get(f"{key}_note")
    if note and note[0] == review.revision and note[1]:
        st.warning(plain(note[1]), icon=":material/info:")
    _offer_draw(survey, question, review, key)
    if review.cards:
        _turn_over(survey, question, review, key)
        _offer_looks(survey, question, review, key)
    _explain_withheld(review)


def _sentence(question: Question, review: CardReview) -> str:
    if not review.cards:
        return (
            f"No leads are drawn yet. Draw them now and look at them, or let the portal draw {question.count} when the "
            "questionnaire opens. Both teams judge the same ones, without names, owners or what became of them."
        )
    mix = ", ".join(
        f"{review.mix[outcome]} {words}" for outcome, words in _OUTCOMES.items() if review.mix.get(outcome)
    )
    sources = "one source" if review.sources == 1 else f"{review.sources} sources"
    disputed = (
        f"; on {review.disputed} of them the two teams' rules disagree" if review.disputed is not None else ""
    )
    return f"{_cards(len(review.cards))}: {mix}, from {sources}{disputed}. People see none of this."


def _cards(count: int) -> str:
    return "1 card" if count == 1 else f"{count} cards"


# ── drawing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _offer_draw(survey: Survey, question: Question, review: CardReview, key: str) -> None:
    labels = {field.name: field.label for field in review.fields if _is_safe(field)}
    # the draft's revision is part of the keys: after a draw the widgets begin with what was drawn
    count_key, fields_key = f"{key}_count_{survey.revision}", f"{key}_fields_{survey.revision}"
    st.number_input(
        "How many cards",
        1,
        MOST_CARDS,
        question.count,
        key=count_key,
        width=160,
        help=f"At most {MOST_CARDS}.",
    )
    st.multiselect(
        "Facts on the cards",
        list(labels),
        default=[name for name in question.fields if name in labels],
        format_func=labels.__getitem__,
        max_selections=MOST_FACTS,
        placeholder="The usual ones",
        key=fields_key,
        help="Without a choice, a card shows those that are known of many leads.",
    )
    if any(_was_looked_at(field) for field in review.fields):
        st.caption("Fresh cards come without the free text: nobody has looked at theirs.")
    st.button(
        "Draw others" if review.cards else "Draw the cards",
        type="secondary" if review.cards else "primary",
        icon=":material/casino:" if review.cards else ":material/style:",
        key=f"{key}_draw",
        on_click=_draw,
        args=(survey, question, key, count_key, fields_key),
    )


def _draw(survey: Survey, question: Question, key: str, count_key: str, fields_key: str) -> None:
    """Callback of 'Draw'."""
    review = perform(
        "Drawn. Look through the cards.",
        lead_cards.draw_cards,
        survey.id,
        question.key,
        count=st.session_state[count_key],
        fields=st.session_state[fields_key],
        revision=survey.revision,
    )
    if review is not None:
        st.session_state[f"{key}_note"] = (review.revision, review.note)
        st.session_state.pop(f"{key}_number", None)


def _is_safe(field: CardField) -> bool:
    """Whether the field can be chosen without a look at its values."""
    return field.use in (FieldUse.AVAILABLE, FieldUse.SHOWN) and not field.reason


def _was_looked_at(field: CardField) -> bool:
    return field.use is FieldUse.SHOWN and bool(field.reason)


# ── the cards as people see them ─────────────────────────────────────────────────────────────────────────────────────


@st.fragment
def _turn_over(survey: Survey, question: Question, review: CardReview, key: str) -> None:
    """One card after the other; turning over reruns nothing else."""
    numbers = [card.number for card in review.cards]
    if not numbers:
        return
    if st.session_state.get(f"{key}_number") not in numbers:
        st.session_state[f"{key}_number"] = numbers[0]
    number = st.segmented_control(
        "Card", numbers, format_func=lambda number: ink(str(number)), required=True, key=f"{key}_number"
    )
    _show_card(next(card for card in review.cards if card.number == number))
    if survey.status is not SurveyStatus.DRAFT:
        return
    with st.container(horizontal=True):
        replaced = st.button(
            "Another lead instead",
            icon=":material/swap_horiz:",
            key=f"{key}_replace",
            on_click=partial(
                perform,
                f"Card {number} is another lead now.",
                lead_cards.replace_card,
                survey.id,
                question.key,
                number,
                revision=review.revision,
            ),
        )
        taken_out = len(numbers) > 1 and st.button(
            "Take it out",
            icon=":material/remove:",
            type="tertiary",
            key=f"{key}_take_out",
            on_click=partial(
                perform,
                "Taken out. The cards behind it moved up.",
                lead_cards.take_out_card,
                survey.id,
                question.key,
                number,
                revision=review.revision,
            ),
        )
    if replaced or taken_out:
        st.rerun()  # the whole page: the draft has another revision now


def _show_card(card: LeadCard) -> None:
    with st.container(border=True, gap="xsmall"):
        for label, text in card.facts:
            with st.container(horizontal=True, wrap=False, gap="small"):
                st.markdown(f":gray[{plain(label)}]", width=120)
                st.markdown(f"**{plain(text)}**", width="stretch")


# ── what is withheld ─────────────────────────────────────────────────────────────────────────────────────────────────


def _offer_looks(survey: Survey, question: Question, review: CardReview, key: str) -> None:
    """Free text, and values that few leads share: on the cards only after a look at these very values."""
    to_look_at = {field.name: field for field in review.fields if field.values}
    on_cards = [field for field in review.fields if _was_looked_at(field)]
    if not to_look_at and not on_cards:
        return
    st.markdown("**Facts that need a look first**")
    for field in on_cards:
        st.button(
            f"Take ‘{plain(field.label)}’ off the cards",
            icon=":material/visibility_off:",
            key=f"{key}_off_{field.name}",
            on_click=perform,
            args=(f"‘{field.label}’ is off the cards.", lead_cards.leave_out_field, survey.id, question.key),
            kwargs={"field": field.name, "revision": review.revision},
        )
    if not to_look_at:
        return
    chosen = st.selectbox(
        "Look at the values of",
        list(to_look_at),
        index=None,
        format_func=lambda name: f"{to_look_at[name].label} ({_values(len(to_look_at[name].values))})",
        placeholder="Choose a field",
        key=f"{key}_look_{survey.revision}",
        help="Free text may tell whose lead it is, and so may a value that hardly another lead has.",
    )
    if chosen is None:
        return
    field = to_look_at[chosen]
    with st.container(border=True, gap="xsmall"):
        for number, text in field.values:
            st.markdown(f":gray[Card {number}] {plain(text)}")
    every = "the value" if len(field.values) == 1 else f"the {len(field.values)} values"
    st.checkbox(
        f"I have looked at {every} of this field: nobody can tell from them whose lead it is",
        key=f"{key}_looked_{survey.revision}_{field.name}",
        on_change=perform,
        args=(f"‘{field.label}’ is on the cards.", lead_cards.show_field, survey.id, question.key),
        kwargs={
            "field": field.name,
            "looked_at": [text for _, text in field.values],
            "revision": review.revision,
        },
    )


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def _explain_withheld(review: CardReview) -> None:
    never = [field for field in review.fields if field.use is FieldUse.NEVER]
    waiting = [field for field in review.fields if field.use is FieldUse.LOOK]
    if not never and not waiting:
        return
    with st.expander(
        f"What cards leave out, and why ({len(never) + len(waiting)})", icon=":material/shield:"
    ):
        st.caption(
            "Never the lead's number, names, owner, stages or outcome. Exact dates become months, large numbers are "
            "rounded, and a value that fewer than five leads share is shown as ‘other’."
        )
        _list_reasons(never)
        _list_reasons(waiting)


def _list_reasons(fields: Sequence[CardField]) -> None:
    by_reason: dict[str, list[str]] = {}
    for field in fields:
        by_reason.setdefault(field.reason, []).append(field.label)
    for reason, labels in by_reason.items():
        st.markdown(f"{plain(', '.join(labels))}: {plain(reason)}")
