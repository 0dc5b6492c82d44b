"""A promise on its screen: how it stands, its text and signatures, the next version, and its alerts."""

from collections.abc import Callable, Sequence

import streamlit as st

from actions import agreements, alerts, promise_signing
from actions.permissions import may
from actions.promises import Compliance, Delivery, PromiseEntry
from alignment.agreements import AgreementState
from alignment.people import Person, Team
from alignment.promises import (
    DELIVERY,
    FEEDBACK,
    FOLLOW_UP,
    DeliveryTerms,
    PromiseKind,
    PromiseVersion,
    ResponseTerms,
    Verdict,
    frozen_in_words,
)
from components.agreement_steps import (
    ask_start,
    begin_form,
    day_of,
    edit_panel,
    save_form,
    show_begin,
    show_heading,
    show_reading,
    show_signatures,
    show_steps,
)
from components.page import show_refusal
from components.passport import Figure, interval_in_words, percent, show_passport
from components.promise_lists import show_let_off
from components.promise_terms import edit_terms, show_what_if
from components.session import actor
from components.text import ink, plain

Day = Callable[[str], str]
_LEFT_OUT = {
    "not_due": "not due yet",
    "closed_before_due": "closed before it was due",
    "waived": "let off",
    "only_the_day_is_known": "of which only the day is known, not the time",
    "fails_definition": "that do not meet the definition of an MQL",
    "unknown_by_definition": "of which the definition cannot tell",
    "test_or_internal": "tests and internal",
}
_ABOUT = {
    PromiseKind.RESPONSE: "Sales answers leads within a time. Nobody has said yet how, and within which.",
    PromiseKind.DELIVERY: "Marketing delivers so many qualified leads a month. Nobody has said yet how many.",
}
_BUILT_IN = {
    FOLLOW_UP: "How soon sales tries to reach each new lead, and for which share of them.",
    FEEDBACK: "How soon sales accepts or rejects each lead, so that marketing learns which ones fit.",
    DELIVERY: "How many qualified leads marketing delivers a month, and which share of them sales accepts.",
}
_VERDICTS = {
    Verdict.KEPT: ("Kept", "green", ":material/check_circle:"),
    Verdict.BROKEN: ("Broken", "orange", ":material/error:"),
    Verdict.ON_COURSE: ("On course", "green", ":material/trending_up:"),
    Verdict.BEHIND: ("Behind", "orange", ":material/trending_down:"),
    Verdict.CANNOT_TELL: ("Cannot be told yet", "gray", ":material/help:"),
}


def show_promise(entry: PromiseEntry, found: Compliance | None, me: Person, at: Day, day: Day) -> None:
    """One promise, from how it stands to how it is changed. `at` and `day` write an instant of the store for people."""
    promise, current = entry.promise, entry.in_force
    side = "orange" if promise.side is Team.SALES else "green"
    badges = f":{side}-badge[{promise.side.label.capitalize()} promises]"
    if current and current.taken_over:
        badges += " :gray-badge[:material/pending: From the settings, not signed]"
    elif current:
        badges += (
            f" :green-badge[:material/verified: v{current.version} since {day(current.in_force_from or '')}]"
        )
    else:
        badges += " :gray-badge[Not promised yet]"
    if entry.upcoming:
        begins = day(entry.upcoming.in_force_from or "")
        badges += f" :blue-badge[:material/event: v{entry.upcoming.version} from {begins}]"
    # within the heading's own line: beside it they would stand higher than its letters
    st.markdown(f"#### {plain(promise.name)} &ensp;{badges}")
    if current:
        st.markdown(plain(current.sentence))
        if current.note:
            st.caption(plain(current.note))
        if not current.taken_over:
            show_signatures(current, entry.names)
            show_reading(current, me, "promises")
    elif entry.open is None:
        st.caption(_ABOUT[promise.kind] if promise.key not in _BUILT_IN else _BUILT_IN[promise.key])
    if found is not None:
        show_standing(found, at)
    show_open(entry, me)
    _show_more(entry, me, day)


