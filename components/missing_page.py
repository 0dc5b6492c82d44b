"""What stands at an address that is no screen, or none for this person."""

import re
from urllib.parse import urlsplit

import streamlit as st

from alignment.people import Role
from components.navigation import HOME_PAGE, SCREENS, Screen
from components.page import open_page

_ADDRESS = re.compile(r"[A-Za-z0-9_-]{1,60}")


def page_at(known: set[str]) -> st.Page | None:
    """A page for the address that the browser shows, where none of the `known` addresses is there; None where one is.

    Without it Streamlit would show the first page, beneath a notice of its own. None as well for what cannot be an address of a page.
    """
    asked = urlsplit(st.context.url or "").path.strip("/")
    if asked in known or not _ADDRESS.fullmatch(asked):
        return None
    screen = next((one for one in SCREENS if one.address == asked and not one.is_home), None)
    return st.Page(
        (lambda: _show_closed(screen)) if screen else _show_nothing,
        title=screen.title if screen else "No such screen",
        url_path=asked,
        visibility="hidden",
    )


def _show_nothing() -> None:
    open_page("No such screen")
    st.subheader("There is no screen at this address.", anchor=False)
    st.markdown(
        "The link may be cut off, or older than the portal. All screens that are for you stand in the menu."
    )
    _show_way()


def _show_closed(screen: Screen) -> None:
    open_page(screen.title)
    st.subheader(f"This screen is for {_listed(screen.roles)}.", anchor=False)
    st.markdown("Whoever gave you the link has another role here. If you need it, ask an administrator.")
    _show_way()


def _show_way() -> None:
    st.page_link(HOME_PAGE, label="To Today", icon=":material/today:")


def _listed(roles: frozenset[Role]) -> str:
    labels = [f"{role.label}s" for role in Role if role in roles]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
