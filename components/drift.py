"""How far leads and the signed rule have drifted apart: two shares by week, their limits, and the reasons behind."""

import streamlit as st

from actions import drift
from actions.drift import Drift
from alignment.drift import DriftKind, drift_in_words, reason_label, reasons_of
from components.charts.drift import drift_figure, drift_figure_in_words, drift_rows
from components.outcome import perform
from components.text import plain

_CHART = {"displayModeBar": False, "scrollZoom": False}
_HEADINGS = {
    DriftKind.BREAKS: "Handed over against the rule",
    DriftKind.UNCOVERED: "Rejected though they meet the rule",
}


def sentence_of(found: Drift) -> str:
    """What drift says in one sentence, as markdown."""
    if not found.weeks:
        return "No definition with a rule has judged any lead of the last half year yet."
    versions = plain(" and ".join(found.labels)) or "The signed rule"
    since = f" ({plain(found.replaced)})" if found.replaced else ""
    over = [kind for kind in DriftKind if found.share(kind).is_over(found.limits.of(kind))]
    if over:
        what = " and ".join(
            "too many leads break it" if kind is DriftKind.BREAKS else "sales rejects too many that meet it"
            for kind in over
        )
        return f"{versions} and the leads drift apart: {what}{since}."
    if all(found.share(kind).value is None for kind in DriftKind):
        return f"Too few leads were handed over in the last four weeks to say whether {versions} still fits{since}."
    return f"{versions} still fits the leads that are handed over{since}."


def show_drift(found: Drift, may_limit: bool, mode: str | None) -> None:
    """The two shares side by side, what is behind them, and where their limits are set."""
    if not found.weeks:
        st.write(
            "Once a definition of an MQL with a rule is in force and leads are handed over, this shows by week how many of "
            "them break it, and how many sales rejects although they meet it."
        )
        st.page_link("pages/definitions/glossary.py", label="See the glossary", icon=":material/menu_book:")
        return
    for place, kind in zip(st.columns(2), DriftKind, strict=True):
        share, limit = found.share(kind), found.limits.of(kind)
        with place, st.container(border=True, height="stretch"):
            st.markdown(f"**{_HEADINGS[kind]}**")
            st.write(drift_in_words(kind, share, limit))
            st.plotly_chart(
                drift_figure(kind, found.weeks, found.judged, limit, mode),
                key=f"reality_drift_{kind}",
                alt=drift_figure_in_words(kind, found.weeks, limit),
                config=_CHART,
            )
            if kind is DriftKind.UNCOVERED:
                reasons = reasons_of(found.judged)
                told = [f"{plain(reason_label(reason))}: {count:,}" for reason, count in reasons.items()]
                if told:
                    st.caption(f"Why, in these weeks: {'; '.join(told)}.")
    st.caption(
        "Full dots are the last four complete weeks, which are judged together; each lead by the version in force when it was "
        "handed over. Leads of which the rule cannot tell are left out; decisions count in the week in which they were made."
    )
    with st.container(horizontal=True):
        if may_limit:
            _edit_limits(found)
        table = st.popover("The numbers", icon=":material/table:", key="reality_numbers", on_change="rerun")
        if table.open:
            table.dataframe(drift_rows(found.weeks), hide_index=True, alt="Leads and the rule by week")


def _edit_limits(found: Drift) -> None:
    with st.popover("Limits", icon=":material/tune:", key="reality_limits"):
        st.write("Both team leads are told when a share is above its limit by more than chance explains.")
        values = [
            st.number_input(
                f"{_HEADINGS[kind]}, at most %",
                min_value=1,
                max_value=99,
                value=round(found.limits.of(kind) * 100),
                step=1,
                key=f"reality_limit_{kind}",
            )
            for kind in DriftKind
        ]
        st.button(
            "Save the limits", key="reality_limits_save", on_click=_save, args=(values, found.limits_revision)
        )


def _save(values: list[int], seen: int) -> None:
    chosen = [
        st.session_state.get(f"reality_limit_{kind}", value)
        for kind, value in zip(DriftKind, values, strict=True)
    ]
    perform("The limits are saved.", drift.set_limits, chosen[0] / 100, chosen[1] / 100, seen)


def is_over(found: Drift) -> bool:
    """Whether any share is above its limit by more than chance explains."""
    return any(found.share(kind).is_over(found.limits.of(kind)) for kind in DriftKind)
