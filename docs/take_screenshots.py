"""Take the pictures in docs/screenshots: the main screens of the sample company, wide and phone, light and dark.

`python docs/take_screenshots.py [SCREEN …]` serves portals on temporary data folders, signs in as people of the
sample company, and saves `<screen>-<wide|phone>-<light|dark>.png`. It needs what the browser tests need.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import click
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "e2e")]

from browsing import fill_in_sign_in, settle  # noqa: E402
from portals import Portal, free_port  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
SIZES = {"wide": (1280, 900), "phone": (360, 780)}
TALLEST = 1600
COMMONEST = 128
LARGEST_TOTAL = 8 * 2**20
CHART_SETTLED = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# how tall the screen would have to be to show everything: Streamlit scrolls inside the page
CONTENT_HEIGHT = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    return main ? Math.max(main.scrollHeight, document.documentElement.scrollHeight) : 0;
}"""

FACILITATOR, SALES_LEAD, MARKETING_LEAD = "Ruth Ambergren", "Marek Holub", "Helene Vasseur"
ADMINISTRATOR, SELLER = "Piet Lindqvist", "Aylin Demirsoy"
NOT_YET_ANSWERED, HALF_WAY = "Svenja Brackmann", "Kwame Asantewa"


@dataclass(frozen=True)
class Shot:
    """One picture: the screen's address and who looks at it; nobody has signed in where `who` is ''.

    `{running}`, `{draft}` and `{closed}` in the address are the questionnaires that are open, being written and closed last.
    """

    name: str
    address: str
    who: str


SHOTS = (
    Shot("sign-in", "", ""),
    Shot("today", "", NOT_YET_ANSWERED),
    Shot("answer", "answer", HALF_WAY),
    Shot("inbox", "inbox", HALF_WAY),
    Shot("questionnaires", "questionnaires", FACILITATOR),
    Shot("questionnaire", "questionnaires?survey={running}", FACILITATOR),
    Shot("editor", "editor?survey={draft}", FACILITATOR),
    Shot("comparison", "comparison", FACILITATOR),
    Shot("question", "compared?survey={closed}&question=sources", SALES_LEAD),
    Shot("workshop", "workshop", NOT_YET_ANSWERED),
    Shot("glossary", "glossary", SALES_LEAD),
    Shot("definition", "definition?term=mql", SALES_LEAD),
    Shot("refresher", "refresher", SELLER),
    Shot("what-if", "what_if", SALES_LEAD),
    Shot("score", "score", MARKETING_LEAD),
    Shot("promises", "promises", SALES_LEAD),
    Shot("reality", "reality", SALES_LEAD),
    Shot("leads", "leads", SELLER),
    Shot("data-quality", "leads?part=quality", SELLER),
    Shot("feedback", "feedback", MARKETING_LEAD),
    Shot("metrics", "metrics", SALES_LEAD),
    Shot("goals", "goals", MARKETING_LEAD),
    Shot("bring-in", "bring_in", FACILITATOR),
    Shot("hours", "hours", ADMINISTRATOR),
    Shot("api-access", "api_access", ADMINISTRATOR),
    Shot("sources", "sources", ADMINISTRATOR),
    Shot("cycle", "cycle", FACILITATOR),
    Shot("recap", "recap", SALES_LEAD),
)


def load_sample(folder: Path) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Fill the folder with the sample company and put something before its people.

    Returns (e-mail, password) by name, and the ids of questionnaires by what they are called in an address.
    """
    printed = subprocess.run(
        [sys.executable, "manage.py", "--data", folder, "sample", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    company = json.loads(printed.stdout)
    os.environ["CONCORD_DATA"] = str(folder)
    ids = go_on_with_the_story()
    return {person["name"]: (person["email"], company["password"]) for person in company["sign_ins"]}, ids


def go_on_with_the_story() -> dict[str, str]:
    """A vote that is running, a questionnaire that is being written, a definition that waits for signatures: so that
    these screens show their purpose. Returns the ids of questionnaires by what they are called in an address."""
    from actions import clock, comparison, definitions, people, questionnaires, surveys, workshops
    from alignment.people import MACHINE, Actor
    from alignment.surveys import SurveyStatus
    from alignment.workshops import Choice
    from db import store

    everyone = {entry.person.name: entry.person for entry in people.list_people(MACHINE)}

    def acting(name: str) -> Actor:
        return Actor(everyone[name].id, clock.now_text())

    known = surveys.list_surveys(MACHINE)
    asked = next(
        found for found in known if found.status is SurveyStatus.CLOSED and found.template == "qualified_lead"
    )
    running = next(found for found in known if found.status is SurveyStatus.OPEN)
    draft = questionnaires.copy_survey(acting(FACILITATOR), asked.id, "What is a qualified lead, by now?")
    compared = {found.question.key: found for found in comparison.compare_survey(MACHINE, asked.id).questions}
    room = workshops.open_workshop(acting(FACILITATOR), "Leads that are not ready yet")
    for key in ("not_now", "warm_days"):
        workshops.add_topic(
            acting(FACILITATOR),
            room,
            title=compared[key].question.name,
            reason=compared[key].sentence,
            survey_id=asked.id,
            question_key=key,
        )
    topic = workshops.read_workshop(acting(FACILITATOR), room).topics[0]
    proposal = workshops.propose(
        acting(FACILITATOR),
        topic.id,
        "recycled",
        "A lead that fits and is not ready goes back to marketing, with the date on which to try again.",
    )
    for name in ("Aylin Demirsoy", "Tobias Renner", "Emil Thorsgaard", "Noor Elmasri", "Lukas Pfeilmann"):
        workshops.vote(acting(name), proposal, Choice.YES)
    current = definitions.in_force_now(acting(FACILITATOR))
    if current is not None:
        text = current.text.replace("on the same day", "within two hours, and says what it looked at")
        definitions.propose(
            acting(FACILITATOR), definitions.draft(acting(FACILITATOR), "mql", text, current.rule)
        )
    store.close_all()
    return {"running": running.id, "draft": draft.id, "closed": asked.id}


@contextmanager
def served(folder: Path) -> Iterator[Portal]:
    """A portal on this folder, stopped at the end."""
    portal = Portal(folder / "data", free_port(), folder / "server.log")
    portal.start()
    try:
        yield portal
    finally:
        portal.stop()


@contextmanager
def window(browser: Browser, size: str, mode: str) -> Iterator[BrowserContext]:
    """A browser window of this size and mode that knows nobody."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if size == "phone" else 1,
        color_scheme="dark" if mode == "dark" else "light",
        is_mobile=size == "phone",
        has_touch=size == "phone",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    yield context
    context.close()


