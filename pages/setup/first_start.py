"""Set up: who administers this portal?"""

import streamlit as st

from actions import setup
from components.page import open_page, show_refusal, stop_on_refusal
from components.session import remember
from components.sign_in import keep

_, middle, _ = st.columns([1, 3, 1])
with middle:
    open_page(
        "Set up Concord", "Nobody is here yet. Begin with yourself, or look around in a sample company first."
    )
    code = st.text_input(
        "Set-up code",
        value=st.query_params.get("setup", ""),
        max_chars=100,
        key="setup_code",
        autocomplete="off",
        help="The server prints it in its log when it starts with an empty store: only who runs the server can set it up.",
    )
    if not code:
        st.info(
            "The set-up code stands in the server's log, on the line 'set up Concord'. Copy it here, or open the link beside it.",
            icon=":material/terminal:",
        )
        st.stop()
    with stop_on_refusal():
        setup.check_code(code)

    with st.form("setup_administrator_form"):
        st.subheader("Create the administrator", anchor=False)
        name = st.text_input("Your name", max_chars=100, key="setup_name", autocomplete="name")
        email = st.text_input("E-mail", max_chars=254, key="setup_email", autocomplete="username")
        password = st.text_input(
            "Password", type="password", key="setup_password", autocomplete="new-password",
            help="At least 10 characters.",
        )  # fmt: skip
        repeated = st.text_input(
            "Password again", type="password", key="setup_repeated", autocomplete="new-password"
        )
        created = st.form_submit_button("Create and sign in", type="primary", icon=":material/check:")
    if created:
        with show_refusal():
            session = setup.create_administrator(code, name, email, password, repeated)
            remember(session.person_id, session.signed_in_at)
            keep(session, email.strip().lower())
            st.success("Done. You are the administrator of this portal.", icon=":material/check:")
            st.page_link(
                "pages/people/people.py", label="Invite your colleagues", icon=":material/group_add:"
            )
