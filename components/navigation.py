"""The table of screens: where each stands, what it is for, and who finds it in the navigation.

Hiding a screen is a courtesy; what a person may do is decided by the actions.
"""

from dataclasses import dataclass
from pathlib import Path

from alignment.people import Role

ROOT = Path(__file__).resolve().parent.parent
LOGO = ROOT / "docs" / "logo.svg"
MARK = ROOT / "docs" / "mark.svg"
HOME_PAGE = "pages/home/today.py"
INBOX_PAGE = "pages/home/inbox.py"

_EVERYONE = frozenset(Role)
_LEADING = frozenset({Role.FACILITATOR, Role.TEAM_LEAD, Role.ADMIN})
_ADMIN = frozenset({Role.ADMIN})


@dataclass(frozen=True)
class Screen:
    """One page. `path` is relative to the project; the file's name is its address. `section` is '' for unlisted ones."""

    path: str
    title: str
    icon: str
    section: str
    roles: frozenset[Role]
    help: str

    @property
    def file(self) -> Path:
        """Where the page's script is."""
        return ROOT / self.path

    @property
    def address(self) -> str:
        """The page's path in the browser, without the slash."""
        return self.file.stem

    @property
    def is_inbox(self) -> bool:
        """Whether it shows what is new in the navigation."""
        return self.path == INBOX_PAGE

    @property
    def is_home(self) -> bool:
        """Whether it is where people arrive."""
        return self.path == HOME_PAGE


