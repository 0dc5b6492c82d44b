"""Exports are recognised by their headers, and what their columns mean can be corrected, kept and read again."""

from dataclasses import replace

import pytest
import tomli_w

from alignment.errors import InvalidInput
from alignment.lifecycle import EventType, Stage
from leads.imports import presets
from leads.imports.amounts import POINTED
from leads.imports.looking import FileSeen, columns
from leads.imports.mapping import read_mapping
from leads.imports.matching import (
    ConditionalDate,
    DateQuestion,
    DecimalQuestion,
    attribute_name,
    date_order,
    decimal_sign,
    from_mapping,
    meanings,
    propose,
    to_document,
)

HUBSPOT = (
    "Record ID,First Name,Last Name,Email,Phone Number,Job Title,Company Name,Associated Company,Contact owner,"
    "Lifecycle Stage,Lead Status,Create Date,Original Source,Country/Region,HubSpot Score,Close Date,"
    "Number of Associated Deals,Became a Subscriber Date,Became a Lead Date,Became a Marketing Qualified Lead Date,"
    "Became a Sales Qualified Lead Date,Became an Opportunity Date,Became a Customer Date,Became an Evangelist Date"
)
SALESFORCE = (
    "Id,FirstName,LastName,Company,Title,Email,LeadSource,Status,Industry,NumberOfEmployees,CreatedDate,IsConverted,"
    "ConvertedDate,ConvertedOpportunityId,OwnerId,SystemModstamp,IsDeleted,MasterRecordId"
)
REPORT = "Lead ID,Company / Account,Title,Lead Source,Lead Status,Create Date,Converted,Lead Owner,Employees"
HISTORY = "LeadId,Field,OldValue,NewValue,CreatedDate"
ODOO = (
    "id,name,type,stage_id,user_id,team_id,source_id,medium_id,campaign_id,email_from,partner_name,expected_revenue,"
    "probability,create_date,date_open,date_last_stage_update,date_conversion,date_closed,lost_reason_id,active"
)
ODOO_LABELS = (
    "External ID,Opportunity,Stage,Salesperson,Sales Team,Source,Medium,Campaign,Email,Company Name,Expected Revenue,"
    "Probability,Created on,Assignment Date,Last Stage Update,Conversion Date,Closed Date,Lost Reason"
)


def seen(header, *rows, name="file.csv"):
    return FileSeen(name, tuple(header.split(",")), tuple(tuple(row.split(",")) for row in rows), None)


def mapped(matching):
    return read_mapping(tomli_w.dumps(to_document(matching)))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (HUBSPOT, "hubspot"),
        (HUBSPOT.upper().replace("RECORD ID", " contact id "), "hubspot"),
        (
            "hs_object_id,lifecyclestage,hs_lead_status,hs_analytics_source,createdate,hubspot_owner_id",
            "hubspot",
        ),
        (SALESFORCE, "salesforce"),
        (REPORT, "salesforce"),
        (HISTORY, "salesforce-history"),
        ("Lead ID,Field / Event,Old Value,New Value,Edit Date", "salesforce-history"),
        (ODOO, "odoo"),
        (ODOO_LABELS, "odoo"),
        ("record_id,property,value,timestamp", "long"),
        ("mql_id,first_contact_date,landing_page_id,origin", "wide"),
        ("a,b,c", "wide"),
        ("", "wide"),
    ],
)
def test_a_kind_of_export_is_recognised_by_its_header(header, name):
    assert presets.recognised(header.split(",")).name == name


def test_the_contacts_of_hubspot_are_matched_but_for_what_identifies_a_person():
    row = (
        "1,Ada,L,a@example.com,1,CEO,Acme,Acme,Sol,Customer,NEW,3/15/2024 2:30 PM,Referral,US,30,,1,,3/15/2024 2:30 PM,"
        "4/1/2024 9:00 AM,,,4/9/2024 1:00 PM,"
    )
    files = (seen(HUBSPOT, row),)
    matching = propose(files, timezone="Europe/Berlin")
    mapping = mapped(matching)
    assert mapping.lead_id == "Record ID"
    assert mapping.fields == {
        "source": "Original Source",
        "company": "Company Name",
        "country": "Country/Region",
        "job_title": "Job Title",
        "owner": "Contact owner",
        "created_at": "Create Date",
    }
    assert mapping.stages[Stage.MQL] == "Became a Marketing Qualified Lead Date"
    assert mapping.stages[Stage.WON] == "Became a Customer Date"
    assert mapping.outcomes[Stage.WON].equals == ("customer", "evangelist")
    assert mapping.attributes == {"hubspot_score": "HubSpot Score"}
    assert mapping.timezone == "Europe/Berlin" and "Select" in mapping.missing
    left_out = [one for one in columns(files) if one.name not in matching.meanings]
    assert {one.name for one in left_out if one.personal} == {
        "First Name",
        "Last Name",
        "Email",
        "Phone Number",
    }
    assert date_order(files, matching) == "mdy"


