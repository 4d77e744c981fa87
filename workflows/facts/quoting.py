"""Words of data for the shells: quoted in one way only, and read back only from that way."""

import re

_QUOTED = re.compile(r"'(?:[^']|'\\'')*'")
_PS_PIECE = r"'(?:[ !#-&(-~\"]|'')*'"
_PS_QUOTED = re.compile(rf"{_PS_PIECE}|\({_PS_PIECE}(?:\+(?:{_PS_PIECE}|\[char\]0x[0-9a-f]{{4}}))+\)")


def quoted(word: str) -> str:
    """`word` as one word of `sh` in which nothing is evaluated."""
    return "'" + word.replace("'", "'\\''") + "'"


def unquoted(text: str) -> str:
    """The word that `quoted` made `text` of. ValueError if it did not."""
    if not _QUOTED.fullmatch(text):
        raise ValueError("not one quoted word")
    return text[1:-1].replace("'\\''", "'")


def ps_quoted(word: str) -> str:
    """`word` as one value of PowerShell in which nothing is evaluated, in plain ASCII.

    PowerShell ends a string at four other signs too (U+2018 to U+201B), and reads a script without a byte order mark in
    the server's own code page. So whatever is not printable ASCII stands outside the quotes, by its number in UTF-16;
    and `{{`, which SSM would replace, is parted.
    """
    pieces = [""]
    numbers: list[str] = []
    for unit in _units(word):
        if not " " <= unit <= "~":
            numbers.append(f"[char]0x{ord(unit):04x}")
            pieces.append("")
        elif unit == "{" and pieces[-1].endswith("{"):
            numbers.append("")
            pieces.append(unit)
        else:
            pieces[-1] += "''" if unit == "'" else unit
    shown = [f"'{pieces[0]}'"]
    for number, piece in zip(numbers, pieces[1:], strict=True):
        shown += [number] if number else []
        shown += [f"'{piece}'"] if piece else []
    return shown[0] if len(shown) == 1 else f"({'+'.join(shown)})"


def ps_unquoted(text: str) -> str:
    """The word that `ps_quoted` made `text` of. ValueError if it did not."""
    if not _PS_QUOTED.fullmatch(text):
        raise ValueError("not one quoted value")
    pieces = re.findall(rf"{_PS_PIECE}|\[char\]0x[0-9a-f]{{4}}", text)
    units = [chr(int(each[8:], 16)) if each[0] == "[" else each[1:-1].replace("''", "'") for each in pieces]
    word = "".join(units).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    if ps_quoted(word) != text:
        raise ValueError("not quoted in this way")
    return word


def _units(word: str) -> list[str]:
    raw = word.encode("utf-16-le")
    return [chr(int.from_bytes(raw[at : at + 2], "little")) for at in range(0, len(raw), 2)]
