"""What the clients share: every exchange is kept, and printed when something is not as it should be."""

import json
import sys
import traceback


class Exchanges:
    """The exchanges so far, each as a few lines."""

    def __init__(self):
        self.lines = []

    def note(self, method, url, sent, answer, pieces=None):
        body = pieces if pieces is not None else answer.text
        self.lines.append(f"> {method} {url}\n> {sent!r}")
        kind = answer.headers.get("content-type")
        self.lines.append(f"< {answer.status_code} {kind}\n< {body!r}"[:4_000])

    def walk(self, *steps):
        """Runs the steps; the last exchanges tell why one failed."""
        for step in steps:
            try:
                step()
            except Exception:
                traceback.print_exc()
                print(f"\nin {step.__name__}, after these exchanges:", file=sys.stderr)
                print("\n".join(self.lines[-6:]), file=sys.stderr)
                sys.exit(1)
        print(f"walked {len(steps)} steps")


def is_(got, expected, what=""):
    """An equality that says what it saw."""
    assert got == expected, f"{what}: got {got!r}, expected {expected!r}"


def has(got, *keys):
    """An object with at least these keys."""
    missing = [key for key in keys if key not in got]
    assert not missing, f"{missing} are missing in {got!r}"
    return got


def objects(pieces):
    """One network chunk is one JSON document: that is how these clients read."""
    return [json.loads(piece) for piece in pieces if piece]
