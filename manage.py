"""The administrator's commands. They do what the screens do, as the administrator of this machine.

Exit codes: 0 done, 1 the input is at fault (a sentence on standard error, with --json also on standard output), 2 usage.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alignment.errors import InvalidInput, Refusal
from alignment.people import MACHINE

if TYPE_CHECKING:
    from actions.backups import Backup

FILE = click.Path(path_type=Path)
_PATIENCE = 10.0  # seconds that a command waits for others who use the store
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--data", type=FILE, help="Folder of the data; default CONCORD_DATA, else data/.")
def manage(data: Path | None) -> None:
    """Look after a Concord portal from the command line. Everything also works while the portal runs."""
    if data is not None:
        os.environ["CONCORD_DATA"] = str(data)


@contextmanager
def refusals(as_json: bool) -> Iterator[None]:
    """Turn a refusal into its sentence and exit code 1."""
    try:
        yield
    except Refusal as refusal:
        if as_json:
            report = getattr(refusal, "report", None)
            details = report.to_document() if report is not None else {}
            click.echo(json.dumps({"error": str(refusal), **details}, ensure_ascii=False))
        click.echo(str(refusal), err=True)
        sys.exit(1)


def show(document: Any, as_json: bool, words: Callable[[Any], str]) -> None:
    """Print a result, as JSON or in words."""
    click.echo(json.dumps(document, ensure_ascii=False, default=str) if as_json else words(document))


def write_file(path: Path, content: bytes, as_json: bool) -> None:
    """Write a file and say so. Raises InvalidInput when it cannot be written."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written ({error.strerror}). Choose another place.") from error
    written = {"file": str(path), "bytes": len(content)}
    show(written, as_json, lambda done: f"Written to {done['file']}.")


def read_text(path: Path) -> str:
    """The text of a file. Raises InvalidInput when it cannot be read as text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}). Check its name.") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no text in UTF-8. Save it as UTF-8.") from error


def read_bytes(path: Path) -> bytes:
    """What is in a file, as far as a file of answers may be long. Raises InvalidInput when it cannot be read."""
    from alignment.tables import LARGEST_FILE

    try:
        with path.open("rb") as file:
            return file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}). Check its name.") from error


@manage.command("import-leads")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option(
    "--mapping", type=FILE, help="TOML file that says which column means what; --print-mapping makes one."
)
@click.option(
    "--preset",
    help="Name of a mapping that was kept on the screen, or of a kind of export: "
    "hubspot, salesforce, salesforce-history, odoo, long, wide. Without it, it is recognised by the headers.",
)
@click.option("--sheet", metavar="NAME", help="Sheet of the workbooks to read; default the first filled in.")
@click.option("--print-mapping", is_flag=True, help="Print the mapping as TOML, to edit, and import nothing.")
@click.option("--dry-run", is_flag=True, help="Check and count everything, keep nothing.")
@click.option("--keep-good-rows", is_flag=True, help="Import the rest when some rows cannot be used.")
@as_json
def import_leads(
    files: tuple[Path, ...],
    mapping: Path | None,
    preset: str | None,
    sheet: str | None,
    print_mapping: bool,
    dry_run: bool,
    keep_good_rows: bool,
    as_json: bool,
) -> None:
    """Import lead data from CSV, Excel, OpenDocument or Parquet files, all rows or none.

    Files about the same leads add to each other.
    """
    from actions import imports

    if mapping is not None and preset is not None:
        raise click.UsageError("Give either --mapping FILE or --preset NAME.")
    with refusals(as_json):
        named = [(path.name, path) for path in files]
        text = read_text(mapping) if mapping is not None else _mapping_for(named, preset, sheet)
        if print_mapping:
            show({"mapping": text}, as_json, lambda document: document["mapping"])
            return
        report = imports.import_leads(
            MACHINE, named, text, dry_run=dry_run, keep_good_rows=keep_good_rows, sheet=sheet
        )
        show(report.to_document(), as_json, _import_in_words)


def _mapping_for(files: list[tuple[str, Path]], preset: str | None, sheet: str | None) -> str:
    """The kept mapping or the preset of this name, or the one that the files' headers call for; said on stderr."""
    from actions import imports, lead_mappings

    saved = imports.list_mappings(MACHINE)
    if preset is not None and preset in saved:
        return saved[preset]
    presets = lead_mappings.list_presets(MACHINE)
    if preset is not None and preset not in presets:
        raise InvalidInput(
            f"There is no saved mapping “{preset}”. Saved: {', '.join(saved) or 'none'}. "
            f"Kinds of export: {', '.join(presets)}."
        )
    found = lead_mappings.recognise_files(MACHINE, files, preset or "", sheet or "")
    click.echo(f"Read as: {found.title}.", err=True)
    return found.toml


