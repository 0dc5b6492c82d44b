"""The terms of a promise as fields, and what they would have meant for past leads."""

from datetime import date

import streamlit as st

from actions import promise_signing, promises
from actions.promises import WhatIf
from alignment.calendars import spoken_minutes
from alignment.promises import (
    FOR_ALL_LEADS,
    Answer,
    Clock,
    DeliveryTerms,
    Promise,
    PromiseKind,
    ResponseTerms,
    Start,
    Terms,
    Verdict,
    sentence,
)
from components.dates import DATE_FORMAT
from components.kind_of_leads import choose_kind
from components.page import show_refusal
from components.passport import interval_in_words, percent
from components.session import actor
from components.text import plain

_UNITS = {"minutes": 1, "hours": 60}
_FIRST_GUESS = {"feedback": ResponseTerms(16 * 60, Answer.DECISION, at_least=0.9)}


def edit_terms(key: str, promise: Promise, terms: Terms | None) -> Terms:
    """The fields of a promise's terms, beginning with `terms`; returns what they say now."""
    if promise.kind is PromiseKind.DELIVERY:
        shown = terms if isinstance(terms, DeliveryTerms) else DeliveryTerms(50, 0.6)
        left, right = st.columns(2)
        leads = left.number_input(
            "Qualified leads a month", 1, 1_000_000, shown.leads_a_month, key=f"{key}_leads"
        )
        share = right.number_input(
            "Of which sales accepts at least, in %",
            1.0,
            100.0,
            100 * shown.acceptance,
            1.0,
            format="%.10g",
            key=f"{key}_acceptance",
            help="Both have to hold, so that volume alone does not keep the promise.",
        )
        return DeliveryTerms(int(leads), round(share / 100, 6), _whose_leads(key, promise, shown))
    response = (
        terms
        if isinstance(terms, ResponseTerms)
        else _FIRST_GUESS.get(promise.key, ResponseTerms(60, at_least=0.9))
    )
    in_hours = response.limit_minutes % 60 == 0 and response.limit_minutes > 60
    answer = st.selectbox(
        "What sales does",
        list(Answer),
        list(Answer).index(response.answer),
        format_func=lambda one: one.label,
        key=f"{key}_answer",
    )
    left, right = st.columns(2)
    number = left.number_input(
        "Within",
        1,
        100_000,
        response.limit_minutes // 60 if in_hours else response.limit_minutes,
        key=f"{key}_limit",
    )
    unit = right.selectbox("Unit", list(_UNITS), int(in_hours), key=f"{key}_unit")
    left, right = st.columns(2)
    start = left.selectbox(
        "The clock starts when",
        list(Start),
        list(Start).index(response.start),
        format_func=lambda one: one.label,
        key=f"{key}_start",
        help="Handing the lead to somebody else does not start it again.",
    )
    clock = right.selectbox(
        "Time that counts",
        list(Clock),
        list(Clock).index(response.clock),
        format_func=lambda one: one.label,
        key=f"{key}_clock",
    )
    share = st.number_input(
        "For at least … % of the leads",
        1.0,
        100.0,
        100 * response.at_least,
        1.0,
        format="%.10g",
        key=f"{key}_at_least",
    )
    return ResponseTerms(
        int(number) * _UNITS[unit or "minutes"],
        answer or response.answer,
        start or response.start,
        clock or response.clock,
        round(share / 100, 6),
        _whose_leads(key, promise, response),
    )


def _whose_leads(key: str, promise: Promise, shown: Terms) -> tuple[str, str] | None:
    if promise.key in FOR_ALL_LEADS:
        return None
    return choose_kind(key, promise_signing.list_kinds(actor()), shown.only)


def show_what_if(key: str, promise: Promise, terms: Terms) -> None:
    """A way to try terms on past leads, and what came out for these terms."""
    first, last = promises.last_quarter(actor())
    with st.container(border=True):
        st.markdown(f"**What if?** {plain(sentence(terms))}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            days = st.date_input(
                "Leads that came from … to …",
                (first, last),
                key=f"{key}_days",
                max_value="today",
                format=DATE_FORMAT,
            )
            wanted = st.button("Try it on these leads", icon=":material/science:", key=f"{key}_try")
        if wanted and isinstance(days, tuple) and len(days) == 2:
            with st.spinner("Looking at the leads of these days …"), show_refusal():
                st.session_state[f"{key}_tried"] = (
                    terms,
                    days,
                    promises.try_terms(actor(), promise.key, terms, days[0], days[1]),
                )
        elif wanted:
            st.info("Choose the first and the last day.", icon=":material/date_range:")
        tried = st.session_state.get(f"{key}_tried")
        if tried and tried[:2] == (terms, days):
            show_tried(tried[2], terms)


def show_tried(found: WhatIf, terms: Terms) -> None:
    """In words what terms would have meant, beside what was in force then."""
    span = f"{_day(found.first_day)} to {_day(found.last_day)}"
    if found.delivery is not None and isinstance(terms, DeliveryTerms):
        one = found.delivery
        accepted = one.acceptance
        share = percent(accepted.value) if accepted.value is not None else "an unknown share"
        kept = {
            Verdict.KEPT: "It would have been kept.",
            Verdict.ON_COURSE: "It would be on course.",
            Verdict.CANNOT_TELL: "Whether it would have been kept cannot be told: no decision of sales is due yet.",
        }.get(one.verdict, "It would have been broken.")
        st.markdown(
            f"From {span} marketing delivered **{one.delivered.numerator:,} of {one.wanted:,.0f}** leads, and sales accepted "
            f"**{share}** of {accepted.denominator:,} that were decided. {kept}"
        )
        return
    if found.tried is None or not isinstance(terms, ResponseTerms):
        return
    figure = found.tried.figure
    if figure.value is None:
        st.info(plain(figure.notes[0]) if figure.notes else "Nothing can be told.", icon=":material/info:")
        return
    before = found.now.figures[0] if found.now and found.now.figures else None
    was = (
        f" Under what was in force then it was {percent(before.value)}."
        if before is not None and before.value is not None
        else ""
    )
    weeks = [week for week in found.tried.by_week if week.denominator]
    left, right = st.columns([1, 2], vertical_alignment="center")
    left.metric(
        "Answered in time",
        percent(figure.value),
        chart_data=[round(100 * (week.value or 0), 1) for week in weeks] if len(weeks) > 1 else None,
        chart_type="bar",
        help="The bars are the weeks.",
    )
    right.markdown(
        f"Of {figure.denominator:,} leads from {span}, by these terms (95% interval {interval_in_words(figure)}).{was}"
    )
    reachable = found.tried.reachable_minutes
    wanted = f"{100 * terms.at_least:.10g}%"
    if reachable is not None and terms.at_least < 1:
        st.markdown(f"{wanted} of the leads were answered within **{spoken_minutes(reachable)}**.")
    elif terms.at_least < 1:
        st.markdown(
            f"So many leads were never answered that no limit would have been kept for {wanted} of them."
        )


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
