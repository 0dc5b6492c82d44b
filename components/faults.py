"""Unexpected errors: a reference number on the screen, the details in the log."""

import secrets

import streamlit as st
import structlog

from alignment.errors import Refusal
from components.text import plain


def show_fault(error: Exception) -> bool:
    """Show what went wrong without details, and log them. True: nothing else needs to be shown.

    A Refusal that nobody caught is a sentence for the person and no fault.
    """
    if isinstance(error, Refusal):
        st.error(plain(error), icon=":material/error:")
        return True
    reference = secrets.token_hex(4).upper()
    structlog.get_logger("concord").error(
        "unexpected error", reference=reference, kind=type(error).__name__, exc_info=error
    )
    st.error(
        f"Something went wrong here that should not have. What you saved before is safe. "
        f"Please tell your administrator this number: **{reference}**",
        icon=":material/report:",
    )
    return True