@manage.command()
@click.option("--from", "first_day", metavar="DAY", help="First day of the period.")
@click.option("--to", "last_day", metavar="DAY", help="Last day of the period, included.")
@click.option("--by", type=click.Choice(["source", "week", "definition"]), help="Split every figure by this.")
@click.option("--window", "window_days", type=int, help="Days a lead gets to convert.")
@click.option("--as-of", metavar="DAY", help="Count what had happened by the end of this day.")
@click.option("--restate", metavar="VERSION", help="Judge all leads by this version of the definition.")
@as_json
def metrics(as_json: bool, **asked: Any) -> None:
    """Print the measures of the hand-over."""
    from actions import lead_feed
    from actions import metrics as measured

    with refusals(as_json):
        lead_feed.apply_waiting(MACHINE)
        days: dict[str, Any] = {name: _day(asked.pop(name)) for name in ("first_day", "last_day", "as_of")}
        found = measured.read_metrics(MACHINE, **days, **asked)
        document = {"as_of": found[0].as_of, "measures": [figure.to_document() for figure in found]}
        show(document, as_json, _metrics_in_words)


@manage.command("import-responses")
@click.argument("survey")
@click.argument("file", type=FILE)
@click.option(
    "--external", is_flag=True, help="The people are not known here: any label, for this survey only."
)
@as_json
def import_responses(survey: str, file: Path, external: bool, as_json: bool) -> None:
    """Bring answers gathered elsewhere into an open questionnaire, from a CSV file: person,team,<key>,…"""
    from actions import responses

    with refusals(as_json):
        data = read_bytes(file)
        report = responses.import_responses(MACHINE, survey, file.name, data, external=external)
        show(report.to_document(), as_json, _responses_in_words)


@manage.command("export-responses")
@click.argument("survey")
@click.argument("file", type=FILE)
@as_json
def export_responses(survey: str, file: Path, as_json: bool) -> None:
    """Write the answers to a closed questionnaire into FILE (.csv, .xlsx or .json), as its privacy allows."""
    from actions import responses

    with refusals(as_json):
        found = responses.export_responses(MACHINE, survey, file.suffix.lower().removeprefix("."))
        write_file(file, found.content, as_json)


@manage.command()
@click.argument("rule", type=FILE)
@click.option("--against", type=FILE, help="A second rule, to see where the two differ.")
@click.option("--from", "first_day", metavar="DAY", help="First day on which the leads came.")
@click.option("--to", "last_day", metavar="DAY", help="Last day, included.")
@as_json
def backtest(rule: Path, against: Path | None, as_json: bool, **period: Any) -> None:
    """Try a rule on past leads."""
    from actions import backtests, lead_feed

    with refusals(as_json):
        lead_feed.apply_waiting(MACHINE)
        second = None if against is None else read_text(against)
        days = {name: _day(value) for name, value in period.items()}
        found = backtests.try_rule(MACHINE, read_text(rule), second, **days)
        show(found.to_document(), as_json, _backtest_in_words)


@manage.command("export-rule")
@click.argument("rule", type=FILE)
@click.option(
    "--to",
    "target",
    required=True,
    help="json, sentence, duckdb, postgres, bigquery, snowflake, hubspot or soql.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="FIELD=NAME",
    help="What the CRM calls a field; may be repeated.",
)
@as_json
def export_rule(rule: Path, target: str, names: tuple[str, ...], as_json: bool) -> None:
    """Print a rule as another system reads it; what it has to be known about it there goes to the error output."""
    from actions import rule_exports

    with refusals(as_json):
        pairs = [name.partition("=") for name in names]
        if not all(sign and theirs for _, sign, theirs in pairs):
            raise InvalidInput("A name is given as FIELD=NAME, such as employees=company_employees.")
        called = {field: theirs for field, _, theirs in pairs}
        found = rule_exports.export_rule(MACHINE, read_text(rule), target, called)
        show(found.to_document(), as_json, lambda document: document["text"].rstrip("\n"))
        if not as_json:
            for note in found.notes:
                click.echo(note, err=True)


