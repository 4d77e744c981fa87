"""Words of data for the shell: quoted in one way only, and read back only from that way."""

import re

_QUOTED = re.compile(r"'(?:[^']|'\\'')*'")


def quoted(word: str) -> str:
    """`word` as one word of `sh` in which nothing is evaluated."""
    return "'" + word.replace("'", "'\\''") + "'"


def unquoted(text: str) -> str:
    """The word that `quoted` made `text` of. ValueError if it did not."""
    if not _QUOTED.fullmatch(text):
        raise ValueError("not one quoted word")
    return text[1:-1].replace("'\\''", "'")
