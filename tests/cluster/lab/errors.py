"""What can go wrong, as told to the person who runs a test."""


class LabError(Exception):
    """The cluster cannot do what was asked; the message says what to do about it."""


class WaitTimeout(LabError):
    """A condition did not come true in time."""
