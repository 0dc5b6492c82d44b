"""The screen of the lead score: each side's points, the draft of both, signatures, two editors."""

import pytest

from actions import agreements, clock, scores
from alignment.people import Actor
from tests.unit.test_agreement_versions import MORE_POINTS, POINTS

SCORE = "pages/definitions/score.py"


def acting(person):
    return Actor(person.id, clock.now_text())


def shown(app):
    blocks = (app.markdown, app.caption, app.subheader, app.info, app.error, app.warning)
    return "\n".join(str(element.value) for block in blocks for element in block)


def button(app, label):
    return next(one for one in app.button if one.label == label)


def open_panel(app, key):
    app.session_state[key] = True
    app.run()


@pytest.fixture
def people(make_person):
    return {
        "facilitator": make_person("facilitator", None),
        "sales": make_person("team_lead", "sales", name="Sven Sales"),
        "marketing": make_person("team_lead", "marketing", name="Mia Marketing"),
        "member": make_person("member", "sales"),
    }


def test_each_side_says_its_points_and_sees_the_others_only_then(open_page, people):
    app = open_page(SCORE, people["sales"])
    assert "have not agreed on a lead score yet" in shown(app)
    open_panel(app, "score_side_panel")
    button(app, "Save our points").click().run()
    assert "**+20** if employees is at least 50" in shown(app) and not app.exception
    app = open_page(SCORE, people["marketing"])
    assert "They show once the other side" in shown(app) and "+20" not in shown(app)
    scores.propose_points(acting(people["marketing"]), MORE_POINTS)
    app = open_page(SCORE, people["member"])
    assert "+20" in shown(app) and "+40" in shown(app)
    assert not [one for one in app.button if "Save" in one.label]


def test_the_score_is_drafted_proposed_and_signed_by_both_and_read(open_page, people):
    app = open_page(SCORE, people["facilitator"])
    open_panel(app, "score_prepare")
    button(app, "Save the draft").click().run()
    assert "Lead score v1 is being drafted" in shown(app)
    button(app, "Propose for signature").click().run()
    for who in ("sales", "marketing"):
        assert "Lead score v1 waits for your signature." in shown(
            open_page("pages/home/today.py", people[who])
        )
        app = open_page(SCORE, people[who])
        assert "waits for your signature" in shown(app)
        button(app, f"Sign for {who}").click().run()
    assert "Lead score v1 is agreed, in force since" in shown(app)
    app = open_page(SCORE, people["member"])
    button(app, "I have read it").click().run()
    assert "acknowledged by 3 of 3 people" in shown(app) and not app.exception


def test_who_saves_over_another_is_shown_both_and_keeps_both_changes(open_page, people):
    lead = acting(people["facilitator"])
    version_id = scores.draft(lead, "First words.", POINTS)
    app = open_page(SCORE, people["sales"])
    open_panel(app, f"score_edit_{version_id}")
    scores.edit(lead, version_id, 1, "First words.", MORE_POINTS, None)
    app.text_area(key=f"score_{version_id}_text").set_value("My words.")
    button(app, "Save the draft").click().run()
    assert "Two people edited this draft" in shown(app) and "Someone changed Lead score v1" in shown(app)
    button(app, "Keep both changes").click().run()
    found = scores.read_score(lead).open
    assert (found.text, found.rule) == ("My words.", MORE_POINTS) and not app.exception


def test_a_void_signature_and_the_reason_for_sending_back_stay_on_the_screen(open_page, people):
    version_id = scores.draft(acting(people["facilitator"]), "<b>Words</b>", POINTS)
    agreements.propose(acting(people["facilitator"]), version_id)
    content = scores.read_score(acting(people["sales"])).open.content_hash
    agreements.sign(acting(people["sales"]), version_id, content)
    agreements.send_back(acting(people["marketing"]), version_id, "Too *generous*.")
    app = open_page(SCORE, people["sales"])
    assert "Sent back: Too \\*generous\\*." in shown(app)
    assert "Signed before, void since it was changed or sent back: Sales: Sven Sales" in shown(app)
    assert "<b>" not in shown(app).replace("\\<b>", "")