@manage.group()
def survey() -> None:
    """Prepare, open and close questionnaires."""


@survey.command("list")
@as_json
def list_surveys(as_json: bool) -> None:
    """Print all questionnaires with their ids, newest first."""
    from actions import surveys

    with refusals(as_json):
        found = [
            {"survey": one.id, "title": one.title, "status": one.status.value, "opened_at": one.opened_at}
            for one in surveys.list_surveys(MACHINE)
        ]
        show(
            found,
            as_json,
            lambda rows: "\n".join(f"{r['survey']}  {r['status']:6}  {r['title']}" for r in rows),
        )


@survey.command("create")
@click.argument("file", type=FILE)
@as_json
def create_survey(file: Path, as_json: bool) -> None:
    """Prepare a questionnaire from a TOML file, and print its id."""
    from actions import surveys

    with refusals(as_json):
        prepared = surveys.prepare_survey(MACHINE, toml=read_text(file))
        show({"survey": prepared.id}, as_json, lambda document: document["survey"])


@survey.command("open")
@click.argument("survey")
@as_json
def open_survey(survey: str, as_json: bool) -> None:
    """Put a prepared questionnaire to both teams."""
    from actions import surveys

    with refusals(as_json):
        opened = surveys.open_survey(MACHINE, survey)
        show({"survey": opened.id, "status": opened.status}, as_json, lambda _: f"‘{opened.title}’ is open.")


@survey.command("close")
@click.argument("survey")
@as_json
def close_survey(survey: str, as_json: bool) -> None:
    """Close an open questionnaire for good; then it can be compared."""
    from actions import surveys

    with refusals(as_json):
        closed = surveys.close_survey(MACHINE, survey)
        emptied = surveys.forget_closed(MACHINE, patience=_PATIENCE)
        show(
            {"survey": closed.id, "status": closed.status, "log_emptied": emptied},
            as_json,
            lambda _: f"‘{closed.title}’ is closed.",
        )
        if not emptied:
            click.echo(
                "Somebody is reading the store, so that what was deleted is still in its log. The running portal removes "
                "it as soon as it can; without one, run ‘manage.py jobs run’ later.",
                err=True,
            )


@survey.command("template")
@click.argument("name")
def print_template(name: str) -> None:
    """Print a built-in questionnaire as TOML, to edit."""
    from alignment import templates

    with refusals(False):
        click.echo(templates.template_text(name), nl=False)


@manage.command()
@click.argument("survey")
@as_json
def compare(survey: str, as_json: bool) -> None:
    """Compare the two teams' answers to a closed questionnaire."""
    from actions import comparison_documents

    with refusals(as_json):
        show(comparison_documents.comparison_document(MACHINE, survey), as_json, _comparison_in_words)


@manage.command("export-comparison")
@click.argument("survey")
@click.argument("file", type=FILE)
@as_json
def export_comparison(survey: str, file: Path, as_json: bool) -> None:
    """Write the comparison of a closed questionnaire to FILE: a page to print (.html), the list (.csv), everything (.json)."""
    from reports import comparison

    with refusals(as_json):
        form = file.suffix.removeprefix(".").lower()
        make = comparison.MAKE.get(form)
        if make is None:
            raise InvalidInput(
                f"End the name of the file in {', '.join(f'.{form}' for form in comparison.MAKE)}."
            )
        _, content = make(MACHINE, survey)
        write_file(file, content, as_json)


@manage.command("export-agreement")
@click.argument("file", type=FILE)
@as_json
def export_agreement(file: Path, as_json: bool) -> None:
    """Write everything that is agreed and in force to FILE: a page to print (.html), text (.md), everything (.json)."""
    from reports import agreement

    with refusals(as_json):
        make = agreement.MAKE.get(file.suffix.removeprefix(".").lower())
        if make is None:
            raise InvalidInput(
                f"End the name of the file in {', '.join(f'.{form}' for form in agreement.MAKE)}."
            )
        _, content = make(MACHINE)
        write_file(file, content, as_json)


