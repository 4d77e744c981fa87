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
