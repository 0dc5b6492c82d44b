"""The kinds of systems that leads can be pulled from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from leads.connectors import hubspot, odoo, salesforce
from leads.connectors.calling import Wait
from leads.connectors.source import Plan, Source


@dataclass(frozen=True)
class Kind:
    """A kind of system: what it is called, what it needs (`credentials`: name → label), what is read unless one says otherwise.

    `address` is where it is, '' where each company has its own, which then looks like `example`. `open` makes a source
    from a plan, a way to wait, and the instant at which the pull begins.
    """

    name: str
    address: str
    example: str
    credentials: Mapping[str, str]
    help: str
    fields: Mapping[str, str]
    open: Callable[[Plan, Wait, str], Source]


_Open = Callable[[Plan, Wait, str], Source]

KINDS: dict[str, Kind] = {
    "hubspot": Kind(
        hubspot.NAME,
        hubspot.ADDRESS,
        hubspot.ADDRESS,
        hubspot.CREDENTIALS,
        hubspot.HELP,
        hubspot.FIELDS,
        cast(_Open, hubspot.HubSpot),
    ),
    "salesforce": Kind(
        salesforce.NAME,
        "",
        salesforce.EXAMPLE,
        salesforce.CREDENTIALS,
        salesforce.HELP,
        salesforce.FIELDS,
        cast(_Open, salesforce.Salesforce),
    ),
    "odoo": Kind(
        odoo.NAME, "", odoo.EXAMPLE, odoo.CREDENTIALS, odoo.HELP, odoo.FIELDS, cast(_Open, odoo.Odoo)
    ),
}
