"""Answers out of the portal and into it, as files: never more than the questionnaire has promised to those who answer.

Out: from a named questionnaire one row a person; from a confidential or an anonymous one what the comparison shows of
whole teams, taken from the comparison itself, so that nothing it withholds can be worked out. Only after closing, and
without any time. In: answers gathered elsewhere, while the questionnaire is open, good rows in one step.
"""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from actions import answers as answering
from actions import clock, comparison, invitations, messages
from actions.journal import journal
from actions.permissions import authorise
from alignment import messages as wordings
from alignment.answers import (
    FilesLeftOut,
    counted_answers,
    counted_responses,
    questions_without_files,
    why_files_do_not_count,
)
from alignment.errors import InvalidInput, WrongState
from alignment.messages import MessageKind
from alignment.people import Actor, Person, Team
from alignment.questionnaires import Mode
from alignment.response_files import (
    CANT_SAY,
    PERSON,
    TEAM,
    ReadResponses,
    ReadRow,
    RowRefusal,
    columns_of,
    read_responses,
    shown,
    team_of,
    to_document,
    to_table,
    write_cell,
)
from alignment.surveys import Audience, CardReasons, Comments, Survey, SurveyStatus, outsider_key
from alignment.tables import Cell, Table, read_csv, write_csv, write_xlsx
from alignment.texts import file_slug, required_text
from db.queries import answers, invitees, people, surveys
from db.queries import messages as queue
from db.store import Connection, store

if TYPE_CHECKING:  # brings numpy, which only a comparison needs
    from alignment.disagreement import Comparison, Distribution

_RESULT_COLUMNS = (
    "question",
    "name",
    "type",
    "team",
    "answer",
    "people",
    "share",
    "answered",
    "median",
    "mean_place",
    "threshold",
    "withheld",
)


class Form(StrEnum):
    """The forms in which answers leave the portal."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"

    @property
    def label(self) -> str:
        """The form as people call it."""
        return {"csv": "CSV", "xlsx": "Excel", "json": "JSON"}[self.value]

    @property
    def mime(self) -> str:
        """Its media type."""
        return {
            "csv": "text/csv",
            "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "json": "application/json",
        }[self.value]


@dataclass(frozen=True)
class Export:
    """A file to take away."""

    name: str
    mime: str
    content: bytes


@dataclass(frozen=True)
class ExportOutlook:
    """What an export of a survey would hold: rows with names or team results; `reason` says why there is none yet, or ''.

    `file_names` is what the file is called, by form.
    """

    with_names: bool
    reason: str
    file_names: Mapping[Form, str]


@dataclass(frozen=True)
class ResponsesReport:
    """What became of a file of answers: each row is either accepted or refused.

    `refused` counts the rows that `refusals` are about, each of which may have several. `replacements` are the accepted
    rows that took the place of an earlier row, of this file or of one before. `warnings` are about columns left out.
    `standing` says so when, as things stand now, answers from files will not count.
    """

    read: int
    accepted: int
    refused: int
    refusals: tuple[RowRefusal, ...]
    replacements: tuple[RowRefusal, ...] = ()
    warnings: tuple[RowRefusal, ...] = ()
    note: str = ""
    standing: str = ""

    @property
    def replaced(self) -> int:
        """How many accepted rows took the place of an earlier one."""
        return len(self.replacements)

    def to_document(self) -> dict[str, Any]:
        """The report in the shape of `manage.py import-responses --json`."""
        return {
            "read": self.read,
            "accepted": self.accepted,
            "refused": self.refused,
            "refusals": [refusal.to_document() for refusal in self.refusals],
            "replaced": self.replaced,
            "replacements": [one.to_document() for one in self.replacements],
            "warnings": [one.to_document() for one in self.warnings],
            "note": self.note,
            "standing": self.standing,
        }

    def refusals_csv(self) -> bytes:
        """The refusals as a CSV file, to look through beside the one that was imported."""
        rows = tuple((one.row, one.column, one.value, one.reason) for one in self.refusals)
        return write_csv(Table(("row", "column", "value", "reason"), rows))


class NothingUsable(InvalidInput):
    """No row of the file can be used; `report` has why."""

    def __init__(self, report: ResponsesReport) -> None:
        """Say the first reasons."""
        self.report = report
        first = " ".join(f"Row {one.row}: {one.reason}" for one in report.refusals[:3])
        more = f" And {len(report.refusals) - 3} more." if len(report.refusals) > 3 else ""
        super().__init__(
            f"Nothing was imported: no row of the file can be used. {first}{more}"
            if report.refusals
            else "Nothing was imported: the file has no row beneath the names of the columns."
        )


# ── out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def export_outlook(actor: Actor, survey_id: str) -> ExportOutlook:
    """What `export_responses` would give now. Raises NotFound where there is no such survey."""
    authorise(actor, "survey:export")
    survey = surveys.known(store().read(), survey_id)
    names = {form: _name(survey, _kind(survey), form) for form in Form}
    return ExportOutlook(survey.mode is Mode.NAMED, _why_not(actor, survey), names)


def export_responses(actor: Actor, survey_id: str, form: Form | str) -> Export:
    """The answers to a closed survey, as its privacy allows: rows with names, or the results of whole teams.

    Raises WrongState while the survey is not closed, or when too few people of a team have submitted.
    """
    person = authorise(actor, "survey:export")
    wanted = _form(form)
    survey = surveys.known(store().read(), survey_id)
    reason = _why_not(actor, survey)
    if reason:
        raise WrongState(reason)
    if survey.mode is Mode.NAMED:
        table, document = _rows_with_names(survey)
    else:
        compared = comparison.compare_survey(actor, survey_id)
        results = _team_results(
            survey,
            compared,
            comparison.read_comments(actor, survey_id),
            comparison.read_card_reasons(actor, survey_id),
        )
        table, document = _result_table(results), {"results": results}

    def transaction(connection: Connection) -> None:
        journal(connection, person, "survey:export", "survey", survey.id, after={"form": wanted})

    store().write(transaction)
    head = {
        "survey": survey.id,
        "title": survey.title,
        "mode": survey.mode,
        "min_group": survey.min_group,
    }
    return _file(
        survey, "answers" if survey.mode is Mode.NAMED else "results", wanted, table, head | document
    )


def empty_form(actor: Actor, survey_id: str) -> Export:
    """A file with the columns of the survey's answers and no row: what `import_responses` wants to be filled in."""
    authorise(actor, "survey:import")
    survey = surveys.known(store().read(), survey_id)
    return _file(survey, "to-fill-in", Form.CSV, Table(columns_of(survey.questionnaire), ()), {})


