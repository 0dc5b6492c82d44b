"""Concord's screens: who is here, what they may open, and the page they asked for."""

import streamlit as st

from actions import logs, messages, settings, setup
from components import lead_facts, missing_page, navigation, session, sign_in
from components.faults import show_fault
from components.text import plain

logs.configure()
st.set_page_config(page_title="Concord", page_icon=str(navigation.MARK), layout="wide")
st.logo(str(navigation.LOGO), icon_image=str(navigation.MARK), size="large")


def page_of(
    screen: navigation.Screen, *, default: bool = False, hidden: bool = False, new: int = 0
) -> st.Page:
    """A screen as Streamlit's navigation takes it; with `new` things on it, it says how many."""
    return st.Page(
        screen.file,
        title=f"{screen.title} ({new} new)" if new else screen.title,
        icon=":material/mark_email_unread:" if new else screen.icon,
        help=screen.help,
        default=default or screen.is_home,
        visibility="hidden" if hidden else "visible",
    )


def run(page: st.Page) -> None:
    """Run a page under its own name in the browser's tab; an unexpected error in it gets a reference number."""
    st.set_page_config(page_title=f"{page.title} · Concord")
    try:
        if page.url_path in navigation.ABOUT_LEADS:
            lead_facts.wait_until_ready()
        page.run()
    except Exception as error:
        show_fault(error)


def open_portal() -> None:
    """The portal as the signed-in person may use it."""
    acting = session.actor()
    person = session.person()
    sections: dict[str, list[st.Page]] = {}
    new = len(messages.unread_messages(acting))
    for screen in navigation.screens_for(person.role):
        listed = page_of(screen, hidden=not screen.section, new=new if screen.is_inbox else 0)
        sections.setdefault(screen.section, []).append(listed)
    # unlisted: whoever is signed in may still follow an invitation, for instance their own new link
    sections.setdefault("", []).append(page_of(navigation.WELCOME, hidden=True))
    missing = missing_page.page_at({one.url_path for pages in sections.values() for one in pages})
    if missing is not None:
        sections[""].append(missing)
    page = st.navigation(sections, expanded=True)
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
            help="Ends your sessions on every device, and your personal links.",
        )
    if company.sample:
        st.badge("Sample company: all data are synthetic", icon=":material/science:", color="blue")
    run(page)


def open_door() -> None:
    """What someone sees who is not signed in: set-up, an invitation, or the sign-in form; never a page."""
    if setup.is_needed():
        setup.announce(f"http://localhost:{st.get_option('server.port')}")
        first = page_of(navigation.FIRST_START, default=True)
        others = [page_of(screen, hidden=True) for screen in navigation.screens() if not screen.is_home]
        asked = st.navigation([first, *others], position="hidden")
        if asked is not first:
            st.switch_page(first)
        run(first)
        return
    hidden = [page_of(screen, hidden=True) for screen in (*navigation.screens(), navigation.WELCOME)]
    missing = missing_page.page_at({page.url_path for page in hidden})
    hidden += [missing] if missing is not None else []
    asked = st.navigation(hidden, position="hidden")
    if asked.url_path == navigation.WELCOME.address:
        run(asked)
    elif sign_in.ask():
        open_portal()


with st.container():  # always there, so that what sets or drops a cookie moves nothing below when it goes
    sign_in.finish_keeping()
    sign_in.finish_leaving()
if sign_in.resume():
    open_portal()
else:
    open_door()
