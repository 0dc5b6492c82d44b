"""The screen on which an administrator lets programs send leads."""

from actions import api_tokens, hubspot_webhooks
from actions.lead_feed import apply_waiting, receive, take
from alignment.people import MACHINE
from db.store import store

PAGE = "pages/admin/api_access.py"
HOSTILE = "<img src=x onerror=1> **bold** [a](http://x)"


def test_a_token_is_shown_once_and_can_be_revoked(open_page, make_person):
    app = open_page(PAGE, make_person("admin", None))
    assert any("No program has a token" in found.value for found in app.markdown)
    app.text_input(key="api_access_name").set_value(HOSTILE)
    next(button for button in app.button if button.label == "Make the token").click().run()
    token = api_tokens.list_tokens(MACHINE)[0]
    shown = [found.value for found in app.code if found.value.startswith("concord_")]
    assert token.name == HOSTILE and len(shown) == 1
    receive(shown[0], "leads", [{"lead_id": "a"}])
    decided = {
        "lead_id": "a",
        "type": "entered_stage",
        "stage": "mql",
        "at": "2026-01-31T09:30:00Z",
        "id": "1",
    }
    store().write(lambda connection: take(connection, "inbox", events=[decided]))
    assert not any("<img src=x onerror=1> **bold**" in found.value for found in app.markdown)
    app.button(key="api_access_copied").click().run()
    assert not [found for found in app.code if found.value.startswith("concord_")]
    assert any("One item waits to come into the figures" in found.value for found in app.markdown)
    apply_waiting(MACHINE)
    app.button(key=f"api_access_revoke_{token.id}").click().run()
    app.button(key="api_access_confirm_revoke").click().run()
    assert api_tokens.list_tokens(MACHINE)[0].revoked_at is not None
    assert any("All that was sent is in the figures" in found.value for found in app.markdown)
    assert not app.exception


def test_what_is_decided_on_a_screen_was_sent_by_no_program(open_page, make_person):
    sent = {"lead_id": "a", "type": "entered_stage", "stage": "mql", "at": "2026-01-31T09:30:00Z", "id": "1"}
    store().write(lambda connection: take(connection, "inbox", events=[sent]))
    admin = make_person("admin", None)
    for _ in range(2):  # while it waits, and when it is in the figures
        app = open_page(PAGE, admin)
        assert any("Nothing has been sent yet." in found.value for found in app.markdown)
        apply_waiting(MACHINE)
    assert not app.exception


def test_the_secret_of_hubspot_is_entered_once_and_not_shown(open_page, make_person):
    app = open_page(PAGE, make_person("admin", None))
    app.text_input(key="api_access_app_secret").set_value("short")
    save = next(button for button in app.button if button.label == "Save")
    save.click().run()
    assert "too short" in app.error[0].value and not hubspot_webhooks.read_webhooks(MACHINE).configured
    app.text_input(key="api_access_app_secret").set_value("f3b1c2d4-1111-2222-3333")
    app.text_input(key="api_access_prefix").set_value("hs-")
    next(button for button in app.button if button.label == "Save").click().run()
    assert hubspot_webhooks.read_webhooks(MACHINE).prefix == "hs-"
    assert app.text_input(key="api_access_app_secret").value == ""
    app.button(key="api_access_forbid").click().run()
    assert not hubspot_webhooks.read_webhooks(MACHINE).configured and not app.exception
