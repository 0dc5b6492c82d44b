"""People and dates of one questionnaire, for those who run it: who is asked and has answered, when it opens and closes,
reminders, links to copy, and whether the mails arrive.
"""

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import streamlit as st

from actions import invitations, schedules, settings, surveys
from actions.permissions import may
from alignment.errors import Refusal
from alignment.messages import spoken_instant
from alignment.people import Person, Role, Team
from alignment.people_files import LARGEST_FILE, PeopleFile
from alignment.questionnaires import Mode
from alignment.surveys import Audience, ResponseRate, Survey, SurveyStatus
from alignment.texts import defuse
from components.links import personal_link
from components.outcome import perform, show_outcome, was_refused
from components.page import show_refusal, stop_on_refusal
from components.session import actor, person
from components.text import plain

_BOTH, _CHOSEN = "Everybody in both teams", "People I choose"
_LIVE = "10s"
_ROWS_AT_ONCE = 4


def show_running(survey: Survey) -> None:
    """Draw the part 'People and dates' of a questionnaire: a draft, an open or a closed one."""
    runs = may(person(), "survey:invite")
    with show_refusal():
        if survey.status is SurveyStatus.OPEN:
            st.fragment(_watch, run_every=_LIVE)(survey.id)
        elif survey.status is SurveyStatus.CLOSED:
            show_rates(surveys.response_rates(actor(), survey.id), closed=True)
        st.markdown(_dates_in_words(survey))
        if not runs or survey.status is SurveyStatus.CLOSED:
            return
        found = invitations.read_asked(actor(), survey.id)
        st.markdown(_asked_in_words(found))
        if survey.status is SurveyStatus.OPEN:
            _show_mail(survey)
        with st.container(horizontal=True):
            if survey.status is SurveyStatus.OPEN:
                _offer_reminder(survey)
            _offer_audience(survey)
            if st.button("Dates", icon=":material/event:", key=f"running_dates_{survey.id}"):
                _edit_dates(survey)
            if survey.status is SurveyStatus.OPEN and st.button(
                "Links to copy", icon=":material/link:", key=f"running_links_{survey.id}"
            ):
                st.session_state.pop(_made_key(survey), None)
                _copy_links(survey)


def opening_note(survey: Survey) -> str:
    """What opening does besides, for the dialog that asks: whom it tells, and how many mails that sends."""
    found = invitations.read_asked(actor(), survey.id)
    count = len(found.asked)
    told = f"{_people(count)} {'is' if count == 1 else 'are'} told in the portal"
    if invitations.delivery(actor(), survey.id).mails:
        return f"{told}, and this sends {_mails(count)}."
    return f"{told}. Mail is not set up: hand out links to copy, or tell them yourself."


def show_rates(rates: dict[Team, ResponseRate], *, closed: bool = False) -> None:
    """How many of each team have submitted: counts, never who. Once it is closed nobody is under way any more."""
    left, right = st.columns(2)
    for column, team in ((left, Team.SALES), (right, Team.MARKETING)):
        rate = rates[team]
        underway = rate.started - rate.submitted
        text = f"{team.label.capitalize()}: {rate.submitted} of {rate.invited} submitted"
        column.progress(rate.share, text + (f", {underway} under way" if underway and not closed else ""))


def _watch(survey_id: str) -> None:
    with show_refusal():
        show_rates(surveys.response_rates(actor(), survey_id))


# dates


def _dates_in_words(survey: Survey) -> str:
    opens, closes = _local(survey.opens_at), _local(survey.closes_at)
    if survey.status is SurveyStatus.CLOSED:
        closed = _local(survey.closed_at)
        return f":material/event: Closed on {spoken_instant(closed)}." if closed else ""
    parts = []
    if survey.status is SurveyStatus.DRAFT:
        parts.append(f"Opens by itself on {spoken_instant(opens)}" if opens else "Opens when you open it")
    parts.append(f"closes on {spoken_instant(closes)}" if closes else "closes when you close it")
    if survey.remind_days is not None and closes:
        days = "a day" if survey.remind_days == 1 else f"{survey.remind_days} days"
        parts.append(f"reminds {days} before")
    text = ", ".join(parts)
    return f":material/event: {text[0].upper()}{text[1:]}."


