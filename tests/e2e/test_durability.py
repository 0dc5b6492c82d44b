"""What the screen has confirmed outlives the server; an import that is killed leaves what was there before."""

import json
import re
import select
import signal
import subprocess
import sys

import pytest
from browsing import settle
from controls import choose_option, expect_heading, option_of
from histories import add_history
from playwright.sync_api import expect
from portals import ROOT

from actions import answers, clock, imports, leads, surveys
from alignment.people import MACHINE, Actor

pytestmark = pytest.mark.browser

MAPPING = "lead_id = 'id'\nsource = 'source'\nemployees = 'employees'\n[stages]\nmql = 'mql'\nwon = 'won'\n"
MANY = 200_000


def test_answers_that_the_screen_called_saved_are_there_after_the_server_is_killed(
    portal, add_person, sign_in
):
    survey = surveys.prepare_survey(MACHINE, template="qualified_lead")
    surveys.open_survey(MACHINE, survey.id)
    sol = add_person("Sol Sales")
    page = sign_in(sol, "/answer")
    mark = page.locator("[class*=st-key-answer_mark-]").filter(has_text=re.compile("Saved$"))
    questions = (
        ("qualified_when", "^When is a lead ready", "They fit and have asked to talk to us", None),
        ("budget", "^Before you take a lead: how much does it matter that they have a budget", "4", 4),
        ("private_email", "^Would you call a lead who left only", "No", False),
    )
    for number, (key, wording, option, value) in enumerate(questions, start=1):
        page.goto(f"{portal.url}/answer?survey={survey.id}&at={key}")
        expect_heading(page, re.compile(wording))
        settle(page)
        before = mark.count()
        choose_option(page, re.compile(wording), option)
        expect(mark).to_have_count(before + 1)
        portal.stop(signal.SIGKILL)
        portal.start()
        kept = answers.my_progress(Actor(sol.id, clock.now_text()), survey.id).answers
        assert kept[key] == (option if value is None else value)
        assert len(kept) == number
        page.reload()
        expect(page.get_by_text(re.compile(f"{number} of .* answered"))).to_be_visible()
        expect(option_of(page, re.compile(wording), option)).to_have_attribute("aria-pressed", "true")
        settle(page)


def import_command(path, mapping):
    return [sys.executable, "manage.py", "import-leads", path, "--mapping", mapping, "--json"]


def write_leads(path, count):
    rows = (
        f"big-{n},{('referral', 'webinar', '')[n % 3]},{n % 500},2026-{n % 12 + 1:02}-{n % 28 + 1:02},"
        for n in range(count)
    )
    path.write_text("id,source,employees,mql,won\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("megabytes", [0, 4])
def test_an_import_killed_in_the_middle_leaves_the_facts_in_force_and_the_next_one_works(
    data_folder, tmp_path, megabytes
):
    add_history(40)
    before, revision = leads.read_overview(MACHINE), leads.read_revision(MACHINE)
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING)
    many = write_leads(tmp_path / "many.csv", MANY)
    running = subprocess.Popen(
        import_command(many, mapping), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    while running.poll() is None:
        written = sum(path.stat().st_size for path in data_folder.rglob("*.building*"))
        if written and written >= megabytes * 2**20:
            running.send_signal(signal.SIGKILL)
            break
        select.select([], [], [], 0.005)
    _, complaint = running.communicate(timeout=30)
    assert running.returncode == -signal.SIGKILL, complaint.decode()
    assert list(data_folder.rglob("*.building*")), (
        "killed before it had begun to write; then this shows nothing"
    )

    assert leads.read_revision(MACHINE) == revision
    assert leads.read_overview(MACHINE) == before
    assert [past.files for past in imports.list_imports(MACHINE)] == [("lead history",)]

    few = write_leads(tmp_path / "few.csv", 60)
    done = subprocess.run(import_command(few, mapping), cwd=ROOT, capture_output=True, timeout=60)
    assert json.loads(done.stdout)["new"] == 60, done.stderr.decode()
    assert leads.read_overview(MACHINE).leads == 100
    assert list(data_folder.rglob("*.building*")) == []
