"""The agreement as a document says what is in force and who signed it; the public page names nobody and is closed by default."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from people import make_actor
from starlette.applications import Starlette
from starlette.testclient import TestClient

from actions import agreement_documents, clock, definitions, glossary_terms, promise_signing, scores
from actions import agreements as signing
from alignment.agreements import AgreementKind
from alignment.errors import InvalidInput, NotPermitted
from alignment.people import Team
from alignment.promises import ResponseTerms
from api import agreement_pages
from db.store import store
from manage import manage
from reports import agreement as reports

RULE = {"version": 1, "all": [{"field": "employees", "op": ">=", "value": 50}]}
POINTS = {"version": 1, "points": [{"if": RULE["all"][0], "add": 60}], "threshold": 50}
NASTY = (
    '</p><script>alert(1)</script> [x](javascript:alert(1)) <img src="https://evil.example/x"> =1+1 *b* # h'
)
MORNING = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def people():
    return {
        "facilitator": make_actor("facilitator", None, name="Fay Facilitator"),
        "sales": make_actor("team_lead", "sales", name="Sol Sales <b>"),
        "marketing": make_actor("team_lead", "marketing", name="Mara Marketing"),
        "admin": make_actor("admin", None, name="Ada Admin"),
    }


def sign_all(people, version):
    signing.propose(people["facilitator"], version)
    content = signing.read_version(people["facilitator"], version).content_hash
    for lead in ("sales", "marketing"):
        signing.sign(people[lead], version, content)


@pytest.fixture
def agreed(people):
    """MQL in its second version, a promise and the score are in force; SAL is only a draft."""
    facilitator = people["facilitator"]
    sign_all(people, definitions.draft(facilitator, "mql", "Ten people."))
    sign_all(people, definitions.draft(facilitator, "mql", f"Fifty people. {NASTY}", RULE))
    definitions.draft(facilitator, "sal", "Not agreed.")
    terms = ResponseTerms(60, at_least=0.9)
    sign_all(people, promise_signing.draft(facilitator, "follow_up", terms, "Every day."))
    sign_all(people, scores.draft(facilitator, "Large ones first.", POINTS))
    glossary_terms.describe_term(
        facilitator,
        "mql",
        0,
        owners={Team.SALES: people["sales"].person_id},
        words={Team.SALES: (["Hot lead"], "Somebody who asked.")},
        related=["sal"],
    )
    return people


def found(actor, kind=AgreementKind.DEFINITION):
    (one,) = agreement_documents.read_agreement(actor).of(kind)
    return one


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data):
        self.text.append(data)


def test_it_has_what_is_in_force_with_what_came_before(agreed):
    document = agreement_documents.read_agreement(make_actor("member", "sales"))
    assert document.sentence == "1 definition, 1 promise and 1 lead score are in force."
    one = found(agreed["facilitator"])
    assert (one.key, one.in_force.number, [version.number for version in one.earlier]) == ("mql", 2, [1])
    assert one.in_force.rule == "employees is at least 50"
    assert [(s.team, s.name) for s in one.in_force.signatures] == [
        (Team.SALES, "Sol Sales <b>"),
        (Team.MARKETING, "Mara Marketing"),
    ]
    assert one.earlier[0].until is not None and one.in_force.until is None
    assert found(agreed["facilitator"], AgreementKind.PROMISE).in_force.note == "Every day."
    assert found(agreed["facilitator"], AgreementKind.SCORE).in_force.text == "Large ones first."


def test_a_version_agreed_for_later_is_not_in_force_yet(people):
    with clock.at(MORNING):
        later = definitions.draft(people["facilitator"], "mql", "Later.", None, date(2026, 3, 9))
        sign_all(people, later)
        assert agreement_documents.read_agreement(people["sales"]).agreed == ()
    with clock.at(MORNING + timedelta(days=8)):
        assert found(people["sales"]).in_force.since == date(2026, 3, 9)


def test_the_page_loads_and_runs_nothing_and_shows_texts_as_they_were_typed(agreed):
    name, content = reports.make_html(agreed["sales"])
    assert re.fullmatch(r"our-company-agreement-\d{4}-\d\d-\d\d\.html", name)
    page = Page(content.decode())
    assert not {"script", "img", "iframe", "link", "form", "object", "b"} & set(page.tags)
    assert not [a for a in page.attributes if a[1].startswith("on") or a[1] in ("src", "srcdoc")]
    assert all(value.startswith("#") for tag, name, value in page.attributes if name == "href")
    told = "".join(page.text)
    assert NASTY in told and "Sol Sales <b>" in told and "Hot lead" in told
    assert "Not agreed." not in told
    assert "url(" not in content.decode()


def test_markdown_shows_texts_as_they_were_typed(agreed):
    _, content = reports.make_markdown(agreed["sales"])
    text = content.decode()
    assert "### MQL, version 2" in text and "**Rule:** employees is at least 50" in text
    assert not re.search(r"(?<!\\)(<script|<img|\]\(java|\*b|# h)", text)
    assert re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", text).count(NASTY) == 1


def test_markdown_makes_no_list_of_a_number_alone_and_turns_no_sentence_round(people):
    text = "1.\n2)\n3. x\nab\u202ecd\u2066\u2069"
    sign_all(people, definitions.draft(people["facilitator"], "mql", text))
    told = reports.make_markdown(people["sales"])[1].decode()
    assert "\n1\\.  \n2\\)  \n3\\. x  \nabcd\n" in told


def test_json_has_everything_again(agreed):
    _, content = reports.make_json(agreed["sales"])
    document = json.loads(content)
    assert document == agreement_documents.read_agreement(agreed["sales"]).as_dict()
    mql, promise, score = document["agreed"]
    assert (mql["in_force"]["rule"], mql["in_force"]["text"]) == (RULE, f"Fifty people. {NASTY}")
    assert mql["owners"] == {"sales": "Sol Sales <b>"}
    assert (promise["key"], score["in_force"]["rule"]) == ("follow_up", POINTS)


def test_who_took_it_away_is_in_the_audit_log(agreed):
    for make in reports.MAKE.values():
        make(agreed["sales"])
    rows = store().read().execute("SELECT actor, noun_id FROM audit WHERE action = 'agreement:export'")
    assert [tuple(row) for row in rows] == [
        (agreed["sales"].person_id, form) for form in ("html", "md", "json")
    ]
    with pytest.raises(InvalidInput):
        agreement_documents.export_agreement(agreed["sales"], "exe")


def test_nothing_agreed_is_said_so(people):
    document = agreement_documents.read_agreement(people["sales"])
    assert document.sentence == "Nothing is agreed yet."
    assert "it stands here" in reports.agreement_html(document)


# ── the public page ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def client():
    route = agreement_pages.public_page(lambda found: reports.agreement_html(found, public=True))
    return TestClient(Starlette(routes=[route]))


def test_nobody_reads_it_while_the_administrator_has_not_opened_it(agreed, client):
    assert client.get("/agreement").status_code == 404
    for who in ("sales", "facilitator"):
        with pytest.raises(NotPermitted):
            agreement_documents.publish(agreed[who], True)
    agreement_documents.publish(agreed["admin"], True)
    assert client.get("/agreement").status_code == 200
    agreement_documents.publish(agreed["admin"], False)
    assert client.get("/agreement").status_code == 404
    rows = store().read().execute("SELECT count(*) FROM audit WHERE action = 'agreement:publish'")
    assert rows.fetchone()[0] == 2


def test_the_public_page_names_nobody_and_sets_nothing(agreed, client):
    agreement_documents.publish(agreed["admin"], True)
    answer = client.get("/agreement", headers={"Cookie": "concord_sign_in=nonsense"})
    assert "set-cookie" not in answer.headers
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Cache-Control"] == "no-store"
    told = "".join(Page(answer.text).text)
    assert "Fifty people." in told and "employees is at least 50" in told
    for hidden in (
        "Sol Sales",
        "Mara",
        "Fay",
        "Hot lead",
        "Somebody who asked",
        "Not agreed.",
        agreed["sales"].person_id,
    ):
        assert hidden not in answer.text
    assert client.post("/agreement").status_code == 405


def test_the_public_page_has_only_what_is_in_force_and_no_owner_of_leads(agreed, client):
    rule = {
        "version": 1,
        "any": [
            {"field": "owner", "op": "in", "value": ["Anna Smith", "Ben Jones"]},
            {"all": [RULE["all"][0], {"not": {"field": "owner", "op": "=", "value": "Cleo Miller"}}]},
        ],
    }
    sign_all(agreed, definitions.draft(agreed["facilitator"], "mql", "Whose leads.", rule))
    agreement_documents.publish(agreed["admin"], True)
    told = client.get("/agreement").text
    assert "Whose leads." in told and "a certain owner" in told and "employees is at least 50" in told
    assert not [name for name in ("Anna", "Ben Jones", "Cleo") if name in told]
    assert "Ten people." not in told and "Fifty people." not in told
    assert agreement_documents.public_agreement().of(AgreementKind.DEFINITION)[0].earlier == ()
    # nor can somebody who knows who works there find out by trying names until the hash fits
    signed = found(agreed["sales"]).in_force.content_hash
    assert signed and signed not in told
    assert "Anna Smith" in found(agreed["sales"]).in_force.rule
    assert len(found(agreed["sales"]).earlier) == 2


def test_a_rule_that_asks_nonsense_of_owners_closes_no_page(agreed, client):
    odd = [
        {"field": "owner", "op": op, "value": value}
        for op, value in (("within_days", 3), ("between", [1, 2]), (">", 5))
    ]
    odd.append({"field": "owner", "op": "is_known"})
    sign_all(agreed, definitions.draft(agreed["facilitator"], "mql", "Nonsense.", {"version": 1, "all": odd}))
    agreement_documents.publish(agreed["admin"], True)
    assert "Nonsense." in client.get("/agreement").text


def test_whoever_asks_again_and_again_gets_the_page_that_was_made_before(agreed, monkeypatch):
    agreement_documents.publish(agreed["admin"], True)
    made, seconds = [], [0.0]
    monkeypatch.setattr(agreement_pages, "time", SimpleNamespace(monotonic=lambda: seconds[0]))
    route = agreement_pages.public_page(lambda found: made.append(found) or "the page")
    client = TestClient(Starlette(routes=[route]))
    for turn in range(20):
        seconds[0] = turn * agreement_pages.SECONDS_KEPT / 20
        assert client.get("/agreement").text == "the page"
    assert len(made) == 1
    seconds[0] = agreement_pages.SECONDS_KEPT
    assert client.get("/agreement").text == "the page"
    assert len(made) == 2


@pytest.mark.parametrize("form", ["html", "md", "json"])
def test_the_command_writes_every_form(agreed, tmp_path, form):
    file = tmp_path / f"agreed.{form}"
    done = CliRunner().invoke(manage, ["export-agreement", str(file), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.output) == {"file": str(file), "bytes": file.stat().st_size}
    assert "employees is at least 50" in file.read_text()


def test_the_command_refuses_another_form(agreed, tmp_path):
    done = CliRunner().invoke(manage, ["export-agreement", str(tmp_path / "agreed.pdf"), "--json"])
    assert done.exit_code == 1
    assert "End the name of the file in .html, .md, .json." in done.output