@manage.command()
@as_json
def sample(as_json: bool) -> None:
    """Fill an empty store with the sample company, and print its sign-ins."""
    from dataclasses import asdict

    from sample.company import load

    with refusals(as_json):
        company = load(MACHINE, lambda share, text: click.echo(f"{share:4.0%}  {text}", err=True))
        show(asdict(company), as_json, _sample_in_words)


@manage.group()
def jobs() -> None:
    """What the portal does on a timer, where it runs without one."""


@jobs.command("run")
@as_json
def run_jobs(as_json: bool) -> None:
    """Do once what is due: open, close, invite, remind, send mail. For a timer of the machine; server.py has its own."""
    from dataclasses import asdict

    from jobs.rounds import run_round

    with refusals(as_json):
        done = run_round()
        show(asdict(done), as_json, _round_in_words)
        if done.faults:
            sys.exit(1)


@manage.command()
@click.argument("names", nargs=-1)
@as_json
def pull(names: tuple[str, ...], as_json: bool) -> None:
    """Pull what is new from the sources of these names, or from those that are due. For a timer where no server runs."""
    from dataclasses import asdict

    from actions import connectors, lead_feed, pulls

    with refusals(as_json):
        known = {source.name: source.id for source in connectors.list_connectors(MACHINE)}
        for name in names:
            if name not in known:
                raise InvalidInput(f"There is no source “{name}”. There are: {', '.join(known) or 'none'}.")
        chosen = [known[name] for name in names] if names else connectors.list_due(MACHINE)
        of = {source_id: name for name, source_id in known.items()}
        done = [{"source": of[one], **asdict(pulls.pull(MACHINE, one))} for one in chosen]
        lead_feed.apply_waiting(MACHINE)
        show({"pulls": done}, as_json, _pulls_in_words)
        if any(one["state"] != "done" for one in done):
            sys.exit(1)


@manage.group()
def user() -> None:
    """The people who may come in. Links are made for CONCORD_URL, or else for http://localhost:PORT."""


@user.command("add")
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--team", type=click.Choice(["sales", "marketing"]), help="Members and team leads need one.")
@click.option("--role", type=click.Choice(["member", "facilitator", "team_lead", "admin"]), required=True)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)
@as_json
def add_user(name: str, email: str, team: str | None, role: str, password_stdin: bool, as_json: bool) -> None:
    """Add a person: with a password, or else with a link by which they choose one."""
    from actions import people
    from alignment.people import Role, Team

    chosen_team, chosen_role = Team(team) if team else None, Role(role)
    with refusals(as_json):
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
            newcomer = people.Newcomer(name, email, chosen_team, chosen_role)
            person = people.add_with_password(MACHINE, [newcomer], password)[0]
            added = {"person": person.id, "email": person.email}
        else:
            invited = people.add_person(MACHINE, name, email, chosen_team, chosen_role)
            port = os.environ.get("PORT", "8501")
            address = os.environ.get("CONCORD_URL", "").rstrip("/") or f"http://localhost:{port}"
            added = {
                "person": invited.person.id,
                "email": invited.person.email,
                "link": f"{address}/sign-in/{invited.token}",
            }
        show(added, as_json, _added_in_words)


@manage.command()
@click.argument("file", type=FILE)
@as_json
def backup(file: Path, as_json: bool) -> None:
    """Write everything to one FILE while the portal runs, and look whether it is sound.

    A backup of that name is replaced once the new one is whole. It holds all answers and keys: keep it as safe as the portal.
    """
    from actions import backups

    with refusals(as_json):
        made = _backup_told(backups.make_backup(MACHINE, file))
        made = {"file": str(file), "bytes": file.stat().st_size, **made}
        show(made, as_json, lambda told: f"{_backup_in_words(told)}\nWritten to {told['file']}.")


@manage.command()
@click.argument("file", type=FILE)
@click.option(
    "--replace", is_flag=True, help="Put it in the place of data that are there; they are kept beside it."
)
@as_json
def restore(file: Path, replace: bool, as_json: bool) -> None:
    """Put a backup in place, once it was found to be sound. Stop the portal first. Everybody has to sign in again."""
    from actions import backups

    with refusals(as_json):
        done = backups.restore_backup(MACHINE, file, replace=replace)
        told = {**_backup_told(done.backup), "kept": str(done.kept) if done.kept else None}
        show(told, as_json, _restored_in_words)


