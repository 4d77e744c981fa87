"""What somebody typed behind `/dr`, as words. Slack and phones change dashes, quotation marks, `&` and links. Pure."""

import html
import re
import shlex

from workflows.errors import UserError

#: What Slack makes of links, people and channels for an app installed with `should_escape: true`: an address or an id,
#: and mostly what was typed.
_LINK = re.compile(r"<(?:((?:https?|mailto):[^<>|]+)|([@#!])[^<>|]+)(?:\|([^<>]+))?>")
#: What Slack and phones make of `--`, of `"` and of `'`. An apostrophe inside a word stays what it is.
_DASHES = re.compile("(?<!\\S)[\u2012-\u2015](?=\\w)")
_DOUBLE = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'))
_SINGLE = re.compile("(?<!\\S)[\u2018']([^\u2018\u2019']*)[\u2019'](?!\\S)")
_APOSTROPHE = re.compile("(?<=\\w)['\u2019](?=\\w)")
#: Stands for each of them while the others are read as quotation marks. Nobody types these: they are nobody's letters.
_HIDDEN = str.maketrans({"'": "\ue000", "\u2019": "\ue001"})
_SHOWN = str.maketrans({"\ue000": "'", "\ue001": "\u2019"})
#: Verbs that end in what somebody wants to say, and how many words come before that. It is taken as it was typed: in an
#: emergency nobody thinks of how a shell reads an apostrophe or a dash.
SAYS = {"halt": 1, "reject": 2}


def split(text: str) -> list[str]:
    """Words as a shell splits them; what is said in free text is the last of them. Raises UserError."""
    plain = html.unescape(_LINK.sub(_unwrapped, text)).strip()
    words = plain.split()
    before = SAYS.get(words[0], 0) if words else 0
    if before and len(words) > before:
        return [*words[:before], _said(" ".join(words[before:]))]
    return _split(plain)


def _unwrapped(found: re.Match[str]) -> str:
    """What was typed; of somebody without a label nothing but the id is known."""
    whole, (address, sign, label) = found[0], found.groups()
    if address:
        return str(label or address)
    return f"{sign.replace('!', '@')}{label.lstrip('@#')}" if label else whole


def _said(text: str) -> str:
    """Without the quotation marks around the whole of it, and `--help` as it is meant."""
    marked = text.translate(_DOUBLE)
    if len(marked) > 1 and marked[0] == marked[-1] == '"' and marked.count('"') == 2:
        return text[1:-1].strip()
    if found := _SINGLE.fullmatch(_APOSTROPHE.sub(_hidden, text)):
        return found[1].translate(_SHOWN).strip()
    return "--help" if _DASHES.sub("--", text) == "--help" else text


def _split(plain: str) -> list[str]:
    plain = _DASHES.sub("--", plain).translate(_DOUBLE)
    plain = _SINGLE.sub(lambda found: shlex.quote(found[1]), _APOSTROPHE.sub(_hidden, plain))
    try:
        return [word.translate(_SHOWN) for word in shlex.split(plain)]
    except ValueError:
        raise UserError(
            "A quotation mark is opened and never closed, so nothing was done.",
            'Close it, as in `--reason "it is due"`, or leave it out.',
        ) from None


def _hidden(found: re.Match[str]) -> str:
    return found[0].translate(_HIDDEN)
