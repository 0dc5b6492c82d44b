"""How days are written in fields where people choose them: one way on every screen."""

DATE_FORMAT = "DD.MM.YYYY"
