"""What stands around the ranked list: who answered, the map of topics, and what people wrote."""

from collections.abc import Mapping

import streamlit as st

from actions import comparison, comparison_history, traits
from actions.permissions import may
from alignment.disagreement import Comparison
from alignment.disagreement.change import alignment_in_words as alignment_told
from alignment.people import Person, Team
from alignment.surveys import ResponseRate, Survey
from components.charts.alignment import alignment_figure, alignment_in_words, alignment_rows
from components.charts.topic_map import topic_map, topic_map_in_words, topic_map_rows
from components.comparison_choice import closed_on
from components.comparison_filters import Filters
from components.comparison_leads import CHART, leads_known, show_traits
from components.comparison_list import QUESTION_PAGE
from components.comparison_words import IMAGINED
from components.page import stop_on_refusal
from components.session import actor
from components.text import plain


def show_who_answered(survey: Survey, found: Comparison, rates: Mapping[Team, ResponseRate]) -> None:
    """Which questionnaire this is, and how many of each team it heard."""
    submitted = " and ".join(
        f"{rates[team].submitted} of {rates[team].invited} in {team.label}" for team in Team
    )
    if found.without_files:
        submitted = f"with answers from files, which do not all count, {submitted}"
    st.caption(f"{plain(survey.title)}, {closed_on(survey)} · {submitted} submitted")


def show_imagined(survey: Survey, found: Comparison) -> None:
    """What a team only imagines, with links to the questions; nothing where nobody does."""
    for kind, sentence in IMAGINED.items():
        about = [one for one in found.questions if any(seen.seen is kind for seen in one.perspectives)]
        if not about:
            continue
        with st.container(gap="xxsmall"):
            st.markdown(f":material/blur_on: {sentence}")
            with st.container(horizontal=True, gap="small"):
                for one in about:
                    st.page_link(
                        QUESTION_PAGE,
                        label=plain(one.question.name),
                        icon=":material/chevron_right:",
                        icon_position="right",
                        query_params={"survey": survey.id, "question": one.question.key},
                    )


def why_hidden(survey: Survey, found: Comparison) -> str:
    """Why nothing of the whole questionnaire shows."""
    if found.without_files:
        return (
            f"Answers from files count with a question where nobody or at least {survey.min_group} people of each team "
            "have answered it in the portal. Otherwise whoever brought the file could take its answers away and be left "
            "with a few people's, so nothing is shown of either team."
        )
    return (
        f"Results show only when at least {survey.min_group} people of each team have answered. With fewer, one could "
        "work out who said what, so nothing is shown of either team."
    )


def still_missing(survey: Survey, found: Comparison, rates: Mapping[Team, ResponseRate]) -> str:
    """How many more people each team needs before anything shows; '' where the number of people is not what is missing."""
    missing = {team: survey.min_group - rates[team].submitted for team in Team}
    needed = [
        f"{count} more {'person' if count == 1 else 'people'} of {team.label}"
        for team, count in missing.items()
        if count > 0
    ]
    if not needed or found.without_files:
        return ""
    return f"It would take the answers of {' and '.join(needed)}."


def show_way_on(me: Person, survey: Survey, found: Comparison, rates: Mapping[Team, ResponseRate]) -> None:
    """Why nothing of the whole questionnaire shows, what it would take, and how to come by it."""
    reason = " ".join(filter(None, (why_hidden(survey, found), still_missing(survey, found, rates))))
    st.info(reason, icon=":material/visibility_off:")
    if may(me, "survey:run"):
        st.page_link(
            "pages/surveys/questionnaires.py",
            label="Copy the questionnaire and ask again",
            icon=":material/content_copy:",
        )