def show_standing(found: Compliance, at: Day) -> None:
    """How a promise stands in the days that are shown."""
    for delivery in found.deliveries:
        _show_delivery(delivery, at, several=len(found.deliveries) > 1)
    if not found.figures:
        return
    figure = found.figures[0]
    if figure.value is None:
        st.caption(plain(figure.notes[0]) if figure.notes else "No answer is due yet.")
        return
    weeks = [week for week in found.figures[1:] if week.denominator]
    left, right = st.columns([1, 2], vertical_alignment="center")
    left.metric(
        "Kept",
        percent(figure.value),
        chart_data=[round(100 * (week.value or 0), 1) for week in weeks] if len(weeks) > 1 else None,
        chart_type="bar",
        help="Of the leads for which the answer was due. The bars are the weeks in which their clock started.",
    )
    with right:
        _, color, icon = _VERDICTS[Verdict.KEPT if found.kept_enough else Verdict.BROKEN]
        st.badge(verdict_in_words(found), icon=icon, color=color)  # type: ignore[arg-type]
        st.markdown(
            f"{figure.numerator:,} of {figure.denominator:,} leads in time (95% interval {interval_in_words(figure)})."
            + (" Chance can explain the difference." if chance_explains(found) else "")
        )
        if len(found.versions) > 1:
            labels = ", ".join(plain(version.label) for version in found.versions)
            st.caption(f"Each lead by the version in force when its clock started: {labels}.")
        _show_left_out(figure, found.promise.name, at)


def wanted_of(found: Compliance) -> float:
    """The share that a promise to answer was made for: the highest of the versions that were in force."""
    shares = [v.terms.at_least for v in found.versions if isinstance(v.terms, ResponseTerms)]
    return max(shares, default=1.0)


def verdict_in_words(found: Compliance) -> str:
    """`Not kept: 60% promised`; of a promise to answer with a value."""
    wanted = wanted_of(found)
    kept = "Kept" if found.kept_enough else "Not kept"
    return f"{kept}: {percent(wanted)} promised" if wanted < 1 else f"{kept}: promised for every lead"


def chance_explains(found: Compliance) -> bool:
    """Whether chance can explain that a promise to answer was kept, or that it was not."""
    wanted, interval = wanted_of(found), found.figures[0].interval
    # of a promise for every lead one late answer is a breach, by chance or not
    return wanted < 1 and interval is not None and interval.low < wanted < interval.high


