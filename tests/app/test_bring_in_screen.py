"""The screen that brings leads in: matched, asked, checked, and only then kept."""

import re
import time

import pytest
import xlsxwriter

from actions import clock, imports
from actions.permissions import PERMISSIONS
from alignment.errors import NotFound
from alignment.people import MACHINE, Actor, Role
from components.navigation import screens_for
from components.text import ink

PAGE = "pages/leads/bring_in.py"
CRM = """Lead ID,Company / Account,Email,Lead Source,Lead Status,Create Date,Converted,Lead Owner,Scored
1,Acme,a@example.com,Web,Open,03/04/2026,0,Sol,05/04/2026
2,Beta,b@example.com,=HYPERLINK("x"),Open,04/04/2026,1,Sol,
,Gamma,c@example.com,Web,Open,04/04/2026,0,Sol,
"""


@pytest.fixture
def page(open_page, make_person):
    """page(role) -> the screen as somebody of this role sees it."""
    return lambda role="facilitator": open_page(
        PAGE, make_person(role, None if role == "facilitator" else "sales")
    )


def texts(app):
    kinds = ("subheader", "markdown", "caption", "error", "warning", "info", "success")
    shown = " ".join(str(element.value) for kind in kinds for element in app.get(kind))
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", shown)


def upload(app, content=CRM, name="leads.csv"):
    app.get("file_uploader")[0].set_value((name, content.encode(), "text/csv"))
    return app.run()


def meaning(app, column):
    return next(box for box in app.selectbox if box.label == f"What {column} means")


def wait(app):
    """Until the import that was begun has ended, as the page finds out by itself in a browser."""
    for _ in range(300):
        if not imports.list_running(MACHINE):
            return app.run()
        time.sleep(0.1)
    raise AssertionError("The import did not end.")


def test_only_those_who_may_import_have_the_screen(page):
    addresses = {role: {screen.path for screen in screens_for(role)} for role in Role}
    assert {role for role, paths in addresses.items() if PAGE in paths} == PERMISSIONS["leads:import"]
    for role in PERMISSIONS["leads:import"]:
        app = page(role.value)
        assert not app.exception and app.get("file_uploader")


def test_nobody_sees_it_without_signing_in(open_page, make_person):
    make_person()
    assert not open_page(PAGE, None).get("file_uploader")


def test_what_is_no_table_of_leads_is_not_called_one_and_what_is_left_out_lies_open(page):
    app = upload(page(), "hello world", "junk.csv")
    assert "Nothing in junk.csv is recognised. Is it an export of leads?" in texts(app)
    assert "are matched" not in texts(app)
    assert app.radio(key="bring_in_0_shown").value == "left"
    assert [box.label for box in app.selectbox if box.label.endswith("means")] == ["What hello world means"]


def test_a_file_is_recognised_corrected_asked_about_checked_and_brought_in(page):
    app = upload(page())
    assert "leads.csv looks like a Salesforce lead export: 7 of 9 columns are matched." in texts(app)
    assert "Nothing says when a lead became an MQL." in texts(app)
    # which day an ambiguous date is has to be said first
    assert app.button(key="bring_in_check").disabled
    asked = app.segmented_control(key="bring_in_0_order_asked")
    assert [option.content for option in asked.proto.options] == [ink("3 April 2026"), ink("4 March 2026")]
    app = asked.set_value("dmy").run()
    assert "Which day is" not in texts(app) and not app.button(key="bring_in_check").disabled
    # a column that was left out is given a meaning; it stays where it is
    app.radio(key="bring_in_1_shown").set_value("left").run()
    assert {box.label for box in app.selectbox if box.label.endswith("means")} == {
        "What Email means",
        "What Scored means",
    }
    app = meaning(app, "Scored").set_value("stage:mql").run()
    assert meaning(app, "Scored").value == "stage:mql" and "became an MQL." not in texts(app)
    app = wait(app.button(key="bring_in_check").click().run())
    assert "3 rows read: 2 would be new, 0 would be changed, 0 unchanged, 1 refused." in texts(app)
    assert app.dataframe[0].value.to_dict("records")[0]["Reason"] == "The lead has no id."
    assert imports.list_imports(MACHINE) == []
    go = app.button(key="bring_in_import")
    assert go.label == "Import the 2 good rows, leave out 1"
    app = wait(go.click().run())
    assert "3 rows read: 2 new, 0 changed, 0 unchanged, 1 refused." in texts(app)
    # kept under a name, it is there for the next file
    app.text_input(key="bring_in_keep_name").set_value("Our <b>CRM</b>")
    app = next(one for one in app.button if one.label == "Keep").click().run()
    assert list(imports.list_mappings(MACHINE)) == ["Our <b>CRM</b>"]
    (past,) = imports.list_imports(MACHINE)
    assert (past.files, past.report["new"]) == (("leads.csv",), 2)
    # the same file again changes nothing, read with the mapping that was kept
    app = upload(page("team_lead"))
    kind = app.selectbox(key="bring_in_kind_0")
    app = kind.set_value("saved:Our <b>CRM</b>").run()
    assert "is read with your mapping" in texts(app) and "Which day is" not in texts(app)
    app = wait(app.button(key="bring_in_check").click().run())
    assert "0 would be new, 0 would be changed, 2 unchanged, 1 refused." in texts(app)


