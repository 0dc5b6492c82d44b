"""The screen of sources: connect, see how each stands, choose what their words mean, and end it again."""

import duckdb
import pytest
from crm_server import running
from hostile import LIVE, SHORT
from hubspot_server import OPTIONS, HubSpotServer
from test_hostile_text import rendered

from actions import connectors, pulls
from actions.connector_entries import Entry
from alignment.people import MACHINE
from leads import in_place
from leads.connectors import hubspot, kinds

PAGE = "pages/admin/sources.py"


@pytest.fixture
def crm(monkeypatch):
    with running(HubSpotServer("pat-1")) as server:
        monkeypatch.setattr(hubspot, "ADDRESS", server.address)
        kind = kinds.KINDS["hubspot"]
        monkeypatch.setitem(kinds.KINDS, "hubspot", kinds.Kind(**{**vars(kind), "address": server.address}))
        yield server


@pytest.fixture
def admin(make_person):
    return make_person("admin", None)


def words(app):
    return "\n".join(rendered(app))


def fill(crm, contacts=3):
    for number in range(1, contacts + 1):
        crm.contact(
            number,
            "2026-05-01T09:00:00.000Z",
            {"lifecyclestage": [("48213377", "2026-05-02T09:00:00Z")]},
            createdate="2026-05-01T09:00:00Z",
        )


def added(crm, name="HubSpot", **entry):
    return connectors.add_connector(MACHINE, "hubspot", Entry(name, crm.address, {"token": "pat-1"}, **entry))


def click(app, label):
    next(button for button in app.button if button.label == label).click()
    return app.run()


def test_a_source_is_connected_looked_at_started_paused_and_removed(open_page, admin, crm):
    fill(crm)
    app = open_page(PAGE, admin)
    assert "No system is connected yet." in words(app)
    app.text_input(key="sources_add_hubspot_key_token").set_value("wrong")
    app = click(app, "Connect")
    assert "HubSpot refused the key" in words(app)
    app.text_input(key="sources_add_hubspot_key_token").set_value("pat-1")
    app = click(app, "Connect")
    (source,) = connectors.list_connectors(MACHINE)
    assert app.query_params["source"] == source.id
    assert "Nobody has said yet what Nurture means here." in words(app)
    assert "sources_add_hubspot_key_token" not in app.session_state
    app = click(app, "Start pulling")
    assert "The next pull begins in a moment." in words(app)
    pulls.pull_due(MACHINE)
    app = click(app, "All sources")
    assert "Leads come from 1 system by themselves." in words(app)
    assert "3 records read, 3 leads, 3 new events" in words(app)
    app = click(app, "Open")
    assert "3 times: “Nurture” of lifecyclestage" in words(app).replace("*", "")
    app = click(app, "Pause")
    assert "No pull is planned." in words(app)
    app.button_group(key=f"sources_part_{source.id}").set_value("connection")
    app = click(app.run(), "Remove this source")
    assert "No system is connected yet." in words(app) and connectors.list_connectors(MACHINE) == []


def test_what_is_chosen_on_screen_is_what_is_read(open_page, admin, crm):
    fill(crm)
    source = added(crm)
    app = open_page(PAGE, admin, source=source)
    app = click(app, "Save")
    (kept,) = connectors.list_connectors(MACHINE)
    assert kept.plan["meanings"]["lifecyclestage"] == {
        "subscriber": "nothing",
        "lead": "lead",
        "marketingqualifiedlead": "mql",
        "salesqualifiedlead": "sql",
        "opportunity": "opportunity",
        "customer": "won",
    }
    app.button_group(key=f"sources_part_{source}").set_value("fields")
    app = click(app.run(), "Save")
    (after,) = connectors.list_connectors(MACHINE)
    assert after.plan == {**kept.plan, "dates": {}, "attributes": {}} and after.revision == kept.revision + 1


def test_a_failure_stands_on_top_and_says_what_to_change(open_page, admin, crm):
    source = added(crm)
    added(crm, "Second", prefix="b-")
    crm.token = "another"
    pulls.pull(MACHINE, source)
    told = words(open_page(PAGE, admin))
    assert "HubSpot needs your attention" in told and "enter a new one" in told
    assert "Leads come from no system by themselves." in told


def test_what_others_wrote_there_is_shown_as_text(open_page, admin, crm, monkeypatch):
    monkeypatch.setitem(OPTIONS, "hs_lead_status", [(SHORT, SHORT)])
    crm.contact(
        1,
        "2026-05-01T09:00:00.000Z",
        {"hs_lead_status": [(SHORT, "2026-05-02T09:00:00Z")]},
        createdate=SHORT,
    )
    source = added(crm, f"{SHORT} name")
    pulls.pull(MACHINE, source)
    for part in ("words", "fields", "pulls", "connection"):
        app = open_page(PAGE, admin, source=source, part=part)
        assert not app.exception
        assert [text for text in rendered(app) if LIVE.search(text)] == []
    assert [text for text in rendered(open_page(PAGE, admin)) if LIVE.search(text)] == []


def test_a_second_source_is_offered_a_prefix_that_no_other_has(open_page, admin, crm):
    added(crm)
    app = open_page(PAGE, admin)
    assert app.text_input(key="sources_add_hubspot_prefix").value == "hubspot-"
    added(crm, "Second", prefix="hubspot-")
    app = open_page(PAGE, admin)
    assert app.text_input(key="sources_add_hubspot_prefix").value == "hubspot-2-"


def test_a_source_that_is_gone_leads_back(open_page, admin):
    app = open_page(PAGE, admin, source="01NOTHING")
    assert "This source is gone." in words(app)
    assert "No system is connected yet." in words(click(app, "All sources"))


def test_it_says_that_figures_are_read_in_place_and_when_they_cannot_be(
    open_page, admin, data_folder, tmp_path
):
    assert "your own warehouse" not in words(open_page(PAGE, admin))
    path = tmp_path / "house.duckdb"
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE TABLE lead AS SELECT 1 AS id")
        engine.execute(
            "CREATE TABLE happened AS SELECT 1 AS id, 'mql' AS stage, TIMESTAMP '2026-01-01' AS moment"
        )
    text = f"""
[warehouse]
path = "{path}"
[lead]
table = "lead"
lead_id = "id"
[lead_event]
table = "happened"
lead_id = "id"
stage = "stage"
at = "moment"
"""
    (data_folder / "warehouse.toml").write_text(text, encoding="utf-8")
    assert "All figures are read in your own warehouse" in words(open_page(PAGE, admin))
    (data_folder / "warehouse.toml").write_text(text.replace('"moment"', '"gone"'), encoding="utf-8")
    in_place.close_all()
    assert "the column “gone”" in words(open_page(PAGE, admin))
    in_place.close_all()
