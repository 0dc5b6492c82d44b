"""The lead cards of a question: the leads behind them, how both teams judged them, what became of them, and why."""

import streamlit as st

from actions import card_judgements, comparison, lead_cards
from alignment.disagreement import QuestionComparison
from alignment.lead_cards import BECAME
from alignment.people import Team
from alignment.questionnaires import Question
from alignment.surveys import OwnAnswers, Survey
from components.charts.comparison import distribution_rows
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain

JUDGED = {"qualified": "qualified", "not_qualified": "not qualified", "cant_tell": "can't tell"}
SAID = {True: "yes", False: "no", None: "–"}


def show_cards(survey: Survey, compared: QuestionComparison, own: OwnAnswers) -> None:
    """The leads behind the cards, with what stood on them."""
    with stop_on_refusal():
        cards = lead_cards.cards_to_judge(actor(), survey.id, compared.question.key)
    if not cards or compared.distributions is None:
        return
    with stop_on_refusal():
        became = lead_cards.outcomes_of_cards(actor(), survey.id, compared.question.key)
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
                "What became of it": BECAME[became.get(card.number)],
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


def show_stated_and_judged(survey: Survey, compared: QuestionComparison) -> None:
    """What each team says it asks for, against how it judges, against what became of the leads."""
    with stop_on_refusal():
        found = card_judgements.stated_and_judged(actor(), survey.id, compared.question.key)
    if found is None:
        return
    st.subheader("What they say, how they judge, what happened", anchor=False)
    for team in Team:
        for line in found.sentences[team]:
            st.markdown(f"- {plain(line)}")
    with st.popover("Card by card", icon=":material/table:", key="compared_stated"):
        st.dataframe(
            [
                {
                    "Card": f"Card {one.number}",
                    **{f"{team.label.capitalize()}’s rule": SAID[one.stated[team]] for team in Team},
                    **{f"{team.label.capitalize()} judges": SAID[one.judged[team]] for team in Team},
                    "What became of it": BECAME[one.outcome],
                }
                for one in found.cards
            ],
            hide_index=True,
            column_config={"Card": st.column_config.TextColumn(pinned=True)},
            alt="Card by card: what each team's rule says, how it judges, and what became of the lead",
        )
