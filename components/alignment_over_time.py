"""How far the teams agree, questionnaire by questionnaire: beside the business figures of a recap."""

from typing import TYPE_CHECKING

import streamlit as st

from actions import comparison_history
from components.page import show_refusal
from components.session import actor
from components.text import plain

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement.change import AlignmentThen


def show_alignment() -> None:
    """Draw the share of topics on which the teams agree over the cycles: said first, then shown; a sentence where there is
    one questionnaire only, and what to do where there is none.
    """
    st.subheader("Do the teams agree more?", anchor=False)
    with show_refusal(), st.spinner("Comparing what was answered …"):
        history = comparison_history.alignment_over_time(actor())
        _draw(tuple(one for one in history if one.measure.topics))


def _draw(told: "tuple[AlignmentThen, ...]") -> None:
    if not told:
        st.markdown(
            "No closed questionnaire shows a result yet: agreement can be told from the first one on."
        )
        st.page_link("pages/surveys/comparison.py", label="Comparison", icon=":material/compare_arrows:")
        return
    from alignment.disagreement.change import alignment_in_words

    lines = {group: [one for one in told if one.group == group] for group in {one.group for one in told}}
    asked_again = [line for line in lines.values() if len(line) > 1]
    if not asked_again:
        of_cycle = [one for one in told if one.cycle is not None] or list(told)
        st.markdown(plain(alignment_in_words(of_cycle[-1:])))
        _offer_comparison(of_cycle[-1].survey_id)
        return
    from components.charts import alignment as charts

    for line in sorted(asked_again, key=lambda line: line[-1].closed_on, reverse=True):
        with st.container(border=True):
            st.markdown(f"**{plain(line[-1].title)}**")
            st.markdown(plain(alignment_in_words(line)))
            figure = charts.alignment_figure(line, st.context.theme.type)
            if figure is not None:
                st.plotly_chart(
                    figure,
                    key=f"recap_alignment_{line[-1].survey_id}",
                    config={"displayModeBar": False},
                    alt=charts.alignment_in_words(line),
                )
            with st.expander("The same as a table"):
                st.dataframe(
                    charts.alignment_rows(line),
                    hide_index=True,
                    alt=f"How far the teams agreed: {line[-1].title}",
                )
            st.caption(
                "Topics with too few answers do not count, and only questions that were asked each time. The lines show the "
                "95% interval: the questions are taken for a sample of what could have been asked."
            )
            _offer_comparison(line[-1].survey_id)


def _offer_comparison(survey_id: str) -> None:
    st.page_link(
        "pages/surveys/comparison.py",
        label="See what has changed",
        icon=":material/compare_arrows:",
        query_params={"survey": survey_id},
    )
