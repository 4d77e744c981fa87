"""Which changing calls a thread has made to AWS since it last asked: so that they reach the record of the step that
made them. One ledger is passed to the door to AWS and to the engine; a step runs in one thread."""

import threading

from workflows.engine.happened import Call


class Ledger:
    """Safe to share between threads: each sees its own calls only."""

    def __init__(self) -> None:
        self._own = threading.local()

    def note(self, call: str, request: str, outcome: str) -> None:
        """A call that changes something was answered, or was not: see happened.Call."""
        self._calls().append(Call(call, request, outcome))

    def take(self) -> tuple[Call, ...]:
        """This thread's calls since the last time, oldest first."""
        calls = self._calls()
        taken = tuple(calls)
        calls.clear()
        return taken

    def _calls(self) -> list[Call]:
        if not hasattr(self._own, "calls"):
            self._own.calls = []
        calls: list[Call] = self._own.calls
        return calls
