"""The lead cards of a question: the leads behind them, how both teams judged them, what became of them, and why."""

import streamlit as st

from actions import comparison, lead_cards, leads
from alignment.disagreement import QuestionComparison
from alignment.lead_cards import CardOutcome
from alignment.people import Actor
from alignment.questionnaires import Question
from alignment.surveys import OwnAnswers, Survey
from components.charts.comparison import distribution_rows
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain

BECAME = {CardOutcome.WON: "won", CardOutcome.LOST: "lost", CardOutcome.OPEN: "still open"}
JUDGED = {"qualified": "qualified", "not_qualified": "not qualified", "cant_tell": "can't tell"}


def show_cards(survey: Survey, compared: QuestionComparison, own: OwnAnswers) -> None:
    """The leads behind the cards, with what stood on them."""
    with stop_on_refusal():
        cards = lead_cards.cards_to_judge(actor(), survey.id, compared.question.key)
    if not cards or compared.distributions is None:
        return
    with stop_on_refusal():
        became = _outcomes(
            actor(), survey.id, survey.revision, compared.question.key, leads.read_revision(actor())
        )
    judged = {row["Answer"]: row for row in distribution_rows(compared)}
    mine = own.answers.get(compared.question.key) or {}
    rows = []
    for card in sorted(cards, key=lambda card: card.number):
        of = judged.get(f"Card {card.number}")
        if of is None:
            continue
        said = {team: of[team].split(" ")[0] for team in ("Sales", "Marketing")}
        if mine:
            verdict = (mine.get(str(card.number)) or {}).get("verdict", "")
            said["You"] = JUDGED.get(verdict, "")
        rows.append(
            {
                "Card": f"Card {card.number}",
                **said,
                "What became of it": BECAME[became[card.number]] if card.number in became else "not known",
                **dict(card.facts),
            }
        )
    st.subheader("The leads on the cards", anchor=False)
    st.caption("The share of each team that calls the lead qualified, and what became of it.")
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Card": st.column_config.TextColumn(pinned=True)},
        alt=f"The leads on the cards, and how both teams judged them: {compared.question.name}",
    )
    show_card_reasons(survey, compared.question)


@st.cache_data(ttl=600, max_entries=64, show_spinner=False)
def _outcomes(
    _acting: Actor, survey_id: str, revision: int, key: str, facts_revision: str
) -> dict[int, CardOutcome]:
    """Computed once for a closed survey and a version of the leads: the same for everybody who may read it."""
    return dict(lead_cards.outcomes_of_cards(_acting, survey_id, key))


def show_card_reasons(survey: Survey, question: Question) -> None:
    """What people wrote on the cards, card by card; nothing where that could tell who wrote it."""
    with stop_on_refusal():
        reasons = comparison.read_card_reasons(actor(), survey.id).get(question.key)
    if reasons is None:
        return
    st.markdown("**Their reasons**")
    if not reasons.by_card:
        st.caption(plain(reasons.reason))
        return
    st.caption(
        f"Shuffled, without names; only of cards where at least {survey.questionnaire.comment_group} people of each team "
        "that gave reasons did."
    )
    with st.container(horizontal=True):
        for number, by_team in reasons.by_card.items():
            with st.popover(f"Card {number}", icon=":material/chat:", key=f"compared_reasons_{number}"):
                for team, texts in by_team.items():
                    st.markdown(f"**{team.label.capitalize()}**")
                    for text in texts:
                        st.markdown(f"> {plain(text)}")
