"""A refusal names what was asked for; two of them are alike but for that."""

import re


def nameless(text: str, which: object) -> str:
    """An answer without the id that was asked for."""
    return re.sub(rf"(There is no [A-Za-z ]+?) (?:with the id )?{re.escape(str(which))}(?!\w)", r"\1", text)
