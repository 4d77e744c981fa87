"""Logs on standard error, a line an event; nothing that looks like a secret gets through."""

import logging
import re

#: Slack's tokens, AWS's access keys, and passwords in addresses.
_SECRETS = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|(?:AKIA|ASIA)[A-Z0-9]{16}|(?<=://)[^/@\s]*:[^/@\s]*(?=@)")


class _Masked(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return _SECRETS.sub("«masked»", super().format(record))


def configure(level: str = "INFO") -> None:
    """Our own messages from `level` up; the libraries' from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Masked("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("bot", "handlers", "workflows", "practice"):
        logging.getLogger(name).setLevel(level)
