"""Who is in front of the screen: the signed-in session, checked against its connection and the store."""

from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from actions import sign_in
from alignment.errors import NotPermitted
from alignment.people import Actor, Person

_KEY = "signed_in"


@dataclass(frozen=True)
class SignedIn:
    """A session's claim: who signed in, when (UTC instant in the store's form), and over which connection."""

    person_id: str
    signed_in_at: str
    connection: str


def connection() -> str:
    """A mark of the browser connection that this run belongs to; '' where there is none, as in a test."""
    return st.context.headers.get("Sec-Websocket-Key") or ""


def remember(person_id: str, signed_in_at: str) -> None:
    """Note in the session that this person has signed in over this connection."""
    st.session_state[_KEY] = SignedIn(person_id, signed_in_at, connection())
    running = get_script_run_ctx()
    if running is not None:
        sign_in.bind(running.session_id, person_id)


def forget() -> None:
    """Leave nothing of the person in the session: neither the claim nor what was typed or loaded."""
    for key in list(st.session_state):
        del st.session_state[key]


def claim() -> SignedIn | None:
    """The session's claim as it stands, unchecked."""
    found = st.session_state.get(_KEY)
    return found if isinstance(found, SignedIn) else None


def checked_claim() -> SignedIn | None:
    """The claim, if it was made over this connection, or this one brings a valid cookie of the same person.

    Someone who reconnects with a session id that is not theirs has neither; then nothing is left of the session.
    """
    signed_in = claim()
    if signed_in is None or signed_in.connection == connection():
        return signed_in
    cookie = sign_in.read_cookies(dict(st.context.cookies))
    if cookie is None or cookie.person_id != signed_in.person_id:
        forget()
        return None
    remember(cookie.person_id, cookie.signed_in_at)
    return claim()


def still_signed_in() -> bool:
    """Whether the session's claim holds on this connection and in the store. If not, nothing is left of it."""
    signed_in = checked_claim()
    if signed_in is None:
        return False
    try:
        sign_in.who(Actor(signed_in.person_id, signed_in.signed_in_at))
    except NotPermitted:
        forget()
        return False
    return True


def actor() -> Actor:
    """Who acts, for actions. Ends the run with a request to sign in when nobody is signed in here.

    The connection is checked here as well as in `app.py`, because callbacks and fragments do not pass it.
    """
    signed_in = checked_claim()
    if signed_in is None:
        st.warning(
            "Please sign in first. Reload the page to get to the sign-in form.", icon=":material/lock:"
        )
        st.stop()
    return Actor(signed_in.person_id, signed_in.signed_in_at)


def person() -> Person:
    """The signed-in person as the store has them now. Ends the run with a request to sign in when the session is over."""
    acting = actor()
    try:
        return sign_in.who(acting)
    except NotPermitted:
        forget()
        st.warning("Your session has ended. Reload the page to sign in again.", icon=":material/lock:")
        st.stop()
