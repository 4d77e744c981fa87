"""Absolute paths as people write them into a profile: checked, and in their shortest form."""

import re

LONGEST_PATH = 4096
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def checked(path: str) -> str:
    """The shortest form of an absolute path. ValueError says what is wrong with it.

    `{{` is refused because SSM replaces `{{ssm:name}}` in a command by the parameter of that name.
    """
    problem = _problem(path)
    if problem:
        shown = path.encode("unicode_escape").decode()
        raise ValueError(f"The path {shown[:200] or '(empty)'} {problem}")
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def _problem(path: str) -> str:
    if not path.startswith("/"):
        return "is not absolute: it must begin with /, for example /srv."
    if _CONTROL.search(path):
        return "holds a line break or another control character."
    if ".." in path.split("/"):
        return "leads upwards with `..`: name the real path."
    if "{{" in path:
        return "holds `{{`, which SSM would replace."
    return _too_long_or_not_text(path)


def _too_long_or_not_text(path: str) -> str:
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "is not valid UTF-8."
    return f"has {size} bytes, more than {LONGEST_PATH}." if size > LONGEST_PATH else ""


_DRIVE = re.compile(r"[A-Za-z]:\\")
_NO_NAME = re.compile(r'[<>:"|?*]|[ .]$')
LONGEST_ON_WINDOWS = 240
"""Characters: Windows PowerShell opens no path of 260 or more, and what lies below must be named too."""


def checked_on_windows(path: str) -> str:
    """The shortest form of an absolute path on a drive, with `\\\\`. ValueError says what is wrong with it."""
    whole = path.replace("/", "\\")
    parts = [part for part in whole[3:].split("\\") if part not in ("", ".")]
    problem = "" if _DRIVE.match(whole) else r"is not absolute: it must begin with a drive, for example C:\inetpub."
    problem = problem or _problem("/" + whole.replace("\\", "/"))
    if not problem and any(_NO_NAME.search(part) for part in parts):
        problem = "holds a name that Windows does not allow."
    if not problem and len(whole) > LONGEST_ON_WINDOWS:
        problem = f"has more than {LONGEST_ON_WINDOWS} characters."
    if problem:
        shown = path.encode("unicode_escape").decode()
        raise ValueError(f"The path {shown[:200] or '(empty)'} {problem}")
    return whole[:3].upper() + "\\".join(parts)
