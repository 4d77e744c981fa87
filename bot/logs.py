"""Logs on standard error, a line an event; nothing that looks like a secret gets through."""

import logging

from workflows.masking import masked


class _Masked(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def configure(level: str = "INFO") -> None:
    """Our own messages from `level` up; the libraries' from WARNING up."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Masked("%(asctime)s %(levelname)-7s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("bot", "handlers", "workflows", "practice"):
        logging.getLogger(name).setLevel(level)
