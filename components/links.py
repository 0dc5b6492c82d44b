"""Links to the portal that people hand to each other."""

import os
from urllib.parse import urlsplit

import streamlit as st

sign_in_route = (
    False  # whether the running server has /sign-in/<token>; `streamlit run app.py` has only pages
)


def invitation_link(token: str) -> str:
    """The link by which an invited person chooses a password. It is shown once, to whoever invited them."""
    return f"{_address()}/{'sign-in/' if sign_in_route else 'welcome?token='}{token}"


def personal_link(token: str) -> str:
    """The link that signs a member in and leads to a questionnaire. It is shown once, to whoever made it."""
    return invitation_link(token)


def portal_address() -> str:
    """Where people reach the portal, as far as it can be known here: to begin with, in the settings of the mail."""
    return _address()


def _address() -> str:
    """Where people reach the portal: CONCORD_URL, or the address in this browser."""
    configured = os.environ.get("CONCORD_URL", "").rstrip("/")
    if configured:
        return configured
    here = urlsplit(st.context.url or "http://localhost:8501")
    return f"{here.scheme}://{here.netloc}"
