"""The account as a run sees it: one Region, its instances, images, launch settings and commands."""

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workflows.aws.calls import Calls, Heard, Observed
from workflows.aws.changes import Changes
from workflows.aws.commands import Commands
from workflows.aws.copies import Copies
from workflows.aws.images import Images
from workflows.aws.instances import Instances
from workflows.aws.keys import Keys
from workflows.aws.limits import UNLIMITED, Limits, Whose
from workflows.aws.networks import Networks
from workflows.aws.permissions import Permissions
from workflows.aws.removals import Removals
from workflows.aws.shared import Shared, Shelf
from workflows.aws.targets import TargetGroups
from workflows.aws.templates import Templates
from workflows.aws.volumes import Volumes
from workflows.errors import RunFailed

if TYPE_CHECKING:
    from workflows.aws.clients import Clients


@dataclass(frozen=True)
class Aws:
    """Everything of one account and Region, a member per subject."""

    account: str
    region: str
    installation: str
    instances: Instances
    images: Images
    templates: Templates
    commands: Commands
    networks: Networks
    copies: Copies
    volumes: Volumes
    keys: Keys
    changes: Changes
    removals: Removals
    permissions: Permissions
    targets: TargetGroups


class Home:
    """The Regions that an installation works in. `clients` are its own unless given; on the `shelf` lie the looks that
    all who wait share."""

    def __init__(
        self,
        installation: str,
        endpoint: str | None = None,
        heard: Heard | None = None,
        clients: "Clients | None" = None,
        observed: Observed | None = None,
        shelf: Shelf | None = None,
        limits: Limits = UNLIMITED,
    ) -> None:
        self._installation = installation
        self._endpoint = endpoint
        self._heard = heard
        self._clients = clients
        self._observed = observed
        self._shelf = shelf
        self._limits = limits
        self._lock = threading.Lock()
        self._regions: dict[str, Aws] = {}

    def of(self, account: str, region: str, whose: Whose | None = None) -> Aws:
        """The Region, for one run, if it is still the account that the run was asked for. Raises RunFailed."""
        found = self.region(region)
        if found.account != account:
            raise RunFailed(
                f"This worker's credentials are of account {found.account}, and the run is about {account}.",
                "Give the worker its own account's credentials back, then `/dr retry`.",
            )
        return self._made(account, region, whose) if whose else found

    def out_of_line(self, account: str, region: str, whose: Whose) -> None:
        """A run that goes no further holds up nobody who stands behind it. Asks AWS for nothing."""
        self._limited(account, region, whose).leave()

    def region(self, name: str) -> Aws:
        """For nobody in particular. Asks AWS for the account's id the first time: without a lock, since a Region that
        does not answer would hold up whoever needs another."""
        with self._lock:
            if name in self._regions:
                return self._regions[name]
            calls = Calls(name, self._endpoint, self._heard, self._clients, self._observed)
            self._clients = calls.clients
        account = str(calls("sts", "get_caller_identity")["Account"])
        with self._lock:
            return self._regions.setdefault(name, self._made(account, name, None))

    def _made(self, account: str, region: str, whose: Whose | None) -> Aws:
        limits = self._limited(account, region, whose)
        calls = Calls(region, self._endpoint, self._heard, self._clients, self._observed, limits)
        shared = Shared(self._shelf, limits.place)
        instances, images = Instances(calls, shared), Images(calls, self._installation, shared)
        templates = Templates(calls, self._installation)
        return Aws(
            account=account,
            region=region,
            installation=self._installation,
            instances=instances,
            images=images,
            templates=templates,
            commands=Commands(calls, shared),
            networks=Networks(calls, self._installation),
            copies=Copies(calls, instances, self._installation),
            volumes=Volumes(calls),
            keys=Keys(calls),
            changes=Changes(calls),
            removals=Removals(calls, images, templates, self._installation),
            permissions=Permissions(calls),
            targets=TargetGroups(calls),
        )

    def _limited(self, account: str, region: str, whose: Whose | None) -> Limits:
        return replace(self._limits, place=f"{account}:{region}", whose=whose)