def export_my_answers(actor: Actor, survey_id: str, form: Form | str = Form.CSV) -> Export:
    """The person's own answers to an open survey, a row a question, for that person only."""
    authorise(actor, "survey:answer")
    wanted = _form(form)
    progress = answering.my_progress(actor, survey_id)
    survey = progress.survey
    given = counted_answers(survey.questionnaire, progress.answers)
    asked = [q for q in progress.asked if q.key in given]
    table = Table(
        ("key", "question", "answer"),
        tuple((q.key, q.wording[progress.team], write_cell(q, given[q.key])) for q in asked),
    )
    document = {
        "survey": survey.id,
        "title": survey.title,
        "answers": [
            {"key": q.key, "question": q.wording[progress.team], "answer": given[q.key]} for q in asked
        ],
    }
    return _file(survey, "my-answers", wanted, table, document)


def _why_not(actor: Actor, survey: Survey) -> str:
    """Why there is nothing to export, or ''. Says of the teams no more than the response rates do."""
    if survey.status is not SurveyStatus.CLOSED:
        return (
            f"‘{survey.title}’ is not closed yet. Its answers can be exported once it is: a look before and one after "
            "another answer would give that answer away."
        )
    if survey.mode is Mode.NAMED:
        return ""
    rates = surveys.rates(store().read(), survey.id)
    if min(rate.submitted for rate in rates.values()) < survey.min_group:
        return (
            f"Fewer than {survey.min_group} people of a team have submitted, so nothing of either team is shown or "
            "exported."
        )
    if not comparison.is_readable(store().read(), survey):
        return _why_nothing_is_shown(actor, survey)
    return ""


