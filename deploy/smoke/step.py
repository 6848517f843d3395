"""The result of one step of the smoke test."""


class Failed(Exception):
    """A step that failed: what was seen, and what to do."""

    def __init__(self, seen, advice):
        super().__init__(seen)
        self.advice = advice


class Skipped(Exception):
    """A step that this deployment does not have, with the reason."""


def run(steps, say):
    """Runs all steps, also after a failure, since each looks at another part. Returns the number of failures."""
    failures = 0
    for name, step in steps:
        try:
            say(f"ok       {name}: {step()}")
        except Skipped as reason:
            say(f"skipped  {name}: {reason}")
        except Failed as failure:
            failures += 1
            say(f"FAILED   {name}: {failure}")
            say(f"         What to do: {failure.advice}")
    return failures
