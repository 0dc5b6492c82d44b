"""What the actions offer, found by looking."""

import inspect
from importlib import import_module
from pkgutil import iter_modules

import actions

# Called before anybody has signed in, or without a person: each guards itself in its own way.
DOORS = {
    "agreement_documents": {"page_is_open", "public_agreement"},
    "answers": set(),
    "lead_feed": {"take", "receive", "receive_soon"},
    "api_tokens": {"holder_of", "check_still_good"},
    "hubspot_webhooks": {"expect_delivery", "take_delivery"},
    "invitations": {"followed_link", "sign_in_by_link"},
    "people": {"accept_invitation", "invited_person", "checked_email"},
    "settings": {"company_name", "company_of"},
    "what_if": {"usual_window", "read_rule"},
    "capacity": {"may_change"},
    "rule_starts": {"stated_rules"},
    "sign_in": None,
    "setup": None,
    "health": None,
    "clock": None,
    "journal": None,
    "logs": None,
    "permissions": None,
}


def public_actions():
    """Every public function of every action module that takes an actor, and those that should."""
    for module_info in iter_modules(actions.__path__):
        module = import_module(f"actions.{module_info.name}")
        doors = DOORS.get(module_info.name, set())
        if doors is None:
            continue
        for name, function in vars(module).items():
            ours = inspect.isfunction(function) and function.__module__ == module.__name__
            if ours and not name.startswith("_") and name not in doors:
                yield module_info.name, name, function
