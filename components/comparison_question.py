"""One question of a comparison: what was asked, what came of it, and what each team makes of the other."""

import streamlit as st

from alignment.disagreement import QuestionComparison
from alignment.disagreement.compound_sentences import agreement_within, condition_differences
from alignment.disagreement.measures_in_words import effect_in_words
from alignment.people import Team
from alignment.questionnaires import Question
from alignment.rules import sentence
from alignment.surveys import Comments, OwnAnswers, Survey
from components.answering.words import answer_in_words
from components.charts.comparison import distribution_figure, distribution_in_words, distribution_rows
from components.comparison_words import SEEN, importance_in_words, without_figures, wordings
from components.text import plain


def show_asked(question: Question) -> None:
    """What was asked, in both wordings where they differ."""
    for line in wordings(question):
        st.markdown(line)
    if question.help:
        st.caption(plain(question.help))


def show_own(question: Question, own: OwnAnswers) -> None:
    """The own answer of whoever looks, marked as such; or why there is none to see."""
    if question.key in own.answers:
        said = plain(answer_in_words(question, own.answers[question.key]))
        st.markdown(
            f":gray-badge[:material/person: Your answer] {said}"
            if "\n" not in said
            else f":gray-badge[:material/person: Your answer]\n\n{said}"
        )
    elif own.answers:
        st.caption(":material/person: You have skipped this question.")
    elif own.reason:
        st.caption(f":material/person: {plain(own.reason)}")


def show_answers(compared: QuestionComparison, own: OwnAnswers, mode: str | None) -> None:
    """Both teams' answers, drawn for the type of the question, with the table and the figures behind."""
    question = compared.question
    mine = own.answers.get(question.key)
    figure = distribution_figure(compared, mode, own=mine)
    if figure is None:
        return
    st.plotly_chart(
        figure,
        key=f"compared_chart_{question.key}",
        alt=distribution_in_words(compared, own=mine),
        config={"displayModeBar": False, "staticPlot": True},
    )
    counts = " and ".join(f"{compared.n[team]} people in {team.label}" for team in Team)
    parts = [f"{counts} answered", importance_in_words(compared)]
    st.caption(" · ".join(filter(None, parts)))
    show_within(compared)
    show_numbers(compared)


def show_numbers(compared: QuestionComparison) -> None:
    """Everything with a name and a figure, for those who want it, and the table behind the chart."""
    question = compared.question
    with st.popover("Numbers", icon=":material/table:", key=f"compared_numbers_{question.key}"):
        lines = [
            effect_in_words(effect, question)
            for effect in (compared.effect, *compared.other_effects)
            if effect is not None
        ]
        if compared.between_share is not None:
            lines.append(
                f"Share of all disagreement that lies between the teams, beyond chance: {compared.between_share * 100:.0f}%"
            )
        if compared.q is not None:
            lines.append(f"False-discovery rate over the questionnaire: q = {compared.q:.3f}")
        if compared.distributions is not None:
            for team in Team:
                within = agreement_within(compared.distributions[team], question.type)
                if within:
                    lines.append(f"Within {team.label}: {within}")
        if compared.reason:
            lines.append(compared.reason)
        st.markdown("\n".join(f"- {plain(line)}" for line in lines))
        st.dataframe(
            distribution_rows(compared),
            hide_index=True,
            column_config={
                "Answer": st.column_config.TextColumn(width=150),
                **{team.label.capitalize(): st.column_config.TextColumn(width=75) for team in Team},
            },
            alt=f"How both teams answered: {question.name}",
        )


def show_within(compared: QuestionComparison) -> None:
    """Which team is divided, and how; never who."""
    if compared.distributions is None:
        return
    for team in Team:
        within = agreement_within(compared.distributions[team], compared.question.type)
        if within:
            st.markdown(f"Within {team.label}: {plain(without_figures(within))}.")


def show_perspectives(compared: QuestionComparison) -> None:
    """What each team thinks of the other, against what that one says."""
    if not compared.perspectives:
        return
    st.subheader("What each team expects of the other", anchor=False)
    for perspective in compared.perspectives:
        st.markdown(f"{SEEN[perspective.seen]} {plain(perspective.sentence)}")


def show_rules(compared: QuestionComparison) -> None:
    """What most of each team ask of a lead, as a sentence, and where the two differ."""
    if not compared.typical_rules:
        return
    st.subheader("What each team typically asks of a lead", anchor=False)
    for team, rule in compared.typical_rules.items():
        typical = (
            f"typically asks that {plain(sentence(rule))}."
            if rule
            else "has no typical rule: most ask for nothing together."
        )
        st.markdown(f"**{team.label.capitalize()}** {typical}")
    for told in condition_differences(compared):
        st.markdown(f"- {plain(told)}")


def show_hidden(survey: Survey, compared: QuestionComparison) -> None:
    """Why nothing is shown of this question."""
    st.info(
        plain(compared.reason)
        if compared.reason
        else f"Results show only when answers of at least {survey.min_group} people of each team count.",
        icon=":material/visibility_off:",
    )


def show_quotes(found: Comments) -> None:
    """What people wrote, shuffled and without names, or why it does not show."""
    if found.reason:
        st.info(plain(found.reason), icon=":material/visibility_off:")
        return
    st.caption("Shuffled, without names.")
    columns = st.columns(len(found.by_team)) if found.by_team else []
    for column, (team, texts) in zip(columns, found.by_team.items(), strict=True):
        with column:
            st.markdown(f"**{team.label.capitalize()}**")
            for text in texts:
                st.markdown(_quoted(text))


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}" for line in plain(text).split("\n"))