def test_how_much_an_ambiguous_number_is_has_to_be_said_before_anything_is_read(page):
    app = upload(page(), "id;amount\na;1.200 €\nb;70\n")
    assert "How much is 1.200 €? It stands in “amount”" in texts(app).replace("*", "")
    assert app.button(key="bring_in_check").disabled
    asked = app.segmented_control(key="bring_in_0_decimal_asked")
    assert [option.content for option in asked.proto.options] == [
        ink("1.200 (three decimals)"),
        ink("1200 (thousands)"),
    ]
    app = asked.set_value(",").run()
    assert "How much is" not in texts(app) and not app.button(key="bring_in_check").disabled
    assert 'decimal = ","' in app.code[0].value
    # what the other numbers tell is not asked, and both signs are
    app = upload(page(), "id;amount\na;1.200 €\nb;12,5\n")
    assert "How much is" not in texts(app) and not app.button(key="bring_in_check").disabled
    app = upload(page(), "id;amount\na;12.5\nb;12,5\n")
    assert "Which sign stands before decimals? “amount” has both 12.5 and 12,5" in texts(app).replace("*", "")


def test_what_is_missing_or_said_twice_is_said_before_anything_is_read(page):
    app = upload(page(), "name,origin,other\na,ads,1\n")
    assert "No column is the lead's id." in texts(app)
    assert app.button(key="bring_in_check").disabled
    app.radio(key="bring_in_0_shown").set_value("left").run()
    app = meaning(app, "name").set_value("lead_id").run()
    app = meaning(app, "other").set_value("field:source").run()
    assert "both mean “Source”" in texts(app) and app.button(key="bring_in_check").disabled
    app = meaning(app, "other").set_value("flag:won").run()
    assert "which words of “other”" in texts(app)
    app.multiselect(key="bring_in_0_words_2").set_value(["1"]).run()
    assert not app.button(key="bring_in_check").disabled


def test_a_file_that_cannot_be_read_gets_a_sentence(page):
    app = upload(page(), "PK\x03\x04 nothing", "leads.xlsx")
    assert "cannot be read as an Excel workbook" in app.error[0].value and not app.exception