@manage.command()
@click.argument("file", type=FILE, required=False)
@as_json
def check(file: Path | None, as_json: bool) -> None:
    """Look whether the store is sound and the lead engine answers, or whether a backup FILE is sound. Exit code 1 when not."""
    from actions import backups, health

    with refusals(as_json):
        if file is not None:
            told = {"sound": True, **_backup_told(backups.inspect_backup(MACHINE, file))}
            show(told, as_json, lambda seen: f"{_backup_in_words(seen)}\nIt is sound.")
            return
        found = health.inspect(MACHINE)
        document = {"sound": found.sound, "store": found.store, "leads": found.leads}
        show(document, as_json, lambda seen: f"Store: {seen['store']}\nLead engine: {seen['leads']}")
    if not found.sound:
        sys.exit(1)


def _backup_told(found: "Backup") -> dict[str, Any]:
    return {"made_at": found.made_at, "rows": dict(found.rows), "leads": dict(found.leads)}


def _backup_in_words(told: dict[str, Any]) -> str:
    made = told["made_at"][:16].replace("T", " ")
    return (
        f"Backup of {made} UTC: {told['rows'].get('person', 0):,} people, {told['leads'].get('lead', 0):,} leads with "
        f"{told['leads'].get('lead_event', 0):,} events."
    )


def _restored_in_words(told: dict[str, Any]) -> str:
    lines = [_backup_in_words(told), "It is in place. Everybody has to sign in again."]
    if told["kept"]:
        lines.append(
            f"What was there before is kept in {told['kept']}. Delete that when you do not need it any more."
        )
    return "\n".join(lines)


def _added_in_words(added: dict[str, str]) -> str:
    if "link" not in added:
        return f"Added {added['email']}, who can sign in now."
    return f"Added {added['email']}. Send them this link; it works once, for 14 days:\n{added['link']}"


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"“{text}” is no day. Write it as 2026-01-31.") from None


def _metrics_in_words(document: dict[str, Any]) -> str:
    lines = [f"As of {document['as_of']}"]
    for figure in document["measures"]:
        stages = " → ".join(stage for stage in (figure["from_stage"], figure["to_stage"]) if stage)
        name = figure["name"].replace("_", " ")
        value = _value_in_words(figure["value"], figure["unit"])
        share = f" ({figure['numerator']:,} of {figure['denominator']:,})"
        group = "".join(f", {key} {part}" for key, part in figure["group"].items())
        line = f"  {name} {stages}{group}: {value}"
        if figure["value"] is not None:
            line += share
            line += _interval_in_words(figure["interval"], figure["unit"])
            line += f", by {figure['definition_version']}" if figure["definition_version"] else ""
        lines.append(line)
        lines += [f"      {note}" for note in figure["notes"] if not figure["group"]]
    return "\n".join(lines)


def _interval_in_words(interval: list[float | None] | None, unit: str) -> str:
    if interval is None:
        return ""
    low, high = (_value_in_words(bound, unit) for bound in interval)
    return f", 95% {low} to {high}"


def _value_in_words(value: float | None, unit: str) -> str:
    if value is None:
        return "cannot be told"
    if unit in ("share", "growth"):
        return f"{value:+.1%}" if unit == "growth" else f"{value:.1%}"
    return f"{value:,.2f}" if unit == "ratio" else f"{value:,.0f} {unit}"


def _backtest_in_words(result: dict[str, Any]) -> str:
    lines = [
        f"{result['leads']:,} leads: {result['passed']:,} pass, {result['failed']:,} fail, "
        f"{result['unknown']:,} cannot be told because a field is missing.",
        f"Won: {result['won_passed']:,} of those that pass, {result['won_failed']:,} of those that fail, "
        f"{result['won_unknown']:,} of the others.",
    ]
    if "against" in result:
        other = result["against"]
        lines.append(
            f"Against the second rule: both want {other['both']:,}, only the first {other['only_first']:,}, "
            f"only the second {other['only_second']:,}, neither {other['neither']:,}; "
            f"{other['either_unknown']:,} cannot be told."
        )
    return "\n".join(lines + [f"Note: {warning['text']}" for warning in result["warnings"]])


