"""Inbox: what has the portal told me?"""

import streamlit as st

from actions import answers, invitations, messages, settings, surveys
from alignment.messages import MailState, Message, MessageKind
from alignment.surveys import SurveyStatus
from components.navigation import page_path, page_title
from components.page import open_page, stop_on_refusal
from components.session import actor
from components.text import plain

ICONS = {
    MessageKind.INVITATION: ":material/edit_note:",
    MessageKind.REMINDER: ":material/notifications:",
    MessageKind.DATES: ":material/event:",
    MessageKind.IMPORT: ":material/upload_file:",
    MessageKind.LINK: ":material/link:",
    MessageKind.TROUBLE: ":material/report:",
    MessageKind.ALERT: ":material/alarm:",
}
LABELS = {
    MessageKind.INVITATION: "Answer",
    MessageKind.REMINDER: "Go on",
    MessageKind.DATES: "Answer",
    MessageKind.IMPORT: "Look at them",
    MessageKind.LINK: "Answer",
}
# what asks for answers, and has nothing more to ask once they are in
ASKED = (MessageKind.INVITATION, MessageKind.REMINDER)


def go_to(message: Message) -> None:
    query = {"survey": message.survey_id} if message.survey_id else None
    st.switch_page(page_path(message.page), query_params=query)


def show_answered(message: Message, title: str) -> None:
    """A request for answers that this person has submitted meanwhile."""
    with st.expander(plain(f"You have answered this: {title}"), icon=":material/check:"):
        when = settings.local_time(actor(), message.created_at)
        st.caption(f"{when.day} {when:%B %Y, %H:%M} · {plain(message.subject)}")
        if st.button("Change answers", icon=":material/edit:", key=f"inbox_go_{message.id}"):
            go_to(message)


def show(message: Message, is_new: bool, is_over: bool, is_answered: bool) -> None:
    if is_over and not is_new:
        with st.expander(f"Over: {plain(message.subject)}", icon=":material/lock:"):
            st.caption("This questionnaire takes no answers any more.")
            show_body(message)
            if message.survey_id in closed:
                st.page_link(
                    "pages/surveys/comparison.py",
                    label="See how both teams answered",
                    icon=":material/compare_arrows:",
                    query_params={"survey": message.survey_id},
                )
        return
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{ICONS[message.kind]} **{plain(message.subject)}**", width="stretch")
            if is_new:
                st.badge("New", color="green")
        show_body(message)
        label = LABELS.get(message.kind, f"To {page_title(message.page)}" if message.page else "")
        if is_answered and label == "Answer":
            label = "Change answers"
        if message.page and st.button(
            label, icon=":material/arrow_forward:", key=f"inbox_go_{message.id}", width="content"
        ):
            go_to(message)


def show_body(message: Message) -> None:
    when = settings.local_time(actor(), message.created_at)
    by_mail = " · also sent by mail" if message.mail is MailState.SENT else ""
    st.caption(f"{when.day} {when:%B %Y, %H:%M}{by_mail}")
    st.markdown(plain(message.body))


open_page("Inbox", "What has the portal told you?")
with st.container(width=720), stop_on_refusal():
    mine = messages.my_messages(actor())
    new = {message.id for message in messages.unread_messages(actor())}
    closed = {one.id for one in surveys.list_surveys(actor()) if one.status is SurveyStatus.CLOSED}
    running = {progress.survey.id: progress for progress in answers.my_surveys(actor())}
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
        to_answer = message.page == invitations.ANSWER_PAGE
        progress = running.get(message.survey_id or "")
        is_answered = progress is not None and progress.submitted and not progress.missing
        if progress is not None and is_answered and message.kind in ASKED:
            show_answered(message, progress.survey.title)
        else:
            is_over = to_answer and progress is None
            show(message, message.id in new, is_over, is_answered)
    messages.mark_read(actor(), max(message.id for message in mine))
