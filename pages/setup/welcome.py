"""Welcome: come in by a personal link. An invitation asks for a password; a link to a questionnaire leads straight to it."""

from dataclasses import dataclass

import streamlit as st

from actions import invitations, people, settings, sign_in
from alignment.errors import NotFound, Refusal, WrongState
from alignment.people import Person
from components.navigation import HOME_PAGE, page_path
from components.page import open_page, show_refusal
from components.session import claim
from components.sign_in import let_in
from components.text import plain

ACCOUNT = "account"
USED = "welcome_used"  # session key: the link that was used here
WHY_NOT = "welcome_why_not"  # session key: the link has said that it asks for the password


@dataclass
class Used:
    """A link that is being used, and, once its owner is in, where it leads: the place it names, and the questionnaire.

    Both runs of a double click share it: the first, which lets the owner in, is cut off by the second, and fills this in
    without a touch of the screen or of the session.
    """

    token: str
    leads_to: tuple[str, str] | None = None


def use(token: str) -> Used:
    """What is known of this link in this session."""
    known = st.session_state.get(USED)
    if known is None or known.token != token:
        known = st.session_state[USED] = Used(token)
    return known


def go_on(to: str, survey_id: str) -> None:
    """To the questionnaire, or to the account, as the link says; never in the run that sets the cookie."""
    if to == ACCOUNT:
        st.switch_page(page_path(ACCOUNT))
    if survey_id:
        st.switch_page(page_path(invitations.ANSWER_PAGE), query_params={"survey": survey_id})
    st.switch_page(HOME_PAGE)


def refuse_somebody_else(owner: Person) -> bool:
    """Say so and stop when somebody else is signed in here. Whether the owner is."""
    here = claim()
    if here is not None and here.person_id != owner.id:
        st.warning(
            f"This link is for {plain(owner.name)}, and somebody else is signed in here. Open it in another browser or a "
            "private window, or sign out first.",
            icon=":material/switch_account:",
        )
        st.stop()
    return here is not None


def welcome_to_survey(followed: invitations.Followed, token: str) -> None:
    """A personal link to a questionnaire: one button, and its owner is in."""
    to = st.query_params.get("go", "")
    if refuse_somebody_else(followed.person):
        go_on(to, followed.survey_id)
    open_page(plain(followed.title), "Your view is asked.")
    if not followed.signs_in:
        offer_password(followed.why_not, to, followed.survey_id)
        return
    place = st.empty()
    with place.container():
        st.markdown(
            f"Hello {plain(followed.person.first_name)}. This link is yours alone and signs you in. Every answer is kept as "
            "soon as you give it; you can stop and go on later."
        )
        came_in = st.button(
            "Go to my account" if to == ACCOUNT else "Begin, or go on where I stopped",
            type="primary",
            icon=":material/arrow_forward:",
            key="welcome_begin",
        )
        st.caption(f"Not {plain(followed.person.name)}? Then please close this page.")
    why_not = st.session_state.get(WHY_NOT, "")
    if came_in:
        using = use(token)

        def come_in() -> sign_in.Session:
            session, survey_id = invitations.sign_in_by_link(token)
            using.leads_to = (to, survey_id)
            return session

        try:
            let_in(followed.person.email, come_in)
        except WrongState as asks_for_password:
            why_not = st.session_state[WHY_NOT] = str(asks_for_password)
        except Refusal as refusal:
            st.error(plain(refusal), icon=":material/error:")
        else:
            place.empty()
            st.success("You are signed in.", icon=":material/check:")
            st.button("Go on", type="primary", icon=":material/arrow_forward:", key="welcome_open")
    if why_not:
        place.empty()
        offer_password(why_not, to, followed.survey_id)


def offer_password(why: str, to: str, survey_id: str) -> None:
    st.info(plain(why), icon=":material/lock:")
    if st.button(
        "Sign in with my password", type="primary", icon=":material/login:", key="welcome_password_sign_in"
    ):
        st.session_state.pop(WHY_NOT, None)
        go_on(to, survey_id)


def welcome_to_portal(invited: Person, token: str) -> None:
    """An invitation: choose a password and come in."""
    open_page("Welcome to Concord")
    refuse_somebody_else(invited)
    st.markdown(
        f"Hello {plain(invited.first_name)}. Here the sales and marketing people of {plain(settings.company_name())} find "
        "out what they mean by a qualified lead, agree on it, and check whether it helped. "
        "Choose a password, and you are in."
    )
    place = st.empty()
    with place.form("welcome_form"):
        st.text_input("E-mail", value=invited.email, disabled=True, key="welcome_email")
        password = st.text_input(
            "Password",
            type="password",
            autocomplete="new-password",
            key="welcome_password",
            help=f"At least {sign_in.SHORTEST_PASSWORD} characters.",
        )
        repeated = st.text_input(
            "Password again", type="password", autocomplete="new-password", key="welcome_repeated"
        )
        accepted = st.form_submit_button("Come in", type="primary", icon=":material/login:")
    if accepted:
        using = use(token)

        def come_in() -> sign_in.Session:
            session = people.accept_invitation(token, password, repeated)
            using.leads_to = ("", "")
            return session

        with show_refusal():
            let_in(invited.email, come_in)
            place.empty()
            st.success("Your password is set, and you are signed in.", icon=":material/check:")
            st.button("Open the portal", type="primary", icon=":material/arrow_forward:", key="welcome_open")


# It stays: a run that goes on may be cut off by another one, to which the link would be one that was used. A browser that is
# slow asks for that one on this page, but with the address of where it was led to, in which there is no token.
used = st.session_state.get(USED)
if used and used.leads_to and st.query_params.get("token", used.token) == used.token:
    go_on(*used.leads_to)

_, middle, _ = st.columns([1, 3, 1])
with middle:
    token = st.query_params.get("token", "")
    try:
        followed = invitations.followed_link(token)
    except NotFound as no_survey:
        # both doors are tried, so that it costs the same to find out that a link opens neither
        try:
            invited = people.invited_person(token)
        except NotFound as no_invitation:
            open_page("Welcome to Concord")
            by_survey = token.startswith(invitations.TOKEN_MARKS)
            st.error(plain(no_survey if by_survey else no_invitation), icon=":material/error:")
            if st.button("To the portal", icon=":material/arrow_forward:", key="welcome_portal"):
                st.switch_page(HOME_PAGE)
        else:
            welcome_to_portal(invited, token)
    else:
        welcome_to_survey(followed, token)
