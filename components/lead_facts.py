"""What a screen about leads says while they are made anew, once, after an update of the portal."""

import streamlit as st

from actions import leads
from components import background
from components.session import actor


def wait_until_ready() -> None:
    """Say what goes on until the leads can be looked at; nothing where they can be, which is nearly always."""
    acting = actor()
    if leads.are_ready(acting):
        return
    place = st.empty()
    with place.container():
        st.subheader("The portal was updated and is getting the leads ready for it.", anchor=False)
        st.markdown(
            "That happens once after such an update and takes about a minute for a million leads. Nothing is lost: what comes "
            "in meanwhile is kept. This screen comes by itself when it is done, and until then questionnaires can be answered."
        )
        with st.spinner("Getting the leads ready…", show_time=True):
            background.wait_for(lambda: leads.make_ready(acting))
    place.empty()
