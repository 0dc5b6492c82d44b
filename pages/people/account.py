"""Account: what do I have here, and how do I change it?"""

import streamlit as st

from actions import messages, people, sign_in
from components.outcome import perform, show_outcome
from components.page import open_page, show_refusal
from components.session import actor, person
from components.sign_in import let_in


def choose_reminders() -> None:
    wanted = st.session_state["account_reminders"]
    perform("You will be reminded." if wanted else "No more reminders.", messages.choose_reminders, wanted)


open_page("Account", "Your name, your reminders, your password, and where you are signed in.")
show_outcome()
me = person()

with st.container(border=True, width=560):
    team = f" in {me.team.label}" if me.team else ""
    article = "an" if me.role.label[0] in "aeiou" else "a"
    st.markdown(f"You are {article} **{me.role.label}**{team}, and sign in as")
    st.text(me.email)
    with st.form("account_name_form", border=False):
        name = st.text_input("Name", value=me.name, max_chars=100, key="account_name")
        renamed = st.form_submit_button("Save name", icon=":material/save:")
    if renamed:
        with show_refusal():
            people.change_own_name(actor(), name)
            st.success("Saved.", icon=":material/check:")

with st.container(border=True, width=560):
    st.subheader("Reminders", anchor=False)
    st.toggle(
        "Remind me of questionnaires that I have not finished",
        value=messages.wants_reminders(actor()),
        key="account_reminders",
        on_change=choose_reminders,
    )
    st.caption("At most one a day for each questionnaire. You are still told when a new one waits for you.")

with st.container(border=True, width=560):
    st.subheader("Password", anchor=False)
    if not people.has_password(actor()):
        st.markdown(
            "You have none yet: you came in by a personal link. Your administrator gives you a link with which to choose one. "
            "Without one, signing out ends your personal links too; you come in again by the link in the next mail."
        )
        st.stop()
    st.caption(
        "A new password, and signing out, end your sessions on every other device and your personal links."
    )
    with st.form("account_password_form", border=False, clear_on_submit=True):
        old = st.text_input(
            "Old password", type="password", autocomplete="current-password", key="account_old"
        )
        new = st.text_input(
            "New password", type="password", autocomplete="new-password", key="account_new",
            help=f"At least {sign_in.SHORTEST_PASSWORD} characters.",
        )  # fmt: skip
        repeated = st.text_input(
            "New password again", type="password", autocomplete="new-password", key="account_repeated"
        )
        changed = st.form_submit_button("Change password", icon=":material/key:")
    if changed:
        with show_refusal():
            let_in(me.email, lambda: people.change_own_password(actor(), old, new, repeated))
            # a note that passes by itself: the run that follows, when the browser has kept the sign-in, would take a line away
            st.toast(
                "Password changed. You stay signed in here; every other device has to sign in again.",
                icon=":material/check:",
                duration="long",
            )
