from pathlib import Path

import pytest

from tests.facts.server import Disk
from workflows.facts.evidence import Recorded


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A small server: three files, a link, an empty folder."""
    disk = Disk(tmp_path / "server")
    disk.write("/srv/app/config.toml", "port = 80\n")
    disk.write("/srv/app/data.bin", "0123456789")
    disk.write("/srv/index.html", "<h1>Orders</h1>\n")
    disk.path("/srv/current").symlink_to("app")
    disk.path("/srv/spool").mkdir()
    disk.path("/srv/spool").chmod(0o755)
    return disk


@pytest.fixture
def recorded(disk: Disk) -> Recorded:
    return disk.record()


@pytest.fixture
def restored(disk: Disk, recorded: Recorded, tmp_path: Path) -> Disk:
    return disk.restored(tmp_path / "restored")
