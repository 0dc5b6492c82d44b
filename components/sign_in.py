"""The sign-in form, kept sessions and signing out: our wrapper around streamlit-authenticator.

The library shows the form, checks passwords with bcrypt and writes the cookie from the browser's side. What it lacks
is put in here: people come from the store one at a time, attempts are counted there before a password is looked at,
names that do not exist cost as much as those that do, and a cookie is judged by `actions.sign_in` before the library
sees it. Its password hints, mails and self-registration are not used.
"""

import secrets
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from enum import Enum
from threading import Lock
from typing import Any

import streamlit as st
from streamlit_authenticator import Authenticate
from streamlit_authenticator.controllers import AuthenticationController
from streamlit_authenticator.models import AuthenticationModel

from actions import clock, sign_in
from alignment.errors import Refusal
from alignment.people import Role
from components import session
from components.text import plain

SAMPLE = (
    "sample_company"  # session key: the sample company that was loaded here, so that its people can be shown
)
_COMING, _KEEPING, _LEAVING = "sign_in_coming", "sign_in_keeping", "sign_in_leaving"


@dataclass
class _Coming:
    """Who has just come in, and their e-mail; over which connection the way in was shown.

    Another run may be asked for while a password is checked or made, for instance by a second click. It begins at once, and
    the run that is at it ends at its next touch of the screen or of the session. Filling this in is neither, so that
    whoever has come in stays in; `turn` lets the second run wait for what becomes of the first.
    """

    connection: str
    found: tuple[sign_in.Session, str] | None = None
    turn: Lock = field(default_factory=Lock)


class _Leaving(Enum):
    """How far signing out has come: the browser still holds the cookie, or it was told to drop it."""

    COOKIE_KEPT = "cookie kept"
    COOKIE_DROPPED = "cookie dropped"


@dataclass(frozen=True)
class _Keeping:
    """A cookie on its way to the browser; `number` tells one such errand from the next."""

    token: str
    number: str


class _EveryName(MutableMapping[str, dict[str, Any]]):
    """The authenticator's mapping of people, without anybody in it: every name is known, none has a password here.

    It asks whether a name exists before it checks the password; answering yes leaves the whole check to
    `actions.sign_in.check`, with the same work for all names.
    """

    def __getitem__(self, name: str) -> dict[str, Any]:
        return {"email": name, "name": name}

    def __contains__(self, name: object) -> bool:
        return True

    def __setitem__(self, name: str, record: dict[str, Any]) -> None:
        """Nothing is kept: failures and sessions live in the store."""

    def __delitem__(self, name: str) -> None:
        """Nothing is kept."""

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Passwords(AuthenticationModel):
    """The authenticator's model with the store behind its password check."""

    def __init__(self, key: str, coming: _Coming) -> None:
        super().__init__(credentials={"usernames": {}}, auto_hash=False, secret_key=key)
        self.credentials["usernames"] = _EveryName()
        self.coming = coming

    def check_credentials(self, username: str, password: str) -> bool:
        """Whether they go together; the sign-in is kept in `coming`. Raises Locked."""
        try:
            self.coming.found = (sign_in.check(username, password), username)
        except sign_in.WrongPassword:
            return False
        return True

    def _record_failed_login_attempts(self, username: str, reset: bool = False) -> None:
        """Nothing: `sign_in.check` has counted the attempt, in the store."""


class _Cookie:
    """The authenticator's cookie, without its iframes on every run: `keep` and `drop` below place them when due."""

    def get_cookie(self) -> None:
        """None: `resume` has judged the cookies before the form is built."""

    def set_cookie(self) -> None:
        """Nothing yet: `ask` keeps the sign-in once the form is gone from the screen."""

    def delete_cookie(self) -> None:
        """Have the browser drop the script's cookie; the server's own is void through `sessions_valid_from`."""
        import extra_streamlit_components as stx

        manager = stx.CookieManager()
        manager.cookies = {sign_in.SCRIPT_COOKIE: ""}
        manager.delete(sign_in.SCRIPT_COOKIE)


class _Authenticator(Authenticate):
    """The authenticator over the store. It is built when a form or a sign-out is due, not on every run."""

    def __init__(self, coming: _Coming) -> None:
        key = sign_in.cookie_key()
        self.attrs = {"login_sleep_time": 0}
        self.path = None
        self.api_key = None
        self.secret_key = key
        self.authentication_controller = AuthenticationController(
            {"usernames": {}}, None, False, None, None, key, None
        )
        self.authentication_controller.authentication_model = _Passwords(key, coming)
        self.cookie_controller = _Cookie()


def let_in(email: str, come_in: Callable[[], sign_in.Session]) -> None:
    """Sign in whom `come_in` lets in, an action that is called here, and have the browser keep it for a week.

    Whoever it has let in is in even if this run is cut off by another one; a second click is let in with the first, and
    does not call it again. The run must not rerun or switch pages, or the browser would not get the cookie. Raises what
    `come_in` raises; then nothing has changed.
    """
    coming = st.session_state.get(_COMING)
    if not isinstance(coming, _Coming) or coming.connection != session.connection():
        coming = st.session_state[_COMING] = _Coming(session.connection())
    with coming.turn:
        if coming.found is None:
            coming.found = (come_in(), email)
    _finish_coming()