def test_a_workbook_with_several_sheets_asks_which_to_read(page, tmp_path):
    book = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(book) as workbook:
        for title, rows in {
            "Notes": [("id", "said"), ("a", "later")],
            "Leads": [("id", "origin"), ("a", "ads"), ("b", "fair")],
        }.items():
            sheet = workbook.add_worksheet(title)
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row)
    app = page()
    app.get("file_uploader")[0].set_value((book.name, book.read_bytes(), "application/octet-stream"))
    app = app.run()
    asked = next(box for box in app.selectbox if box.label == "Sheet to read")
    assert (asked.options, asked.value) == (["Notes", "Leads"], "Notes")
    assert "others that are filled in were not: “Leads”" in texts(app) and "1 rows, 2 columns" in texts(app)
    app = asked.set_value("Leads").run()
    assert not app.exception and "2 rows, 2 columns" in texts(app) and "were not" not in texts(app)
    # another kind of export is read from the same sheet
    app = next(box for box in app.selectbox if box.label == "Read as").set_value("preset:wide").run()
    assert next(box for box in app.selectbox if box.label == "Sheet to read").value == "Leads"
    app = wait(app.button(key="bring_in_check").click().run())
    assert "2 rows read: 2 would be new" in texts(app)
    imports.save_mapping(MACHINE, "Leads of two", 'lead_id = "id"\nsheet = "Leads"\n')
    # a kept mapping names its sheet; files without it are asked about again
    app = page()
    app.get("file_uploader")[0].set_value((book.name, book.read_bytes(), "application/octet-stream"))
    app = app.run()
    kind = next(box for box in app.selectbox if box.label == "Read as")
    app = kind.set_value("saved:Leads of two").run()
    assert next(box for box in app.selectbox if box.label == "Sheet to read").value == "Leads"
    assert 'sheet = "Leads"' in app.code[0].value and "2 rows, 2 columns" in texts(app)
    app = next(box for box in app.selectbox if box.label == "Sheet to read").set_value("Notes").run()
    assert 'sheet = "Notes"' in app.code[0].value and "1 rows, 2 columns" in texts(app)


def test_the_changes_of_a_long_file_are_matched_added_and_removed(page):
    app = upload(
        page(), "record_id,property,value,timestamp\n1,stage,mql,2026-01-05\n1,stage,odd,2026-01-06\n"
    )
    assert "looks like a history of changes: 2 of 2 properties are matched." in texts(app)
    app = app.button(key="bring_in_0_add_conditional").click().run()
    assert app.button(key="bring_in_check").disabled, "a change without words means nothing yet"
    app = app.multiselect(key="bring_in_1_conditional_1_equals").set_value(["odd"]).run()
    app = app.selectbox(key="bring_in_1_conditional_1_meaning").set_value("stage:won").run()
    (code,) = app.code
    assert 'equals = [\n    "odd",\n]' in code.value and "[stages.won]" in code.value
    app = app.button(key="bring_in_1_conditional_0_remove").click().run()
    assert "stages.mql" not in app.code[0].value and "stages.won" in app.code[0].value


def test_kept_mappings_are_opened_changed_and_removed(page, make_person):
    who = make_person("team_lead", "marketing")
    imports.save_mapping(Actor(who.id, clock.now_text()), "Old", 'lead_id = "id"')
    app = page()
    app = next(one for one in app.button if one.label == "Open").click().run()
    app.text_area(key="bring_in_edit_0_toml").set_value('lead = "id"')
    app = app.button(key="bring_in_edit_0_save").click().run()
    assert "“lead” is not known in the mapping" in texts(app)
    app = next(one for one in app.button if one.label == "Open").click().run()
    app.text_area(key="bring_in_edit_0_toml").set_value('lead_id = "number"')
    app.text_input(key="bring_in_edit_0_name").set_value("New")
    app = app.button(key="bring_in_edit_0_save").click().run()
    assert imports.list_mappings(MACHINE) == {"New": 'lead_id = "number"'}
    app = next(one for one in app.button if one.label == "Open").click().run()
    app.button(key="bring_in_edit_0_remove").click().run()
    assert imports.list_mappings(MACHINE) == {}
    with pytest.raises(NotFound):
        imports.delete_mapping(MACHINE, "New")


def test_a_check_can_be_stopped(page):
    rows = "".join(f"{number},ads,2026-01-05\n" for number in range(300_000))
    app = upload(page(), f"id,source,mql\n{rows}")
    app = app.button(key="bring_in_check").click().run()
    (run,) = imports.list_running(MACHINE)
    assert "Checking leads.csv" in texts(app)
    app = app.button(key=f"bring_in_{run.id}_stop").click().run()
    assert "Stopped. Nothing was kept." in texts(wait(app))
    assert imports.list_imports(MACHINE) == []