def _show_left_out(figure: Figure, name: str, at: Day) -> None:
    left_out = [
        f"{count:,} {_LEFT_OUT.get(reason, plain(reason))}" for reason, count in figure.excluded.items()
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Not counted: {', '.join(left_out)}." if left_out else "All leads of these days count.")
        with st.popover(
            "Passport", icon=":material/badge:", type="tertiary", key=f"promises_passport_{name}"
        ):
            show_passport(figure, plain(name), at)


def _show_delivery(one: Delivery, at: Day, *, several: bool) -> None:
    terms = one.version.terms
    assert isinstance(terms, DeliveryTerms)
    words, color, icon = _VERDICTS[one.verdict]
    left, right = st.columns([1, 2], vertical_alignment="center")
    left.metric(
        "Delivered",
        f"{one.delivered.numerator:,} of {one.wanted:,.0f}",
        help="The monthly number by the business days that have passed.",
    )
    with right:
        st.badge(words, icon=icon, color=color)  # type: ignore[arg-type]
        if several:
            st.caption(f"By {plain(one.version.label)}, {_span(one)}.")
        accepted = one.acceptance
        if one.delivered.value is None:
            st.markdown(plain(one.delivered.notes[0]))
        elif accepted.value is None:
            st.markdown("How many of them sales accepts cannot be told yet: no decision is due.")
        else:
            st.markdown(
                f"Sales accepted {percent(accepted.value)} of {accepted.denominator:,} that were decided; "
                f"{percent(terms.acceptance)} were promised (95% interval {interval_in_words(accepted)})."
            )
        passed, in_all = one.business_days
        if passed < in_all:
            st.caption(
                f"{passed} of {in_all} business days have passed; in all {one.wanted_in_all:,.0f} are wanted."
            )
        with st.container(horizontal=True):
            for figure, name in ((one.delivered, "Qualified leads"), (accepted, "Acceptance")):
                with st.popover(
                    f"Passport: {name.lower()}",
                    icon=":material/badge:",
                    type="tertiary",
                    key=f"promises_passport_{name}_{one.version.id}",
                ):
                    show_passport(figure, name, at)


def _span(one: Delivery) -> str:
    return f"{one.first_day.day} {one.first_day:%B} to {one.last_day.day} {one.last_day:%B %Y}"


def show_open(entry: PromiseEntry, me: Person) -> None:
    """The version that is being prepared: its terms, what they would have meant, and what can be done with it."""
    version = entry.open
    if version is None:
        return
    with st.container(border=True):
        show_heading(version)
        st.markdown(plain(version.sentence))
        if version.note:
            st.markdown(plain(version.note))
        show_begin(version, entry.names)
        if version.state is AgreementState.PROPOSED or version.voided:
            show_signatures(version, entry.names)
        _show_evidence(version)
        show_what_if(f"promises_if_{version.id}", entry.promise, version.terms)
        show_steps(version, me, "promises")
        panel = edit_panel(version, me, "promises")
        if panel is not None:
            with panel:
                edit_version(entry, version)


def edit_version(entry: PromiseEntry, version: PromiseVersion | None) -> None:
    """The form for a new version of a promise (`version` None) or for an open one."""
    shown = version or entry.in_force
    key = f"promises_{entry.promise.key}_{version.id if version else 'new'}"
    begin_form(key, version, "note")
    terms = edit_terms(key, entry.promise, shown.terms if shown else None)
    start = ask_start(key, version)
    note = st.text_area(
        "Note",
        value=version.note if version else "",
        max_chars=promise_signing.LONGEST_NOTE,
        key=f"{key}_note",
        help="What the teams want to say about it, such as who stands in for whom. It is signed, too.",
    )
    show_what_if(f"{key}_if", entry.promise, terms)

    save_form(
        key,
        version,
        lambda acting: promise_signing.draft(acting, entry.promise.key, terms, note, start),
        lambda acting, draft, seen: promise_signing.edit(acting, draft, seen, terms, note, start),
    )


def _show_evidence(version: PromiseVersion) -> None:
    """What past leads said of these terms when they were proposed and signed: frozen with the version."""
    for one in agreements.read_evidence(actor(), version.id):
        told = frozen_in_words(one.document)
        if one.content_hash == version.content_hash and told:
            st.caption(
                f":material/ac_unit: When it was {one.moment} on {day_of(one.at)}, past leads said: {plain(told)}"
            )


def _show_more(entry: PromiseEntry, me: Person, day: Day) -> None:
    """What is behind a promise: the next version, alerts, what was let off, its history."""
    labels = {
        "next": "Prepare the next version" if entry.versions else "Draft it",
        "alerts": "Alerts",
        "let_off": f"Let off ({len(entry.waivers)})" if entry.waivers else "Let off",
        "versions": "Versions",
    }
    is_in_time = entry.promise.kind is PromiseKind.RESPONSE and bool(entry.versions)
    offered = {
        "next": may(me, "agreement:draft") and entry.open is None,
        "alerts": is_in_time,
        "let_off": is_in_time,
        "versions": len(entry.versions) > 1,
    }
    choices = [choice for choice, is_offered in offered.items() if is_offered]
    if not choices:
        return
    chosen = st.pills(
        f"More about {plain(entry.promise.name)}",
        choices,
        format_func=lambda choice: ink(labels[choice]),
        label_visibility="collapsed",
        key=f"promises_more_{entry.promise.key}",
    )
    if chosen == "next":
        edit_version(entry, None)
    elif chosen == "alerts":
        _show_alerts(entry, me)
    elif chosen == "versions":
        _show_history(entry.versions, entry, day)
    elif chosen == "let_off":
        show_let_off(entry, me, day)


def _show_history(versions: Sequence[PromiseVersion], entry: PromiseEntry, day: Day) -> None:
    for version in reversed(versions):
        begins = "from the beginning" if version.taken_over else f"from {day(version.in_force_from or '')}"
        until = f" until {day(version.in_force_until)}" if version.in_force_until else ""
        st.markdown(f"**{plain(version.label)}**, in force {begins}{until}: {plain(version.sentence)}")
        if version.note:
            st.caption(plain(version.note))
        if not version.taken_over:
            show_signatures(version, entry.names)


def _show_alerts(entry: PromiseEntry, me: Person) -> None:
    setting = entry.alerts
    if not may(me, "promise:alert"):
        st.caption(
            f"People are told {setting.minutes_before:,} minutes before an answer is due, and when it is overdue."
            if setting.active
            else "Nobody is told before an answer is due."
        )
        return
    st.caption(
        "The lead's owner is told in the inbox, and by mail where mail is set up; of what is overdue the team leads as well. Each "
        "lead once, and only while the lead data are less than a day old."
    )
    key = f"promises_alerts_{entry.promise.key}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        active = st.toggle("Tell people", setting.active, key=f"{key}_active")
        minutes = st.number_input(
            "Minutes before it is due",
            1,
            alerts.LONGEST_BEFORE,
            setting.minutes_before,
            key=f"{key}_minutes",
            width=220,
        )
        saved = st.button("Save", key=f"{key}_save", icon=":material/save:")
    if saved:
        with show_refusal():
            alerts.set_alerts(actor(), entry.promise.key, active, int(minutes))
            st.session_state["outcome"] = ("done", "Saved.")
            st.rerun()