def _why_nothing_is_shown(actor: Actor, survey: Survey) -> str:
    """Why nothing of a closed survey is shown although enough people have submitted; '' where own words are."""
    if any(comments.by_team for comments in comparison.read_comments(actor, survey.id).values()):
        return ""
    if questions_without_files(survey.questionnaire, answers.submitted_responses(store().read(), survey.id)):
        return (
            f"Answers from files do not count, because fewer than {survey.min_group} people of a team have answered in the "
            "portal and whoever brought the file could work out theirs. Without them too few are left, so nothing of "
            "either team is shown or exported."
        )
    return (
        f"No question has answers of {survey.min_group} people of each team, so nothing is shown or exported."
    )


def _rows_with_names(survey: Survey) -> tuple[Table, dict[str, Any]]:
    responses = counted_responses(survey.questionnaire, answers.named_responses(store().read(), survey.id))
    return (
        to_table(survey.questionnaire, responses),
        {"responses": to_document(survey.questionnaire, responses)},
    )


def _team_results(
    survey: Survey,
    compared: "Comparison",
    comments: Mapping[str, Comments],
    reasons: Mapping[str, CardReasons],
) -> list[dict[str, Any]]:
    """Question by question what the comparison shows, in the order of the questionnaire."""
    found = {one.question.key: one for one in compared.questions}
    results = []
    for question in survey.questionnaire.everything:
        result: dict[str, Any] = {
            "question": question.key,
            "name": question.name,
            "type": question.type.value,
            "withheld": "",
            "teams": {},
        }
        one = found.get(question.key)
        if question.key in comments:
            written = comments[question.key]
            result["withheld"] = written.reason
            result["teams"] = {
                team.value: {"comments": list(texts)} for team, texts in written.by_team.items()
            }
        elif one is None:
            result["withheld"] = (
                "Guesses and importance stand with the question they belong to, in the comparison and in the JSON form."
                if ":" in question.key
                else "The comparison does not show this question."
            )
        elif one.hidden or one.distributions is None:
            result["withheld"] = one.reason or one.sentence
        else:
            told = one.as_dict()
            result["teams"] = {team.value: _shares(one.distributions[team]) for team in Team}
            result |= {key: told[key] for key in ("perspectives", "typical_rules") if told.get(key)}
            for number, by_team in reasons[question.key].by_card.items() if question.key in reasons else ():
                for team, texts in by_team.items():
                    given = result["teams"][team.value].setdefault("reasons", {})
                    given[f"Card {number}"] = list(texts)
            if one.importance_by_team:
                result["importance"] = {team.value: mean for team, mean in one.importance_by_team.items()}
        results.append(result)
    return results


def _shares(shown: "Distribution") -> dict[str, Any]:
    """One team's part of a comparison. `answered` of an answer: out of how many its share is."""
    counted = []
    for place, label in enumerate(shown.labels):
        answer = {
            "answer": label,
            "people": shown.counts[place],
            "share": shown.shares[place],
            "answered": shown.judged[place] if shown.judged else shown.answered,
        }
        if shown.mean_places:
            answer["mean_place"] = shown.mean_places[place]
        if shown.thresholds:
            answer["threshold"] = shown.thresholds[place]
        if shown.not_qualified:
            answer["not_qualified"] = shown.not_qualified[place]
        counted.append(answer)
    if shown.cant_say:
        counted.append(
            {
                "answer": CANT_SAY,
                "people": shown.cant_say,
                "share": shown.cant_say_share,
                "answered": shown.answered,
            }
        )
    return {"answered": shown.answered, "median": shown.median, "answers": counted}