def _keep(signed_in: sign_in.Session, email: str) -> None:
    st.session_state[_KEEPING] = _Keeping(sign_in.issue_token(signed_in, email), secrets.token_hex(4))
    finish_keeping()


def finish_keeping() -> None:
    """Place what sets the cookie, in every run until the browser has said that it is set."""
    keeping = st.session_state.get(_KEEPING)
    if keeping is None:
        return
    key = f"sign_in_cookie_{keeping.number}"
    if st.session_state.get(key):
        del st.session_state[_KEEPING]
        return
    import extra_streamlit_components as stx

    secure = (st.context.url or "").startswith("https://")
    stx.CookieManager(key=f"{key}_all").set(
        sign_in.SCRIPT_COOKIE,
        keeping.token,
        key=key,
        expires_at=clock.now() + sign_in.LIFETIME,
        secure=secure or None,
        same_site="strict",
    )


def resume() -> bool:
    """Whether somebody is signed in at the start of this run, from the session or else from a valid cookie."""
    if _finish_coming() or session.still_signed_in():
        return True
    found = sign_in.read_cookies(dict(st.context.cookies))
    if found is None:
        return False
    session.remember(found.person_id, found.signed_in_at)
    return True


def _finish_coming() -> bool:
    """Sign in who has given the right password, in this run or in one that was cut off. Whether there is somebody."""
    coming = st.session_state.get(_COMING)
    if not isinstance(coming, _Coming) or coming.found is None or coming.connection != session.connection():
        return False
    signed_in, email = coming.found
    st.session_state.pop(_LEAVING, None)
    session.remember(signed_in.person_id, signed_in.signed_in_at)
    _keep(signed_in, email)
    del st.session_state[_COMING]  # last: this run may be cut off as well
    return True


def ask() -> bool:
    """Show the sign-in form; True in the run in which it is sent with the right password."""
    coming = st.session_state[_COMING] = _Coming(session.connection())
    place = st.empty()
    with place.container():
        _, middle, _ = st.columns([1, 2, 1])
        with middle:
            if _LEAVING in st.session_state:
                st.success("You have signed out, here and on every other device.", icon=":material/check:")
            st.markdown(
                "Where sales and marketing agree what a qualified lead is, and check whether it helped."
            )
            authenticator = _Authenticator(coming)
            st.session_state["logout"] = st.session_state["authentication_status"] = None
            try:
                authenticator.login(
                    fields={
                        "Form name": "Sign in",
                        "Username": "E-mail",
                        "Password": "Password",
                        "Login": "Sign in",
                    },
                    key="sign_in_form",
                )
            except Refusal as refusal:
                st.error(plain(refusal), icon=":material/lock_clock:")
            else:
                if st.session_state.get("authentication_status") is False:
                    st.error(sign_in.WRONG, icon=":material/error:")
            if SAMPLE in st.session_state:
                _show_sample_people(st.session_state[SAMPLE])
            else:
                st.caption("No password yet, or forgotten? Ask your administrator for a link.")
    if coming.found is None:
        return False
    place.empty()
    return _finish_coming()


def _show_sample_people(loaded: Any) -> None:
    """Who can sign in to the sample company that was loaded in this session."""
    st.markdown(
        f"**{plain(loaded.name)}** is ready. It is a sample: all people and data are made up. Note everybody's password; it is shown only here and in the server's log:"
    )
    st.code(loaded.password, language=None)
    people = sorted(loaded.sign_ins, key=lambda one: list(Role).index(one.role), reverse=True)
    st.dataframe(
        {
            "Sign in as": [one.email for one in people],
            "Role": [one.role.label.capitalize() for one in people],
            "Team": [one.team.label.capitalize() if one.team else "" for one in people],
            "Name": [one.name for one in people],
        },
        hide_index=True,
        width="stretch",
        height=300,
        key="sample_people",
    )


def sign_out() -> None:
    """End every session of the person; for a button's callback, so that the run that follows shows the form."""
    sign_in.end_every_session(session.actor())
    loaded = st.session_state.get(SAMPLE)
    session.forget()
    st.session_state[_LEAVING] = _Leaving.COOKIE_KEPT
    if loaded is not None:
        st.session_state[SAMPLE] = (
            loaded  # whoever explores the sample signs out and in as one after the other
        )


def finish_leaving() -> None:
    """In the run after `sign_out`: have the browser drop its cookie. No rerun may follow in that run."""
    if st.session_state.get(_LEAVING) is not _Leaving.COOKIE_KEPT:
        return
    st.session_state[_LEAVING] = _Leaving.COOKIE_DROPPED
    st.session_state["authentication_status"] = True
    _Authenticator(_Coming(session.connection())).logout(location="unrendered")
