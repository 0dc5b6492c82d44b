"""The invented people of the sample company, and how they sign in."""

from dataclasses import dataclass

from alignment.people import Role, Team

DOMAIN = "sample.example"


@dataclass(frozen=True)
class Colleague:
    """One invented person: who they are, not yet how they sign in."""

    name: str
    team: Team | None
    role: Role

    @property
    def email(self) -> str:
        """The address they sign in with: the plain letters of the name, at a domain that cannot exist."""
        plain = self.name.lower().translate(_PLAIN)
        return f"{'.'.join(plain.split())}@{DOMAIN}"


_PLAIN = str.maketrans(
    {
        "ä": "ae",
        "ö": "oe",
        "ü": "ue",
        "ß": "ss",
        "ł": "l",
        "ń": "n",
        "é": "e",
        "è": "e",
        "í": "i",
        "ç": "c",
        "ş": "s",
        "ı": "i",
        "ø": "o",
        "å": "a",
        "'": "",
    }
)


def _team(team: Team, lead: str, *members: str) -> tuple[Colleague, ...]:
    return (
        Colleague(lead, team, Role.TEAM_LEAD),
        *(Colleague(name, team, Role.MEMBER) for name in members),
    )


SALES = _team(
    Team.SALES,
    "Marek Holub",
    "Aylin Demirsoy",
    "Tobias Renner",
    "Oluchi Nwabara",
    "Katrin Søndal",
    "Rafael Montejo",
    "Svenja Brackmann",
    "Dario Lucchesi",
    "Priya Ranganath",
    "Jonas Wikstrand",
    "Magda Zielonka",
)
MARKETING = _team(
    Team.MARKETING,
    "Helene Vasseur",
    "Emil Thorsgaard",
    "Noor Elmasri",
    "Lukas Pfeilmann",
    "Beatriz Carvalhal",
    "Finja Osterkamp",
    "Kwame Asantewa",
    "Ilse van Roden",
    "Matteo Serravalle",
    "Yuki Tanimori",
    "Clara Hohenried",
)
FACILITATOR = Colleague("Ruth Ambergren", None, Role.FACILITATOR)
ADMINISTRATOR = Colleague("Piet Lindqvist", None, Role.ADMIN)

STAFF = (*SALES, *MARKETING, FACILITATOR, ADMINISTRATOR)
SALES_LEAD = SALES[0]
MARKETING_LEAD = MARKETING[0]
