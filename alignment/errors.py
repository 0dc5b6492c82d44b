"""What can go wrong in a way that a person can mend. Each message says what is wrong, where, and what to change."""


class Refusal(Exception):
    """Base of every error a person is shown as a sentence; anything else is a fault with a reference number."""


class InvalidInput(Refusal):
    """What was typed or uploaded cannot be used."""


class NotPermitted(Refusal):
    """The person may not do this."""


class NotFound(Refusal):
    """The thing does not exist, or not for this person."""


class StaleVersion(Refusal):
    """Someone else changed the thing since it was opened."""


class WrongState(Refusal):
    """The thing is not in a state in which this can be done."""