def _pulls_in_words(document: dict[str, Any]) -> str:
    lines = []
    for run in document["pulls"]:
        counts = f"{run['read']} records read, {run['leads']} leads, {run['events']} new events, {run['refused']} not taken"
        lines.append(
            f"{run['source']}: {run['state'].replace('_', ' ')}; {counts}. {run['sentence']}".rstrip()
        )
        lines += [f"  {odd['count']} × {odd['text']}" for odd in run["surprises"]]
    return "\n".join(lines) or "Nothing is due."


def _round_in_words(done: dict[str, Any]) -> str:
    """Each thing that was done, with its count."""
    did = [f"{name.replace('_', ' ')}: {count}" for name, count in done.items() if name != "faults" and count]
    lines = [", ".join(did) if did else "Nothing was due."]
    lines += [f"went wrong, see the log: {name}" for name in done["faults"]]
    return "\n".join(lines)


def _sample_in_words(company: dict[str, Any]) -> str:
    lines = [f"{company['name']}, a made-up company. Everybody's password: {company['password']}", ""]
    lines += [
        f"  {entry['email']:<36} {entry['team'] or '':<10} {entry['role'].label:<14} {entry['name']}"
        for entry in company["sign_ins"]
    ]
    return "\n".join(lines)


def _comparison_in_words(comparison: dict[str, Any]) -> str:
    lines = [comparison["sentence"]]
    submitted = " and ".join(
        f"{count['submitted']} of {count['invited']} in {team}"
        for team, count in comparison["submitted"].items()
    )
    lines.append(f"{submitted} submitted.")
    since = comparison["changes_since"]
    if since is not None:
        lines.append(f"Changes are since ‘{since['title']}’, closed on {since['closed_on']}.")
    lines.append("")
    for entry in comparison["questions"]:
        lines.append(
            f"{entry['place']:>3}  {entry['key']:<24} {entry['verdict']:<14} {entry['sentence']}".rstrip()
        )
        lines += [f"{'':<45}{detail}" for detail in _costs_and_changes(entry)]
    return "\n".join(lines)


def _costs_and_changes(entry: dict[str, Any]) -> Iterator[str]:
    cost = entry["cost"]
    if cost is not None:
        sides = ", ".join(
            f"{cost[f'only_{team}']['leads']:,} only {team} ({cost[f'only_{team}']['won']:,} won)"
            for team in ("sales", "marketing")
        )
        yield (
            f"Leads treated differently: {cost['leads_treated_differently']:,} of {cost['judged']:,}: {sides}."
        )
    if "change" in entry:
        yield entry["change"]["sentence"]


def _import_in_words(report: dict[str, Any]) -> str:
    kept = "would be " if report["dry_run"] else ""
    lines = [
        f"{report['read']:,} rows read: {report['new']:,} {kept}new, {report['changed']:,} {kept}changed, "
        f"{report['unchanged']:,} unchanged, {report['refused']:,} refused."
    ]
    lines += [
        f"  {entry['file']}, row {entry['row']}, {entry['column']}{_written(entry['value'])}: {entry['reason']}"
        for entry in report["refusals"][:20]
    ]
    if len(report["refusals"]) > 20:
        lines.append(f"  … and {len(report['refusals']) - 20:,} more; --json lists them")
    lines += [f"Note: {warning['text']}" for warning in report["warnings"]]
    return "\n".join(lines)


def _written(value: str | None) -> str:
    """What stands in a cell, as a terminal can show it: ` “n/a”`."""
    if not value:
        return ""
    shown = "".join(sign if sign.isprintable() else "?" for sign in value[:40])
    return f" “{shown}{'…' if len(value) > 40 else ''}”"


def _responses_in_words(report: dict[str, Any]) -> str:
    replaced = f" ({report['replaced']:,} in the place of an earlier one)" if report["replaced"] else ""
    lines = [
        f"{report['read']:,} rows read: {report['accepted']:,} accepted{replaced}, {report['refused']:,} refused."
    ]
    lines += [
        f"  row {entry['row']}, {entry['column'] or 'the row'}: {entry['reason']}"
        for entry in (report["refusals"] + report["replacements"])[:20]
    ]
    if len(report["refusals"]) > 20:
        lines.append(f"  … and {len(report['refusals']) - 20:,} more; --json lists them")
    lines += [f"Note: column {one['column']}: {one['reason']}" for one in report["warnings"]]
    lines += [f"Note: {report[name]}" for name in ("note", "standing") if report[name]]
    return "\n".join(lines)


if __name__ == "__main__":
    manage()