def test_odoo_tells_won_and_lost_by_what_another_column_says():
    files = (
        seen(ODOO, "7,Big,lead,Won,Sol,EU,Ad,Web,May,a@b,Acme,1200.5,100.0,2026-01-01,,,,2026-02-01,,True"),
    )
    mapping = mapped(propose(files))
    won, lost = (mapping.moments[mapping.stages[stage]] for stage in (Stage.WON, Stage.LOST))
    assert (won.column, won.where, "100.0" in won.equals) == ("date_closed", "probability", True)
    assert (lost.column, lost.where, "0.0" in lost.equals) == ("date_closed", "probability", True)
    assert mapping.events == {EventType.ASSIGNED: "date_open"}
    assert mapping.stages[Stage.LEAD] == mapping.fields["created_at"] == "create_date"


def test_the_changes_of_a_history_mean_what_their_values_say():
    rows = (
        "1,Status,New,MQL,2026-01-05",
        "1,Status,MQL,Working - Contacted,2026-01-06",
        "1,Owner,A,B,2026-01-06",
    )
    files = (seen(HISTORY, *rows),)
    matching = propose(files)
    assert matching.conditionals == (
        ConditionalDate("stage:mql", "", "Status", ("mql",)),
        ConditionalDate("event:contacted", "", "Status", ("working - contacted",)),
    )
    mapping = mapped(matching)
    assert (mapping.long.property, mapping.long.value, mapping.long.at) == (
        "Field",
        "NewValue",
        "CreatedDate",
    )
    assert (mapping.lead_id, mapping.fields) == ("LeadId", {"owner": "Owner"})


def test_a_column_whose_values_do_not_fit_is_not_taken_for_what_it_is_called():
    files = (
        seen("id,created,employees,won,value", "1,yesterday,11-50,yes,much", "2,today,51-200,no,little"),
    )
    matching = propose(files)
    assert matching.meanings == {"id": "lead_id", "employees": "field:company_size"}


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("2026-01-05", ""), "ymd"),
        (("03/04/2026", "13/04/2026"), "dmy"),
        (("03/04/2026", "04-13-2026 1:00 PM"), "mdy"),
        (("04/04/2026", "03/04/2026"), DateQuestion("mql", "03/04/2026")),
        (("13/04/2026", "04/13/2026"), DateQuestion("mql", "13/04/2026")),
        (("", ""), ""),
    ],
)
def test_the_order_of_day_and_month_is_found_or_asked_for(dates, order):
    files = (seen("id,mql", *(f"{number},{text}" for number, text in enumerate(dates))),)
    matching = replace(propose(files), meanings={"id": "lead_id", "mql": "stage:mql"})
    assert date_order(files, matching) == order


@pytest.mark.parametrize(
    ("written", "examples"),
    [
        (("1.200,50 €", "1.200"), None),
        (("$1,200.50", "1,200"), None),
        (("7", "much"), None),
        (("EUR 1.200", "7"), ("EUR 1.200",)),
        (("12.5", "12,5 €"), ("12.5", "12,5 €")),
    ],
)
def test_the_decimal_sign_is_found_or_asked_for(written, examples):
    rows = tuple((str(number), value) for number, value in enumerate((*written, "1", "2", "3")))
    files = (FileSeen("f.csv", ("id", "amount"), rows, None),)
    matching = propose(files)
    assert matching.meanings["amount"] == "field:value"
    assert decimal_sign(files, matching) == (examples and DecimalQuestion("amount", examples))