@st.dialog("When does it open and close?", icon=":material/event:")
def _edit_dates(survey: Survey) -> None:
    st.markdown(f"**{plain(survey.title)}**")
    zone = settings.read_company(actor()).hours.timezone
    st.caption(f"Times are those of {plain(zone)}.")
    draft = survey.status is SurveyStatus.DRAFT
    if draft:
        _ask_moment(survey, "opens", "Opens by itself", "Opening time", survey.opens_at, days=1, hour=9)
    if _ask_moment(
        survey, "closes", "Closes by itself", "Closing time", survey.closes_at, days=7, hour=17
    ) and st.toggle(
        "Remind before closing those who have not finished",
        value=survey.remind_days is not None,
        key=f"running_reminds_{survey.id}",
    ):
        st.number_input(
            "Days before closing",
            1,
            schedules.MOST_REMIND_DAYS,
            survey.remind_days or 2,
            key=f"running_reminds_days_{survey.id}",
        )
    if not draft:
        found = invitations.read_asked(actor(), survey.id)
        mails = invitations.delivery(actor(), survey.id).mails
        count = len(found.asked)
        st.caption(
            f"A new closing time is told to {_people(count)}"
            + (f": this sends {_mails(count)}." if mails else ".")
        )
    save = f"running_save_dates_{survey.id}"
    st.button("Save", type="primary", key=save, on_click=_save_dates, args=(survey,))
    _go_on_when_done(save)


def _ask_moment(
    survey: Survey, name: str, question: str, label: str, instant: str | None, *, days: int, hour: int
) -> bool:
    """Ask whether something happens by itself, and when by the company's clocks. Whether it does."""
    if not st.toggle(question, value=instant is not None, key=f"running_{name}_{survey.id}"):
        return False
    known = _local(instant)
    if known is None:
        today = settings.today(actor())
        known = datetime(today.year, today.month, today.day, hour) + timedelta(days=days)
    st.datetime_input(
        label,
        known.replace(tzinfo=None, second=0, microsecond=0),
        format="DD.MM.YYYY",
        key=f"running_{name}_at_{survey.id}",
    )
    return True


def _save_dates(survey: Survey) -> None:
    """Callback: reads the fields as they are now, not as they were when the button was drawn."""

    def field(name: str, value: str) -> Any:
        on = st.session_state.get(f"running_{name}_{survey.id}")
        return st.session_state.get(f"running_{name}_{value}_{survey.id}") if on else None

    closes, days = field("closes", "at"), field("reminds", "days")
    perform(
        "The dates are set.",
        schedules.set_dates,
        survey.id,
        opens=field("opens", "at"),
        closes=closes,
        remind_days=int(days) if days is not None and closes is not None else None,
        revision=survey.revision,
    )


# who is asked


def _asked_in_words(found: invitations.Asked) -> str:
    counts = " and ".join(
        f"{sum(one.id in found.asked and one.team is team for one in found.could_be)} in {team.label}"
        for team in Team
    )
    if found.survey.audience is Audience.TEAMS:
        return (
            f":material/group: Everybody in both teams is asked: {counts}. Whoever joins later is asked, too."
        )
    if not found.asked:
        return ":material/group_off: **Nobody is asked yet.** Choose who is to answer."
    return f":material/group: {_people(len(found.asked))} {'is' if len(found.asked) == 1 else 'are'} asked: {counts}."


def _offer_audience(survey: Survey) -> None:
    closed_circle = survey.status is SurveyStatus.OPEN and survey.audience is Audience.TEAMS
    if closed_circle:
        return  # everybody is asked already, and nobody can be left out any more
    label = "Ask more people" if survey.status is SurveyStatus.OPEN else "Who is asked"
    if st.button(label, icon=":material/group_add:", key=f"running_audience_{survey.id}"):
        _choose_audience(survey)


@st.dialog("Who is asked?", width="medium", icon=":material/group_add:")
def _choose_audience(survey: Survey) -> None:
    with stop_on_refusal():
        found = invitations.read_asked(actor(), survey.id)
    key = f"running_who_{survey.id}"
    who = st.radio(
        "Who is to answer?",
        [_BOTH, _CHOSEN],
        index=int(survey.audience is Audience.PEOPLE),
        captions=["Whoever joins a team later is asked, too.", "One by one, or from a list as a file."],
        key=key,
    )
    save = f"running_save_audience_{survey.id}"
    if who == _BOTH:
        new = len(found.could_be) - len(found.asked) if survey.status is SurveyStatus.OPEN else 0
        _say_who_is_told(survey, new)
        st.button(
            "Ask both teams",
            type="primary",
            key=save,
            on_click=partial(
                perform,
                "Both teams are asked.",
                invitations.ask_both_teams,
                survey.id,
                revision=survey.revision,
            ),
        )
    else:
        _choose_people(survey, found, save)
    _go_on_when_done(save)