def take(page: Page, name: str, size: str, mode: str) -> None:
    """Wait until the screen has come to rest, make it as tall as what it shows, and save its picture."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    rest(page)
    needed = min(TALLEST, max(height, page.evaluate(CONTENT_HEIGHT)))
    page.set_viewport_size({"width": width, "height": needed})
    rest(page)
    picture = Image.open(BytesIO(page.screenshot(animations="disabled", caret="hide"))).convert("RGB")
    with_palette(picture).save(FOLDER / f"{name}-{size}-{mode}.png", optimize=True)
    click.echo(f"{name}-{size}-{mode}.png")


def with_palette(picture: Image.Image) -> Image.Image:
    """The picture with 256 colours, a third of the size: the commonest exactly, so that surfaces keep theirs."""
    rare = picture.quantize(256 - COMMONEST, Image.Quantize.MAXCOVERAGE).convert("RGB")
    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)
    exact = [colour for _, colour in counted[:COMMONEST]]
    palette = np.array(exact + [colour for _, colour in rare.getcolors(256)], dtype=np.int32)
    pixels = np.asarray(picture).astype(np.int32)
    packed = pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2]
    found, where = np.unique(packed, return_inverse=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    nearest = ((colours[:, None] - palette[None]) ** 2).sum(axis=2).argmin(axis=1)
    reduced = Image.fromarray(nearest[where].astype(np.uint8).reshape(packed.shape), "P")
    reduced.putpalette(palette.astype(np.uint8).tobytes())
    return reduced


def rest(page: Page) -> None:
    """Wait until nothing is computed, loaded or drawn any more."""
    settle(page)
    for waiting in ("stSpinner", "stSkeleton"):
        expect(page.get_by_test_id(waiting)).to_have_count(0)
    for chart in page.locator(".js-plotly-plot").all():
        expect(chart.locator(".main-svg").first).to_be_visible()
    page.evaluate("document.fonts.ready.then(() => true)")
    page.evaluate(CHART_SETTLED)


@click.command()
@click.argument("screens", nargs=-1)
def main(screens: tuple[str, ...]) -> None:
    """Take the pictures of SCREENS, by default of all."""
    known = ("set-up", *(shot.name for shot in SHOTS))
    if unknown := [name for name in screens if name not in known]:
        raise click.UsageError(f"No such screen: {', '.join(unknown)}. There are: {', '.join(known)}.")
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=60_000)  # a machine may be busy
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary)
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking"]
        )
        if not screens or "set-up" in screens:
            take_set_up(browser, folder / "empty")
        wanted = [shot for shot in SHOTS if not screens or shot.name in screens]
        if wanted:
            take_sample(browser, folder / "sample", wanted)
    total = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    click.echo(f"{total / 2**20:.1f} MB in {FOLDER.relative_to(ROOT)}")
    if total > LARGEST_TOTAL:
        raise click.ClickException("That is too much for the repository. Lower TALLEST.")


def take_set_up(browser: Browser, folder: Path) -> None:
    """The screen of a first start, which an empty store shows."""
    folder.mkdir()
    with served(folder) as portal:
        for size in SIZES:
            for mode in ("light", "dark"):
                with window(browser, size, mode) as context:
                    page = context.new_page()
                    page.goto(portal.setup_link())
                    expect(page.get_by_role("tab").first).to_be_visible()
                    take(page, "set-up", size, mode)


def take_sample(browser: Browser, folder: Path, wanted: list[Shot]) -> None:
    """The screens of the sample company, each as somebody who has something to do there."""
    folder.mkdir()
    sign_ins, ids = load_sample(folder / "data")
    with served(folder) as portal:
        for size in SIZES:
            for mode in ("light", "dark"):
                for who in dict.fromkeys(shot.who for shot in wanted):
                    with window(browser, size, mode) as context:
                        page = context.new_page()
                        page.goto(portal.url)
                        if who:
                            fill_in_sign_in(page, *sign_ins[who])
                        for shot in (one for one in wanted if one.who == who):
                            page.goto(f"{portal.url}/{shot.address.format(**ids)}")
                            expect(page.get_by_role("heading").first).to_be_visible()
                            take(page, shot.name, size, mode)


if __name__ == "__main__":
    main()
