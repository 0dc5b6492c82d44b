"""What the portal tells people about a survey: in their inbox, and by mail where mail is set up. Texts in, texts out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alignment.people import Role
from alignment.surveys import Survey

_LONGEST_SUBJECT = 150


class MessageKind(StrEnum):
    """What a message is about."""

    INVITATION = "invitation"  # a survey waits for the person
    REMINDER = "reminder"  # it still waits
    DATES = "dates"  # its closing time has moved
    IMPORT = "import"  # somebody has brought in answers in the person's name
    LINK = "link"  # somebody else has made a link that signs the person in
    TROUBLE = "trouble"  # for facilitators: what the portal could not do by itself
    ALERT = "alert"  # something agreed does not hold: a promise, a definition, or what an objection was about


class MailState(StrEnum):
    """Where a message stands as a mail. NONE: it is for the inbox alone."""

    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Message:
    """One message to one person. `page` is the address of the page where something can be done about it, or ''.

    `read_at` is '' while it was not read, `next_try_at` '' when no mail waits. Instants in the store's form.
    """

    id: str
    person_id: str
    survey_id: str | None
    kind: MessageKind
    subject: str
    body: str
    page: str
    created_at: str
    mail: MailState
    read_at: str = ""
    attempts: int = 0
    next_try_at: str = ""
    mail_error: str = ""


@dataclass(frozen=True)
class Wording:
    """What a message says. `subject` is one line."""

    subject: str
    body: str


def one_line(text: str, longest: int = _LONGEST_SUBJECT) -> str:
    """`text` fit for a mail's header: no line break or other control character, runs of spaces closed up, cut if long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def spoken_instant(local: datetime) -> str:
    """An aware local time in words: 'Friday 4 December 2026 at 17:00 (Europe/Berlin)'."""
    return f"{local:%A} {local.day} {local:%B %Y} at {local:%H:%M} ({local.tzinfo})"


def invitation(survey: Survey, closes: datetime | None) -> Wording:
    """What people who are asked are told when a survey opens, or when they are added to it."""
    return Wording(
        one_line(f"Your view is asked: {survey.title}"),
        f"‘{one_line(survey.title)}’ waits for your answers.\n\n{survey.questionnaire.mode.promise}\n\n"
        f"Every answer is kept as soon as you give it; you can stop and go on later, on any device.{_closing(closes)}",
    )


def reminder(survey: Survey, closes: datetime | None) -> Wording:
    """What those are told who have not finished."""
    return Wording(
        one_line(f"Still open: {survey.title}"),
        f"You have not submitted your answers to ‘{one_line(survey.title)}’ yet. Only submitted answers count; what you "
        f"answered before is kept.{_closing(closes)}",
    )


def new_dates(survey: Survey, closes: datetime | None) -> Wording:
    """What those who answer are told when the closing time has moved."""
    title = one_line(survey.title)
    if closes is None:
        return Wording(
            one_line(f"No fixed end any more: {title}"),
            f"‘{title}’ has no fixed closing time any more. It stays open until somebody closes it.",
        )
    return Wording(
        one_line(f"New closing time: {title}"),
        f"‘{title}’ now closes on {spoken_instant(closes)}. Until then you can answer, and change what you answered.",
    )


def link_made(survey: Survey, maker: str) -> Wording:
    """What a person is told of a link to copy, which signs them in and was made by somebody else."""
    title = one_line(survey.title)
    return Wording(
        one_line(f"A personal link was made for you: {title}"),
        f"{one_line(maker)} has made a personal link to ‘{title}’ for you, to hand it to you. It signs you in. If you did not "
        "get it from them, tell your administrator and sign out, which ends your sessions everywhere, and your personal links.",
    )


def answers_imported(survey: Survey, importer: str) -> Wording:
    """What a person is told of answers that somebody has brought in from a file in their name."""
    title = one_line(survey.title)
    return Wording(
        one_line(f"Answers were brought in for you: {title}"),
        f"{one_line(importer)} has brought answers to ‘{title}’ into the portal in your name, from a file. They count as "
        "submitted. Look at them, and change what is not yours to say: from then on no file replaces your answers.",
    )


def trouble(survey: Survey, what: str, reason: str) -> Wording:
    """What facilitators are told when a survey did not do by itself what it was to do."""
    title = one_line(survey.title)
    return Wording(one_line(f"{what}: {title}"), f"‘{title}’: {what[0].lower()}{what[1:]}. {reason}")


def promise_due(promise: str, leads: Sequence[str], more: int) -> Wording:
    """What those are told who can still keep a promise: one line for each lead, and how many there are beside them."""
    count = len(leads) + more
    return Wording(
        one_line(f"{_leads(count)} due soon: {promise}"),
        f"{_leads(count)} still {'waits' if count == 1 else 'wait'} for an answer and "
        f"{'is' if count == 1 else 'are'} due soon under the promise ‘{one_line(promise)}’.\n\n{_listed(leads, more)}",
    )


def promise_broken(promise: str, leads: Sequence[str], more: int) -> Wording:
    """What those are told whose promise was broken: one line for each lead, and how many there are beside them."""
    count = len(leads) + more
    return Wording(
        one_line(f"{_leads(count)} overdue: {promise}"),
        f"{_leads(count)} {'was' if count == 1 else 'were'} not answered in time under the promise ‘{one_line(promise)}’, "
        f"and still {'waits' if count == 1 else 'wait'}.\n\n{_listed(leads, more)}",
    )


def objection_confirmed(term: str, claim: str, outcome: str, reason: str) -> Wording:
    """What team leads and the objector are told when the figures prove an objection right: the topic is open again."""
    return Wording(
        one_line(f"An objection came true: {term}"),
        f"{claim}: this was claimed when ‘{one_line(term)}’ was agreed, and it came true. {outcome}\n\nThe objection: "
        f"{one_line(reason, 500)}\n\nThe topic is on the workshop's table again. What is in force stays in force until both "
        "sides have signed something else.",
    )


def objection_ended(term: str, claim: str, outcome: str) -> Wording:
    """What the objector is told when the days of the claim are over and the figures do not prove it."""
    return Wording(
        one_line(f"Your objection was looked at: {term}"),
        f"{claim}: this was your claim about ‘{one_line(term)}’. {outcome} The agreement stays as it is.",
    )


def drift_found(what: str, detail: str) -> Wording:
    """What team leads are told when leads and the signed definition drift apart."""
    return Wording(one_line(what), detail)


def _leads(count: int) -> str:
    return "1 lead" if count == 1 else f"{count:,} leads"


def _listed(leads: Sequence[str], more: int) -> str:
    lines = [one_line(lead) for lead in leads]
    if more:
        lines.append(f"and {more:,} more")
    return "\n".join(lines)


def mail_body(message: Message, role: Role, survey_link: str, account_link: str) -> str:
    """A message as the text of a mail. `survey_link` is '' where there is nothing to open."""
    parts = [message.body]
    if survey_link:
        what = {
            MessageKind.INVITATION: "Begin here",
            MessageKind.REMINDER: "Go on where you stopped",
        }.get(message.kind, "Open it here")
        parts.append(f"{what}:\n{survey_link}")
        if role is Role.MEMBER:
            parts.append(
                "The link is yours alone: whoever has it can answer in your name. Please do not pass it on."
            )
    if message.kind is MessageKind.REMINDER:
        parts.append(f"No more reminders? Turn them off in your account:\n{account_link}")
    return "\n\n".join(parts) + "\n"


def _closing(closes: datetime | None) -> str:
    return "" if closes is None else f"\n\nIt closes on {spoken_instant(closes)}."
