"""Waiting for a condition, always with a bound."""

import time

from .errors import WaitTimeout


def wait(predicate, timeout, what, every=0.1):
    """Call `predicate` until it returns something true, and return that.

    An exception of the predicate counts as "not yet" and is quoted when time runs out: during a restart of the API
    server every question fails for a while. A WaitTimeout inside a predicate is no exception to that rule.
    """
    deadline = time.monotonic() + timeout
    while True:
        reason = None
        try:
            value = predicate()
            if value:
                return value
        except Exception as error:  # pylint: disable=broad-except
            reason = error
        if time.monotonic() >= deadline:
            because = f" ({reason})" if reason else ""
            raise WaitTimeout(f"waited {timeout:g} s for {what}, in vain{because}")
        time.sleep(every)
