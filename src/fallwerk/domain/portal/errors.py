"""
What can stand in the way of somebody who wants to see stored data.

DomainError
├── WrongAnswer
├── TooManyAnswers
├── TooManyCodes
└── NoSuchFactor
"""

from fallwerk.domain.errors import DomainError


class WrongAnswer(DomainError):
    """The birth date or the code is not the right one; the attempt is counted."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left
        """Attempts that are left before the case is locked for a while."""


class TooManyAnswers(DomainError):
    """Too many wrong answers: none is judged until an instant, not even a right one."""

    def __init__(self, until_us: int) -> None:
        super().__init__(until_us)
        self.until_us = until_us


class TooManyCodes(DomainError):
    """No further code is sent until an instant."""

    def __init__(self, until_us: int) -> None:
        super().__init__(until_us)
        self.until_us = until_us


class NoSuchFactor(DomainError):
    """The case has nothing stored by which this way of confirming could work."""