def _result_table(results: Sequence[Mapping[str, Any]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in results:
        place = (one["question"], one["name"], one["type"])
        if one["withheld"]:
            rows.append((*place, *[""] * (len(_RESULT_COLUMNS) - 4), one["withheld"]))
        for team, told in one["teams"].items():
            listed = (
                [{"answer": text} for text in told["comments"]] if "comments" in told else told["answers"]
            ) + [
                {"answer": f"{card}: {text}", "answered": ""}
                for card, texts in told.get("reasons", {}).items()
                for text in texts
            ]
            rows += [
                (
                    *place,
                    team,
                    each["answer"],
                    *(
                        _cell(each.get(name, told.get(name)))
                        for name in ("people", "share", "answered", "median", "mean_place", "threshold")
                    ),
                    "",
                )
                for each in listed
            ]
    return Table(_RESULT_COLUMNS, tuple(rows))


def _cell(value: Cell | None) -> Cell:
    return "" if value is None else value


def _file(survey: Survey, what: str, form: Form, table: Table, document: Mapping[str, Any]) -> Export:
    if form is Form.CSV:
        content = write_csv(table)
    elif form is Form.XLSX:
        content = write_xlsx(table, "Answers")
    else:
        content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    return Export(_name(survey, what, form), form.mime, content)


def _name(survey: Survey, what: str, form: Form) -> str:
    return f"{file_slug(survey.title, 'questionnaire')}-{what}.{form.value}"


def _kind(survey: Survey) -> str:
    return "answers" if survey.mode is Mode.NAMED else "results"


def _form(form: Form | str) -> Form:
    try:
        return Form(form)
    except ValueError:
        raise InvalidInput("Answers can be exported as csv, xlsx or json.") from None


# ── in ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def import_responses(
    actor: Actor, survey_id: str, name: str, data: bytes, *, external: bool = False
) -> ResponsesReport:
    """Bring answers gathered elsewhere into an open survey, from a CSV file (`data`, called `name`); they count as submitted.

    `person` in the file is the e-mail of someone who is asked; with `external` it is any label, which counts for this
    survey only. Rows that cannot be used are refused one by one; the good ones are kept in one step. A second row or file
    for the same person replaces the first. Who has answered in the portal keeps those answers.

    Raises InvalidInput when the file cannot be used, NothingUsable when none of its rows can, WrongState when the survey
    takes no answers. Into an anonymous survey only `external` rows can be brought. Whoever answers are brought in for is
    told. The audit log has each file with how many rows were accepted and refused, none included: a refusal can tell that
    somebody has begun.
    """
    person = authorise(actor, "survey:import")
    called = required_text(name, "The name of the file")
    survey = _open(store().read(), survey_id)
    if survey.mode is Mode.ANONYMOUS and not external:
        raise InvalidInput(
            f"‘{survey.title}’ is anonymous: only answers of people whom the portal does not know can be brought in "
            "(external), for a report on the others would tell who has answered."
        )
    read = read_responses(survey.questionnaire, read_csv(data))

    def transaction(connection: Connection) -> ResponsesReport:
        now = _open(connection, survey_id)
        if now.mode is not survey.mode or now.questionnaire.everything != survey.questionnaire.everything:
            raise WrongState(f"‘{survey.title}’ was changed just now. Nothing was imported. Try again.")
        report = _bring_in(connection, now, read, external, person)
        journal(
            connection,
            person,
            "survey:import",
            "survey",
            survey.id,
            after={
                "file": called,
                "external": external,
                "accepted": report.accepted,
                "refused": report.refused,
                "replaced": report.replaced,
            },
        )
        return report

    report = store().write(transaction)
    if not report.accepted:  # raised only now: the audit row stays
        raise NothingUsable(report)
    return report


def why_files_will_not_count(actor: Actor, survey_id: str) -> FilesLeftOut | None:
    """Why answers from files will not count in an open survey as things stand; None where they do, or there are none.

    Nothing but how many of each team have submitted in the portal. Raises NotFound where there is no such survey.
    """
    authorise(actor, "survey:import")
    connection = store().read()
    survey = surveys.known(connection, survey_id)
    return _left_out(connection, survey) if survey.status is SurveyStatus.OPEN else None


def _left_out(connection: Connection, survey: Survey) -> FilesLeftOut | None:
    in_portal, from_files = answers.submitted_by_origin(connection, survey.id)
    return why_files_do_not_count(survey.questionnaire, in_portal, from_files)


def _bring_in(
    connection: Connection, survey: Survey, read: ReadResponses, external: bool, acting: Person
) -> ResponsesReport:
    at = clock.day_text() if survey.mode is Mode.ANONYMOUS else clock.now_text()
    secret = answers.secret(connection, survey.id) if survey.mode is Mode.ANONYMOUS else None
    known = {person.email.lower(): person for person in people.everyone(connection)}
    labels = {_folded(key): key for key in answers.outsiders(connection, survey.id)} if external else {}
    chosen = invitees.chosen(connection, survey.id) if survey.audience is Audience.PEOPLE else None
    refusals = list(read.refusals)
    replacements: list[RowRefusal] = []
    rows: dict[str, int] = {}
    for row in read.rows:
        team = team_of(row.team)
        if external:
            refusal = _outsider_refusal(row, team, known)
            key = "" if refusal else _outsider_key(survey, row.person, secret, labels)
        else:
            person = known.get(row.person.lower())
            refusal = _person_refusal(row, person, chosen)
            key = person.id if person and not refusal else ""
            team = person.team if person else None
        from_file = answers.is_from_file(connection, survey.id, key) if key else None
        if from_file is False:
            said = "This person has answered in the portal. Those answers stay as they are."
            refusal = RowRefusal(row.row, PERSON, shown(row.person), said)
        if refusal is not None or team is None:
            refusals += [refusal] if refusal else []
            continue
        if from_file:
            earlier = f"row {rows[key]} of this file" if key in rows else "what an earlier file had brought"
            replacements.append(RowRefusal(row.row, PERSON, shown(row.person), f"Replaces {earlier}."))
        rows[key] = row.row
        answers.bring_in(connection, survey.id, key, team, row.answers, at)
    if not external:
        told = [one for one in known.values() if one.id in rows and one.id != acting.id]
        for one in told:
            queue.delete_of_kind(connection, survey.id, MessageKind.IMPORT, one.id)
        wording = wordings.answers_imported(survey, acting.name)
        page = invitations.ANSWER_PAGE
        messages.tell(connection, told, survey, MessageKind.IMPORT, wording, page, mail=False)
    refused = len({one.row for one in refusals})
    left_out = _left_out(connection, survey)
    return ResponsesReport(
        read.read,
        read.read - refused,
        refused,
        tuple(sorted(refusals, key=lambda one: one.row)),
        tuple(replacements),
        read.warnings,
        read.note,
        left_out.sentence if left_out else "",
    )


def _folded(label: str) -> str:
    """The label as it is compared: without case, and however its accents are written."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", label).casefold())


def _outsider_key(survey: Survey, label: str, secret: str | None, labels: dict[str, str]) -> str:
    """The key of somebody outside, the same however the label is capitalised; a named survey keeps the first spelling."""
    if survey.mode is not Mode.NAMED:
        return outsider_key(survey, _folded(label), secret)
    key = outsider_key(survey, label, secret)
    return labels.setdefault(_folded(key), key)


def _outsider_refusal(row: ReadRow, team: Team | None, known: Mapping[str, Person]) -> RowRefusal | None:
    if team is None:
        reason = (
            "Say sales or marketing: the portal does not know this person."
            if not row.team
            else "There is no such team. Write sales or marketing."
        )
        return RowRefusal(row.row, TEAM, shown(row.team), reason)
    try:
        required_text(row.person, "The person")
    except InvalidInput as error:
        return RowRefusal(row.row, PERSON, shown(row.person), str(error))
    if row.person.lower() in known or _folded(row.person) in known:
        reason = (
            "This is the e-mail of somebody whom the portal knows, who answers in their own name. Take the row out, or "
            "import their answers as theirs."
        )
        return RowRefusal(row.row, PERSON, shown(row.person), reason)
    return None


def _person_refusal(row: ReadRow, person: Person | None, chosen: set[str] | None) -> RowRefusal | None:
    """Why this row cannot be the person's; `chosen` are the ids of those who are asked, None where both teams are."""
    who = shown(row.person)
    if person is None:
        return RowRefusal(
            row.row,
            PERSON,
            who,
            "The portal knows nobody with this e-mail. Check it, or import the answers as external.",
        )
    if person.team is None:
        return RowRefusal(row.row, PERSON, who, "This person belongs to neither team, and so is not asked.")
    if not person.active or (chosen is not None and person.id not in chosen):
        return RowRefusal(row.row, PERSON, who, "This person is not among those who are asked.")
    if row.team and row.team != person.team.value:
        reason = f"In the portal this person belongs to {person.team.label}. Put it right there or here."
        return RowRefusal(row.row, TEAM, shown(row.team), reason)
    return None


def _open(connection: Connection, survey_id: str) -> Survey:
    survey = surveys.known(connection, survey_id)
    if not answering.accepts(survey):
        state = "not open yet" if survey.status is SurveyStatus.DRAFT else "closed"
        raise WrongState(
            f"‘{survey.title}’ is {state}. Answers can be brought in while a questionnaire is open."
        )
    return survey
