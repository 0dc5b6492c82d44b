"""Set up: who administers this portal?"""

import streamlit as st

from actions import setup, sign_in
from components import background
from components.page import open_page, show_refusal, stop_on_refusal
from components.sign_in import SAMPLE, let_in


def load_sample(progress: background.Progress) -> object:
    """Load the sample company, and say in the log how its people sign in."""
    from sample import company

    loaded = company.load(setup.machine(code), progress)
    setup.finish(loaded.password)
    return loaded


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
        help="The server prints it in its log when it starts with an empty store, so that only who runs the server can set it up.",
    )
    if not code:
        st.info(
            "The set-up code stands in the server's log, on the line 'set up Concord'. Copy it here, or open the link "
            "beside it.",
            icon=":material/terminal:",
        )
        st.stop()
    with stop_on_refusal():
        setup.check_code(code)

    place = st.empty()
    with place.container():
        own, sample = st.tabs(["Your company", "Sample company"])  # both fit on a phone
        with own, st.form("setup_administrator_form"):
            st.markdown("You become the administrator, who invites everybody else.")
            name = st.text_input("Your name", max_chars=100, key="setup_name", autocomplete="name")
            email = st.text_input("E-mail", max_chars=254, key="setup_email", autocomplete="username")
            password = st.text_input(
                "Password",
                type="password",
                key="setup_password",
                autocomplete="new-password",
                help=f"At least {sign_in.SHORTEST_PASSWORD} characters.",
            )
            repeated = st.text_input(
                "Password again", type="password", key="setup_repeated", autocomplete="new-password"
            )
            created = st.form_submit_button("Create and sign in", type="primary", icon=":material/check:")
        with sample:
            st.markdown(
                "Some two dozen people in both teams, a finished cycle and a running one, answers that really differ, and "
                "the leads of eighteen months. All of it is synthetic and labelled so. To begin with your own company "
                "later, start with another data folder."
            )
            explored = st.button("Load the sample company", icon=":material/science:", key="setup_sample")
        if explored:
            with show_refusal():
                st.session_state[SAMPLE] = background.finish(load_sample)
                st.rerun()
    if created:
        with show_refusal():
            let_in(
                email.strip().lower(),
                lambda: setup.create_administrator(code, name, email, password, repeated),
            )
            place.empty()
            st.query_params.clear()  # the code is of no use any more
            st.success("Done. You are the administrator of this portal.", icon=":material/check:")
            st.button("Open the portal", type="primary", icon=":material/arrow_forward:", key="setup_open")
