"""What looks like a secret, and how it is kept out of what is written: logs, reasons, the audit."""

import re

#: Slack's tokens, AWS's access keys, and passwords in addresses.
_SECRETS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|(?:AKIA|ASIA)[A-Z0-9]{16}|(?<=://)[^/@\s]*:[^/@\s]*(?=@)")


def masked(text: str) -> str:
    """The text with every secret that can be told by its look replaced."""
    return _SECRETS.sub("«masked»", text)
