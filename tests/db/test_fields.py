"""The fields that a rule can be put together from."""

from histories import add_history

from actions.fields import list_fields
from alignment.people import MACHINE
from alignment.rules import FieldType


def test_fields_come_with_the_values_that_occur_the_most_frequent_first():
    add_history(5)
    fields = {field.name: field for field in list_fields(MACHINE)}
    assert fields["source"].values == ("referral", "webinar")
    assert fields["source"].counts == (3, 2) and fields["source"].known == fields["source"].leads == 5
    employees = fields["employees"]
    assert employees.type is FieldType.NUMBER and employees.values == ()
    assert employees.lowest <= employees.middle <= employees.highest and employees.middle.is_integer()


def test_before_the_first_import_there_are_the_fields_of_the_model_without_values():
    fields = list_fields(MACHINE)
    assert {"source", "employees"} <= {field.name for field in fields}
    assert all(field.values == () for field in fields)
