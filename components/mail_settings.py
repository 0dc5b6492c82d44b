"""The settings of the mail, for administrators: entered once, never shown again, tried with a test to oneself."""

import streamlit as st

from actions import mail, mail_services
from components.links import portal_address
from components.outcome import perform, show_outcome, was_refused
from components.page import show_refusal, stop_on_refusal
from components.session import actor
from components.text import plain

_ADDRESS, _PORTAL_URL = "mail_address", "mail_portal_url"


def show_mail_settings() -> None:
    """Draw what is set, a test, and the form for another address."""
    st.subheader("Mail", anchor=False)
    show_outcome()
    with stop_on_refusal():
        found = mail.read_mail(actor())
    if found.is_set:
        _show_what_is_set(found)
    else:
        st.markdown(
            "Mail is not set up. Invitations and reminders stand in the portal's inboxes, and facilitators hand out links to "
            "copy."
        )
    what = "Change it" if found.is_set else "Set up mail"
    with st.expander(what, icon=":material/mail:"), st.form("mail_form", border=False):
        _ask(found)


def _show_what_is_set(found: mail.MailSetting) -> None:
    through = f"{found.service} ({found.host})" if found.host else found.service
    sender = f" from {plain(found.sender)}" if found.sender else ""
    st.markdown(
        f"Mail goes out through **{plain(through)}**{sender}, with links to {plain(found.portal_url)}."
    )
    if found.fault:
        st.error(plain(found.fault), icon=":material/key_off:")
    if found.last_error:
        st.warning(f"The last mail that failed: {plain(found.last_error)}", icon=":material/unsubscribe:")
    with st.container(horizontal=True):
        tests = st.button("Send a test to myself", icon=":material/send:", key="mail_test")
        if st.button("Remove", icon=":material/mail_off:", key="mail_remove", type="tertiary"):
            _confirm_remove()
    if tests:
        with st.spinner("Sending a mail to you …"), show_refusal():
            email = mail.send_test(actor())
            st.success(
                f"The mail service took the test. Look for it at {plain(email)}.", icon=":material/check:"
            )


def _ask(found: mail.MailSetting) -> None:
    """The form's fields. What is typed as the address goes to the store and is gone from the screen."""
    st.text_input(
        "Mail address",
        type="password",
        autocomplete="off",
        max_chars=2000,
        key=_ADDRESS,
        placeholder="Leave empty to keep the one there is" if found.is_set else "mailtos://…",
        help="It is entered once, kept encrypted, and never shown again.",
    )
    st.caption("Like")
    st.code(mail_services.EXAMPLE, language=None, wrap_lines=True)
    st.caption(
        "mailtos:// is SMTP with encryption, mailto:// is SMTP without. Signs such as @ or / in a user or a password are "
        "written as %40 or %2F. These services have addresses of their own, as apprise writes them: "
        f"{', '.join(mail_services.OTHER_SERVICES)}."
    )
    st.text_input(
        "Where people reach the portal",
        found.portal_url or portal_address(),
        max_chars=500,
        key=_PORTAL_URL,
        help="The links in mails lead there.",
    )
    st.form_submit_button(
        "Save",
        type="primary",
        icon=":material/save:",
        key="mail_save",
        on_click=_save,
        args=(found.revision,),
    )


def _save(revision: int) -> None:
    perform(
        "Mail is set. Send a test to yourself.",
        mail.set_mail,
        st.session_state[_ADDRESS],
        st.session_state[_PORTAL_URL],
        revision=revision,
    )
    if not was_refused():
        st.session_state[_ADDRESS] = ""


@st.dialog("Send no mail any more?", icon=":material/mail_off:")
def _confirm_remove() -> None:
    st.markdown(
        "The address is forgotten. Messages stay in the portal's inboxes; those that still wait to be sent are not sent."
    )
    if st.button(
        "Remove",
        type="primary",
        key="mail_confirm_remove",
        on_click=perform,
        args=("Removed.", mail.remove_mail),
    ):
        st.rerun()
