"""Inbox: what has the portal told me?"""

import streamlit as st

from actions import messages, settings
from alignment.messages import MailState, Message, MessageKind
from components.navigation import page_path, page_title
from components.page import open_page, stop_on_refusal
from components.session import actor
from components.text import plain

ICONS = {
    MessageKind.INVITATION: ":material/edit_note:",
    MessageKind.REMINDER: ":material/notifications:",
    MessageKind.DATES: ":material/event:",
    MessageKind.LINK: ":material/link:",
    MessageKind.TROUBLE: ":material/report:",
}
LABELS = {
    MessageKind.INVITATION: "Answer",
    MessageKind.REMINDER: "Go on",
    MessageKind.DATES: "Answer",
    MessageKind.LINK: "Answer",
}


def go_to(message: Message) -> None:
    query = {"survey": message.survey_id} if message.survey_id else None
    st.switch_page(page_path(message.page), query_params=query)


def show(message: Message, is_new: bool) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{ICONS[message.kind]} **{plain(message.subject)}**", width="stretch")
            if is_new:
                st.badge("New", color="green")
        when = settings.local_time(actor(), message.created_at)
        by_mail = " · also sent by mail" if message.mail is MailState.SENT else ""
        st.caption(f"{when.day} {when:%B %Y, %H:%M}{by_mail}")
        st.markdown(plain(message.body))
        label = LABELS.get(message.kind, f"To {page_title(message.page)}" if message.page else "")
        if message.page and st.button(
            label, icon=":material/arrow_forward:", key=f"inbox_go_{message.id}", width="content"
        ):
            go_to(message)


open_page("Inbox", "What has the portal told you?")
with st.container(width=720), stop_on_refusal():
    mine = messages.my_messages(actor())
    new = {message.id for message in messages.unread_messages(actor())}
    if not mine:
        st.info(
            "Nothing yet. When a questionnaire waits for you, you are told here.", icon=":material/inbox:"
        )
        st.stop()
    st.subheader(
        f"{len(new)} new {'message' if len(new) == 1 else 'messages'}." if new else "Nothing new.",
        anchor=False,
    )
    for message in mine:
        show(message, message.id in new)
    messages.mark_read(actor(), mine[0].id)