def _choose_people(survey: Survey, found: invitations.Asked, save: str) -> None:
    by_id = {one.id: one for one in found.could_be}
    is_open = survey.status is SurveyStatus.OPEN
    before = found.asked if survey.audience is Audience.PEOPLE else frozenset()
    locked = before if is_open else frozenset()
    picked = st.multiselect(
        "People",
        [one.id for one in found.could_be if one.id not in locked],
        default=[] if is_open else sorted(before, key=lambda one: by_id[one].name),
        format_func=lambda one: _entry(by_id[one]),
        placeholder="Type a name",
        key=f"running_people_{survey.id}",
        help="Those who are asked already stay asked." if is_open else None,
    )
    upload = st.file_uploader(
        "List as a file",
        type=["csv", "txt"],
        max_upload_size=max(1, LARGEST_FILE // 1_000_000),
        key=f"running_file_{survey.id}",
        help="CSV with a column email, and name and team if you like. People have to be in the portal already.",
    )
    filed = _read_file(upload.getvalue()) if upload is not None else None
    wanted = set(picked) | set(locked) | ({one.id for one in filed.people} if filed else set())
    new = len(wanted - before)
    if is_open:
        _say_who_is_told(survey, new)
    st.button(
        f"Ask {new} more" if is_open else f"Ask {_people(len(wanted))}",
        type="primary",
        key=save,
        disabled=not (new if is_open else wanted),
        on_click=_ask_people,
        args=(survey, locked),
    )


def _ask_people(survey: Survey, locked: frozenset[str]) -> None:
    """Callback: reads what is chosen now, not what was when the button was drawn."""
    upload = st.session_state.get(f"running_file_{survey.id}")
    wanted = set(st.session_state[f"running_people_{survey.id}"]) | locked
    if upload is not None:
        with suppress(Refusal):  # a file of no use has been said to be so
            wanted |= {one.id for one in invitations.read_people_file(actor(), upload.getvalue()).people}
    perform(
        f"{_people(len(wanted))} {'is' if len(wanted) == 1 else 'are'} asked.",
        invitations.ask_people,
        survey.id,
        sorted(wanted),
        revision=survey.revision,
    )


def _read_file(content: bytes) -> PeopleFile | None:
    """The people of a file, and the rows that cannot be used."""
    try:
        filed = invitations.read_people_file(actor(), content)
    except Refusal as refusal:
        st.error(plain(refusal), icon=":material/error:")
        return None
    if filed.people:
        st.success(f"{_people(len(filed.people))} found in the file.", icon=":material/check:")
    if filed.refused:
        rows = "1 row cannot" if len(filed.refused) == 1 else f"{len(filed.refused)} rows cannot"
        st.warning(f"{rows} be used; the others can.", icon=":material/rule:")
        with st.container(height=200 if len(filed.refused) > _ROWS_AT_ONCE else "content"):
            st.markdown(
                "\n".join(
                    f"- Line {row.line}, {plain(row.value)}: {plain(row.reason)}" for row in filed.refused
                )
            )
    return filed


def _say_who_is_told(survey: Survey, count: int) -> None:
    if count and survey.status is SurveyStatus.OPEN:
        mails = invitations.delivery(actor(), survey.id).mails
        st.caption(
            f"{_people(count)} more will be invited" + (f": this sends {_mails(count)}." if mails else ".")
        )


# reminders and mail


def _offer_reminder(survey: Survey) -> None:
    outlook = invitations.outlook(actor(), survey.id)
    if outlook.recipients is not None:
        label, nobody = f"Remind {_people(len(outlook.recipients))}", not outlook.recipients
    else:
        label, nobody = f"Remind up to {_people(outlook.unfinished)}", not outlook.unfinished
    why = None
    if nobody:
        why = (
            "Everybody has submitted."
            if not outlook.unfinished
            else "Those who have not finished were reminded within the last day, or want no reminders."
        )
    if st.button(
        label,
        icon=":material/notifications:",
        key=f"running_remind_{survey.id}",
        disabled=nobody,
        help=why,
    ):
        _confirm_reminder(survey)


@st.dialog("Remind those who have not finished?", icon=":material/notifications:")
def _confirm_reminder(survey: Survey) -> None:
    with stop_on_refusal():
        outlook = invitations.outlook(actor(), survey.id)
    st.markdown(f"**{plain(survey.title)}**")
    if outlook.recipients is None:
        st.markdown(
            f"{_people(outlook.unfinished)} {'has' if outlook.unfinished == 1 else 'have'} not submitted. They are reminded "
            "in the portal"
            + (f", and this sends up to {_mails(outlook.unfinished)}." if outlook.mails else ".")
        )
        st.caption(
            "Whoever was reminded within the last day or wants no reminders is left out. Nobody learns who that is, since it "
            "could tell who has finished."
        )
    else:
        count = len(outlook.recipients)
        st.markdown(
            f"{_people(count)} {'is' if count == 1 else 'are'} reminded in the portal"
            + (f", and this sends {_mails(count)}:" if outlook.mails else ":")
        )
        st.text(", ".join(one.name for one in outlook.recipients))
    if outlook.last_at:
        st.caption(f"Last reminded on {spoken_instant(settings.local_time(actor(), outlook.last_at))}.")
    st.button(
        "Remind",
        type="primary",
        key=f"running_confirm_remind_{survey.id}",
        on_click=partial(perform, "Reminded.", invitations.remind, survey.id),
    )
    _go_on_when_done(f"running_confirm_remind_{survey.id}")


def _show_mail(survey: Survey) -> None:
    outlook = invitations.outlook(actor(), survey.id)
    if outlook.names:
        with st.expander(f"{_people(len(outlook.names))} not finished", icon=":material/pending:"):
            st.text("\n".join(f"{one.name}, {one.team.label}" for one in outlook.names if one.team))
    found = invitations.delivery(actor(), survey.id)
    if not found.mails and not found.sent:
        st.caption(
            ":material/mail_off: Mail is not set up. People find the questionnaire when they come to the portal; or hand "
            "each of them their link to copy."
        )
        return
    if found.failed:
        count = f"{_mails(found.failed)} could not be delivered"
        st.warning(
            f"{count}. Tell those people yourself, with a link to copy; an administrator finds the reason under Settings.",
            icon=":material/unsubscribe:",
        )
    parts = [f"{_mails(found.sent)} sent"] if found.sent else []
    parts += [f"{found.waiting} waiting to be sent"] if found.waiting else []
    if parts:
        st.caption(f":material/mail: {', '.join(parts)}.")


# links to copy


@st.dialog("Links to copy", width="large", icon=":material/link:")
def _copy_links(survey: Survey) -> None:
    made = st.session_state.get(_made_key(survey))
    if made is not None:
        _show_links(survey, made)
        return
    with stop_on_refusal():
        found = invitations.read_asked(actor(), survey.id)
    members = {one.id: one for one in found.could_be if one.id in found.asked and one.role is Role.MEMBER}
    if not members:
        st.info(
            "Nobody who is asked is a member. Everybody else signs in with a password and finds the questionnaire under "
            "Answer.",
            icon=":material/info:",
        )
        return
    st.markdown(
        "A personal link signs its person in and leads to the first question, or to where they stopped. Hand each link to "
        "that person only: **whoever has it can answer in their name.** So making one is written down, and told to the person."
    )
    if survey.mode is not Mode.NAMED:
        st.caption(
            f"This questionnaire is {survey.mode.value}. So that nobody else can look at their answers, a link that was copied "
            "works once, and asks whoever has a password for it. Links sent by mail go on working."
        )
    chosen = st.multiselect(
        "For whom",
        list(members),
        format_func=lambda one: _entry(members[one]),
        placeholder=f"All {len(members)} members who are asked",
        key=f"running_links_for_{survey.id}",
    )
    st.checkbox("Their earlier links stop working, those in mails too", key=f"running_replace_{survey.id}")
    count = len(chosen) or len(members)
    st.button(
        f"Make {'1 link' if count == 1 else f'{count} links'}",
        type="primary",
        key=f"running_make_links_{survey.id}",
        on_click=_make_links,
        args=(survey,),
    )
    if was_refused():
        show_outcome()


def _make_links(survey: Survey) -> None:
    """Callback: the links are kept in this session until the dialog is opened again, and nowhere else."""
    chosen = st.session_state[f"running_links_for_{survey.id}"] or None
    replacing = bool(st.session_state[f"running_replace_{survey.id}"])
    made = perform("", invitations.make_links, survey.id, chosen, replacing=replacing)
    if made:
        st.session_state[_made_key(survey)] = made


def _show_links(survey: Survey, made: Sequence[invitations.PersonalLink]) -> None:
    st.warning("These links are shown only now.", icon=":material/visibility:")
    rows = [(one.person.name, one.person.email, personal_link(one.token)) for one in made]
    st.download_button(
        "Download as CSV",
        _as_csv(rows),
        file_name="links.csv",
        mime="text/csv",
        icon=":material/download:",
        key=f"running_download_links_{survey.id}",
        on_click="ignore",
    )
    for name, email, link in rows:
        st.text(f"{name} ({email})")
        st.code(link, language=None)


def _as_csv(rows: Sequence[tuple[str, str, str]]) -> str:
    """The links as a table that a spreadsheet opens without running anything."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("name", "email", "link"))
    table.writerows([defuse(cell) for cell in row] for row in rows)
    return "\ufeff" + text.getvalue()


def _made_key(survey: Survey) -> str:
    return f"running_made_links_{survey.id}"


# words


def _go_on_when_done(key: str) -> None:
    """After the button `key` of a dialog: close it when it worked, else say in it what is wrong."""
    if not st.session_state.get(key):
        return
    if was_refused():
        show_outcome()
    else:
        st.rerun()


def _local(instant: str | None) -> datetime | None:
    return settings.local_time(actor(), instant) if instant else None


def _entry(one: Person) -> str:
    team = one.team.label if one.team else ""
    return f"{one.name} ({team}), {one.email}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def _mails(count: int) -> str:
    return "1 mail" if count == 1 else f"{count} mails"