def test_what_is_a_number_in_the_file_itself_asks_nothing():
    rows = (("1", "1.234"), ("2", "5"))
    text, typed = (FileSeen("f", ("id", "amount"), rows, 2, numbers=seen) for seen in ((), ("", POINTED)))
    assert decimal_sign((text,), propose((text,))) == DecimalQuestion("amount", ("1.234",))
    assert decimal_sign((typed,), propose((typed,))) is None


def test_the_decimal_sign_of_the_properties_of_a_long_file_is_asked_for():
    files = (
        seen("record_id,property,value,timestamp", "1,Amount,1.200,2026-01-05", "1,City,Bonn,2026-01-05"),
    )
    assert decimal_sign(files, propose(files)) == DecimalQuestion("Amount", ("1.200",))


@pytest.mark.parametrize("header", [HUBSPOT, SALESFORCE, ODOO, HISTORY, "record_id,property,value,timestamp"])
def test_a_mapping_that_was_kept_is_read_again_as_what_it_was(header):
    row = ",".join("2026-01-05" if "date" in name.lower() else "mql" for name in header.split(","))
    files = (seen(header, row),)
    matching = replace(propose(files), decimal=",", missing=("Select",), date_order="dmy")
    again = from_mapping(mapped(matching), files)
    assert mapped(again) == mapped(matching)


def test_the_lead_into_which_one_was_merged_is_known_whatever_its_column_is_called():
    files = (
        seen("Id,LeadSource,IsConverted,OwnerId,Status,MasterRecordId,Merged into", "1,ads,0,x,New,2,note"),
    )
    matching = propose(files)
    assert matching.preset == "salesforce"
    assert matching.meanings["MasterRecordId"] == presets.MERGED
    beside = replace(matching, meanings={**matching.meanings, "Merged into": presets.ATTRIBUTE})
    kept = mapped(beside).attributes
    assert (kept["merged_into"], kept["merged_into_2"]) == ("MasterRecordId", "Merged into")
    assert from_mapping(mapped(beside), files).meanings["MasterRecordId"] == presets.MERGED


def test_a_mapping_that_gives_a_column_two_meanings_is_left_as_it_is():
    mapping = read_mapping('lead_id = "id"\nsource = "from"\ncampaign = "from"')
    assert from_mapping(mapping, (seen("id,from"),)) is None


def test_what_a_matching_lacks_or_says_twice_is_refused():
    matching = propose((seen("id,source,sale", "1,ads,yes"),))

    def refused(**changes):
        with pytest.raises(InvalidInput) as refusal:
            to_document(replace(matching, **changes))
        return str(refusal.value)

    assert "No column is the lead's id" in refused(meanings={"source": "field:source"})
    assert "both mean “Source”" in refused(
        meanings={"id": "lead_id", "source": "field:source", "sale": "field:source"}
    )
    assert "which words of “sale”" in refused(meanings={"id": "lead_id", "sale": "flag:won"})
    twice = (ConditionalDate("stage:won", "sale", "source", ("x",)),) * 2
    assert "said twice" in refused(conditionals=twice)
    assert "which words of “source”" in refused(conditionals=(replace(twice[0], equals=()),))


def test_custom_fields_get_names_that_can_be_used():
    taken = {}
    for column in ("Landing Page", "landing-page", "source", "1st visit", "Größe", "***", "x" * 200):
        taken[attribute_name(column, taken)] = column
    document = {"lead_id": "id", "attributes": taken}
    assert len(read_mapping(tomli_w.dumps(document)).attributes) == 7
    assert "source" not in taken


def test_every_meaning_can_be_written_down_and_read_again():
    for meaning in meanings():
        if meaning.key in ("", "lead_id"):
            continue
        base = propose((seen("id"),))
        matching = replace(base, meanings={"id": "lead_id", "x": meaning.key}, words={"x": ("yes",)})
        again = from_mapping(mapped(matching), (seen("id,x"),))
        assert again.meanings == matching.meanings, meaning


@pytest.mark.parametrize("name", ["Reject reason", "Reason for Rejection", "rejection_reason"])
def test_the_reason_of_a_rejection_is_found_by_what_people_call_it(name):
    found = propose([seen(f"Lead ID,Rejected on,{name}", "a,2026-01-05,too small", "b,2026-01-06,no budget")])
    assert to_document(found)["rejection_reason"] == name
