"""What is common to the clients: a question, and sums in which not reported is not zero."""

QUESTION = "Why is the sky blue?"
MESSAGES = [{"role": "user", "content": QUESTION}]


def whole(*parts):
    """The sum of what is known; None if nothing is."""
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def part(usage, *names):
    """What is at the end of these names, as far as they lead."""
    for name in names:
        usage = usage.get(name) if isinstance(usage, dict) else getattr(usage, name, None)
    return usage


def first(*counts):
    """The first that is known: vendors have several names for one thing."""
    return next((count for count in counts if count is not None), None)
