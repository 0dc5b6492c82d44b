"""Welcome: choose a password and come in."""

import streamlit as st

from actions import people, settings, sign_in
from components.navigation import HOME_PAGE
from components.page import open_page, show_refusal, stop_on_refusal
from components.session import claim, remember
from components.sign_in import keep
from components.text import plain

if st.session_state.pop("welcome_done", False):
    st.switch_page(HOME_PAGE)

_, middle, _ = st.columns([1, 3, 1])
with middle:
    open_page("Welcome to Concord")
    token = st.query_params.get("token", "")
    with stop_on_refusal():
        invited = people.invited_person(token)
    here = claim()
    if here is not None and here.person_id != invited.id:
        st.warning(
            f"This link is for {plain(invited.name)}, and somebody else is signed in here. Open it in another browser or a "
            "private window, or sign out first.",
            icon=":material/switch_account:",
        )
        st.stop()
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
        with show_refusal():
            session = people.accept_invitation(token, password, repeated)
            remember(session.person_id, session.signed_in_at)
            keep(session, invited.email)
            place.empty()
            st.session_state["welcome_done"] = True  # the run after this one, once the cookie is set, goes on
            st.success("Your password is set, and you are signed in.", icon=":material/check:")
            st.button("Open the portal", type="primary", icon=":material/arrow_forward:", key="welcome_open")