SCREENS: tuple[Screen, ...] = (
    Screen("pages/home/today.py", "Today", ":material/today:", "Your part", _EVERYONE,
           "What waits for you, and where the cycle stands."),
    Screen("pages/home/inbox.py", "Inbox", ":material/inbox:", "Your part", _EVERYONE,
           "What the portal has told you: questionnaires that wait, reminders, new dates."),
    Screen("pages/surveys/answer.py", "Answer", ":material/edit_note:", "Your part", _EVERYONE,
           "Your team's questionnaires. Every answer is kept as soon as you give it."),
    Screen("pages/surveys/questionnaires.py", "Questionnaires", ":material/quiz:", "Agree", _LEADING,
           "Prepare, open and close questionnaires, and see how many have answered."),
    Screen("pages/surveys/editor.py", "Editor", ":material/edit_document:", "", _LEADING,
           "Write a questionnaire, put it right while it is open, preview it as either team."),
    Screen("pages/surveys/comparison.py", "Comparison", ":material/compare_arrows:", "Agree", _EVERYONE,
           "Where the two teams differ, and where they already agree."),
    Screen("pages/surveys/compared.py", "Question", ":material/compare_arrows:", "", _EVERYONE,
           "How both teams answered one question, what it costs in leads, and the way to the workshop."),
    Screen("pages/workshop/workshop.py", "Workshop", ":material/groups:", "Agree", _EVERYONE,
           "Settle one topic after the other together; both teams vote at the same time."),
    Screen("pages/definitions/glossary.py", "Glossary", ":material/menu_book:", "Agree", _EVERYONE,
           "What was agreed: each term with its text, its rule, its versions and signatures."),
    Screen("pages/definitions/definition.py", "Definition", ":material/menu_book:", "", _EVERYONE,
           "One term: what is agreed, who signed, what changed, and leads that show what it means."),
    Screen("pages/definitions/refresher.py", "Refresher", ":material/school:", "Agree", _EVERYONE,
           "For meetings: what sales says, what marketing says, what was agreed, and five questions."),
    Screen("pages/definitions/what_if.py", "What if", ":material/experiment:", "Agree", _LEADING,
           "Try a rule or a score on past leads before anybody signs it, and find one between both teams."),
    Screen("pages/definitions/score.py", "Lead score", ":material/scoreboard:", "Agree", _EVERYONE,
           "The points that both teams agreed, what each would give, and the version that waits."),
    Screen("pages/definitions/promises.py", "Promises", ":material/handshake:", "Agree", _EVERYONE,
           "What the teams promised each other, whether they keep it, and what is due."),
    Screen("pages/definitions/reality.py", "Reality check", ":material/balance:", "Check", _EVERYONE,
           "Whether leads still fit the signed rule, and the objections that wait for their day."),
    Screen("pages/leads/leads.py", "Leads", ":material/filter_alt:", "Check", _EVERYONE,
           "The leads that wait for sales, what was decided, and what is wrong with the data."),
    Screen("pages/leads/feedback.py", "Feedback", ":material/forum:", "Check", _EVERYONE,
           "What sales says of the leads: accepted or why not, what worked, objections, content."),
    Screen("pages/leads/metrics.py", "Metrics", ":material/monitoring:", "Check", _EVERYONE,
           "What was delivered, what became of it and how fast: both teams' dashboard."),
    Screen("pages/cycle/goals.py", "Goals", ":material/flag:", "Check", _EVERYONE,
           "What both teams want to reach together, and how it goes."),
    Screen("pages/cycle/cycle.py", "Cycle", ":material/cycle:", "Check", _EVERYONE,
           "The phase that the cycle is in, and what is missing before the next."),
    Screen("pages/cycle/recap.py", "Recap", ":material/fact_check:", "Check", _EVERYONE,
           "Before against after: improved, no detectable change, worse, or too early."),
    Screen("pages/leads/bring_in.py", "Bring in leads", ":material/upload_file:", "Manage", _LEADING,
           "Lead data from a file: matched, checked, and only then kept."),
    Screen("pages/people/people.py", "People", ":material/group:", "Manage", _ADMIN,
           "Invite people, change their team or role, and end their access."),
    Screen("pages/admin/hours.py", "Business hours", ":material/schedule:", "Manage", _ADMIN,
           "When people work here: shifts, holidays, closed days, and from which day on."),
    Screen("pages/admin/api_access.py", "API access", ":material/api:", "Manage", _ADMIN,
           "Which programs send leads and events, and whether what they send arrives."),
    Screen("pages/admin/sources.py", "Sources", ":material/cloud_sync:", "Manage", _ADMIN,
           "The systems that leads are pulled from, their last pull and the next."),
    Screen("pages/admin/settings.py", "Settings", ":material/settings:", "Manage", _ADMIN,
           "The company's name, how mail leaves the house, and when the last backup was made."),
    Screen("pages/people/account.py", "Account", ":material/person:", "Manage", _EVERYONE,
           "Your name and password, and signing out everywhere."),
)  # fmt: skip

FIRST_START = Screen("pages/setup/first_start.py", "Set up", ":material/rocket_launch:", "", frozenset(),
                     "Create the administrator, or explore with the sample company.")  # fmt: skip
WELCOME = Screen("pages/setup/welcome.py", "Welcome", ":material/waving_hand:", "", frozenset(),
                 "Choose a password and come in.")  # fmt: skip

ABOUT_LEADS = frozenset(
    screen.address
    for screen in SCREENS
    if screen.path.startswith(
        ("pages/leads/", "pages/definitions/", "pages/cycle/", "pages/workshop/", "pages/surveys/compar")
    )
)
"""The addresses of screens that look at leads before they show anything."""


def screens() -> tuple[Screen, ...]:
    """Every screen of the portal that there is."""
    return tuple(screen for screen in SCREENS if screen.file.exists())


def screens_for(role: Role) -> tuple[Screen, ...]:
    """The screens that a role finds in its navigation."""
    return tuple(screen for screen in screens() if role in screen.roles)


def page_path(address: str) -> str:
    """The path of the page with this address, for links. Raises KeyError for one that there is not."""
    return _at(address).path


def page_title(address: str) -> str:
    """What the page with this address is called. Raises KeyError for one that there is not."""
    return _at(address).title


def _at(address: str) -> Screen:
    for screen in SCREENS:
        if screen.address == address:
            return screen
    raise KeyError(address)
