"""The practice world with only those processes that a benchmark measures, on an empty lab."""

import sys
from collections.abc import Sequence
from pathlib import Path

from practice.cloud import Delays
from practice.world import World
from workflows import inventory
from workflows.desk import Desk
from workflows.engine.board import Board
from workflows.engine.run import Actor
from workflows.inventory import Inventory, Sighting

OPERATOR, APPROVER = Actor("U0OPERATOR", "operator"), Actor("U0APPROVER", "approver")

_SETTINGS = """installation = "bench"
regions = ["us-east-1"]

[access]
operators = ["U0OPERATOR", "U0APPROVER"]
approvers = ["U0OPERATOR", "U0APPROVER", "U0APPROVER2"]

[slack]
channel = "C0DROPS"

[announcements]
digest = ""

"""


class Ground(World):
    """`runs` are the Procfile's lines to be started; `settings` is what stands in firedrill.toml beside the usual;
    `scripts` are those of a peer, which the lab may run too."""

    def __init__(
        self, folder: Path, runs: Sequence[str] = (), settings: str = "", delays: Delays | None = None,
        scripts: Sequence[str] = (),
    ) -> None:  # fmt: skip
        super().__init__(folder, delays, settings=lambda login, region: _SETTINGS + settings)
        self._runs = runs
        self._scripts = scripts

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.redis.start()
        self.lab.start()
        self.workspace.start()
        (self.folder / "firedrill.toml").write_text(self._settings("", self.lab.region), encoding="utf-8")
        for name in self._runs:
            self.start_process(name)
        if "bot" in self._runs:
            self.wait_reachable()

    def accepts(self, script: str) -> bool:
        return script in self._scripts or super().accepts(script)

    def seen(self, servers: int, **tags: str) -> None:
        """An inventory of so many servers, as a worker would leave it; they are not in the lab."""
        store = self.store()
        found = tuple(
            Sighting(f"node-{n:05d}", f"i-{n:017x}", "running", self.lab.region, store.clock.now() - 86400, tags)
            for n in range(servers)
        )
        taken = Inventory(store.clock.now(), "0" * 12, (self.lab.region,), found, ())
        Board(store.redis).put_inventory(inventory.to_json(taken))

    def desk(self) -> Desk:
        """As the bot and the shell have one; it waits for the worker's look at names that it does not know."""
        store = self.store()
        return Desk(store, Board(store.redis), store.clock, self.profiles().choose, patience=30)


def say(line: str) -> None:
    sys.stdout.write(f"  {line}\n")
    sys.stdout.flush()
