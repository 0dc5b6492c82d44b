"""Concord's screens: who is here, what they may open, and the page they asked for."""

import streamlit as st

from actions import logs, settings, setup
from components import navigation, session, sign_in
from components.faults import show_fault
from components.text import plain

logs.configure()
st.set_page_config(page_title="Concord", page_icon=str(navigation.MARK), layout="wide")
st.logo(str(navigation.LOGO), icon_image=str(navigation.MARK), size="large")


def page_of(screen: navigation.Screen, *, hidden: bool = False) -> st.Page:
    """A screen as Streamlit's navigation takes it."""
    return st.Page(
        screen.file,
        title=screen.title,
        icon=screen.icon,
        help=screen.help,
        default=screen.address == navigation.HOME,
        visibility="hidden" if hidden else "visible",
    )


def run(page: st.Page) -> None:
    """Run a page; what goes wrong in it unexpectedly gets a reference number."""
    try:
        page.run()
    except Exception as error:
        show_fault(error)


def open_portal() -> None:
    """The portal as the signed-in person may use it."""
    acting = session.actor()
    person = session.person()
    sections: dict[str, list[st.Page]] = {}
    for screen in navigation.screens_for(person.role):
        sections.setdefault(screen.section, []).append(page_of(screen))
    page = st.navigation(sections)
    company = settings.read_company(acting)
    with st.sidebar:
        st.caption(
            f"{plain(person.name)} · {person.role.label}" + (f", {person.team.label}" if person.team else "")
        )
        st.button(
            "Sign out",
            icon=":material/logout:",
            key="session_sign_out",
            width="stretch",
            on_click=sign_in.sign_out,
            help="Ends your sessions on every device.",
        )
    if company.sample:
        st.info("Sample company: all data are synthetic.", icon=":material/science:")
    run(page)


def open_door() -> None:
    """What someone sees who is not signed in: set-up, an invitation, or the sign-in form; never a page."""
    if setup.is_needed():
        run(st.navigation([page_of(navigation.FIRST_START)], position="hidden"))
        return
    hidden = [page_of(screen, hidden=True) for screen in navigation.screens()]
    asked = st.navigation([*hidden, page_of(navigation.WELCOME, hidden=True)], position="hidden")
    if asked.url_path == navigation.WELCOME.address:
        run(asked)
    elif sign_in.ask():
        open_portal()


sign_in.finish_keeping()
if sign_in.finish_leaving():
    st.success("You have signed out, here and on every other device.", icon=":material/check:")
if sign_in.resume():
    open_portal()
else:
    open_door()
