"""Who runs a process, by the kernel's word: LOGNAME and USER are anybody's."""

import os
import pwd


def login() -> str:
    """Of this process."""
    return login_of(os.getuid())


def login_of(uid: int) -> str:
    """A container's user may have no name; then it is called by its number, as in `uid-12345`."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"