def show_map(found: Comparison, filters: Filters) -> None:
    """The questions that the filters leave by how far the teams are apart and what that costs, numbered as in the list."""
    places = {one.question.key: place for place, one in enumerate(found.questions, 1)}
    shown = [one for one in found.questions if filters.passes(one)]
    figure = topic_map(shown, st.context.theme.type, places)
    if figure is None:
        return
    with st.container(border=True):
        st.plotly_chart(figure, key="comparison_map", alt=topic_map_in_words(shown, places), config=CHART)
        with st.popover("Numbers", icon=":material/table:", key="comparison_map_numbers"):
            # the popover is as wide as its text, and the table as wide as the popover
            st.caption(
                "How far the teams are apart, from 0 (answers alike) to 1 (wholly apart), and how many past leads they "
                "would treat differently, where that can be told from the leads."
            )
            st.dataframe(
                topic_map_rows(shown, places),
                hide_index=True,
                column_config={
                    "Place": st.column_config.NumberColumn("#", width=30),
                    "Topic": st.column_config.TextColumn(width=140),
                    "Apart (0 to 1)": st.column_config.TextColumn("Apart", width=50),
                    "Leads treated differently": st.column_config.TextColumn("Leads", width=85),
                },
                column_order=("Place", "Topic", "Apart (0 to 1)", "Leads treated differently", "Verdict"),
                alt="Questions by how far the teams are apart, and by the leads that costs",
            )


def show_what_data_say() -> None:
    """The traits that tell won from lost leads most, whatever anybody answered."""
    if not leads_known():
        return
    st.subheader("What the data say", anchor=False)
    with stop_on_refusal():
        found = traits.read_traits(actor())
    telling = [one for one in found.traits if one.tells and not one.suspected]
    for more, words in ((True, "won"), (False, "lost")):
        strongest = [one for one in telling if (one.difference > 0) is more][:3]
        if strongest:
            told = "; ".join(
                f"{plain(one.words)} ({one.share_of_won:.0%} of the won, {one.share_of_lost:.0%} of the lost)"
                for one in strongest
            )
            st.markdown(f"Leads that were **{words}** more often have: {told}.")
    if found.traits and not telling:
        st.markdown("No trait tells won from lost leads: what differs could be chance.")
    if not found.traits:
        show_traits(found, "comparison_traits")
        return
    part = st.expander(
        "The strongest traits, with their numbers",
        icon=":material/bar_chart:",
        key="comparison_traits_open",
        on_change="rerun",
    )
    if part.open:
        with part:
            show_traits(found, "comparison_traits")


def show_alignment(survey: Survey) -> None:
    """How far the teams agreed whenever much the same was asked, where that was more than once."""
    with stop_on_refusal():
        everything = comparison_history.alignment_over_time(actor())
    group = next((one.group for one in everything if one.survey_id == survey.id), None)
    points = [one for one in everything if one.group == group]
    if len(points) < 2:
        return
    st.subheader("Alignment over the cycles", anchor=False)
    st.markdown(plain(alignment_told(points)))
    figure = alignment_figure(points, st.context.theme.type)
    if figure is None:
        return
    with st.container(border=True):
        st.plotly_chart(figure, key="comparison_alignment", alt=alignment_in_words(points), config=CHART)
        with st.popover("Numbers", icon=":material/table:", key="comparison_alignment_numbers"):
            st.dataframe(
                alignment_rows(points), hide_index=True, alt="Agreement in each questionnaire, oldest first"
            )


def show_in_their_own_words(survey: Survey, found: Comparison) -> None:
    """The questions in free text, each with a link to what people wrote."""
    if not found.not_compared:
        return
    with stop_on_refusal():
        comments = comparison.read_comments(actor(), survey.id)
    st.subheader("In their own words", anchor=False)
    for question in found.not_compared:
        of = comments[question.key]
        with st.container(border=True, gap="xxsmall"):
            st.page_link(
                QUESTION_PAGE,
                label=f"**{plain(question.name)}**",
                icon=":material/chat:",
                query_params={"survey": survey.id, "question": question.key},
            )
            counted = ", ".join(f"{len(texts)} from {team.label}" for team, texts in of.by_team.items())
            st.caption(plain(of.reason) if of.reason else f"Comments: {counted}, shuffled and without names.")
