import subprocess
from pathlib import Path

import pytest

from tests.facts.server import Disk, asking, fact, tool
from workflows.facts.checks.service import Service

NGINX = asking(service=[{"unit": "nginx", "wait": 0}])


@pytest.fixture
def bin(tmp_path: Path) -> Path:
    return tmp_path / "bin"


def unit(bin: Path, active: str, enabled: str, load: str = "loaded") -> str:
    """A systemctl that knows one unit."""
    said = f"LoadState={load}\nActiveState={active}\nUnitFileState={enabled}\n"
    return tool(bin, "systemctl", f"[ \"$1 $5 $6\" = 'show -- nginx' ] && printf '%s' '{said}'")


@pytest.mark.parametrize("enabled", ["enabled", "static", "indirect", "generated", "alias"])
def test_a_service_that_runs_and_will_start_again_is_the_same(disk: Disk, bin: Path, enabled: str) -> None:
    path = unit(bin, "active", enabled)
    evidence = disk.evidence(disk.record(NGINX, path=path), path=path)
    assert evidence.verdict == "same"
    assert fact(evidence, "service nginx").after == f"active, {enabled}"


@pytest.mark.parametrize(
    ("active", "enabled", "after"),
    [
        ("inactive", "enabled", "inactive, enabled"),
        ("failed", "enabled", "failed, enabled"),
        ("active", "disabled", "active, disabled"),
        ("active", "", "active, no"),
    ],
)
def test_a_service_that_came_back_otherwise_is_told(
    disk: Disk, bin: Path, active: str, enabled: str, after: str
) -> None:
    recorded = disk.record(NGINX, path=unit(bin, "active", "enabled"))
    evidence = disk.evidence(recorded, path=unit(bin, active, enabled))
    assert evidence.verdict == "different"
    assert evidence.sentence() == f"Different: service nginx is {after} and was active, enabled."


@pytest.mark.parametrize(
    ("active", "enabled", "load", "why"),
    [
        ("inactive", "enabled", "loaded", "it is inactive; start it"),
        ("activating", "enabled", "loaded", "it is activating"),
        ("active", "disabled", "loaded", "it runs, but is disabled and would not start on a restored machine"),
        ("active", "enabled-runtime", "loaded", "is enabled-runtime and would not start"),
        ("active", "", "loaded", "is not enabled and would not start"),
        ("inactive", "", "not-found", "there is no such unit"),
    ],
)
def test_a_service_in_no_state_to_back_up_stops_the_record(
    disk: Disk, bin: Path, active: str, enabled: str, load: str, why: str
) -> None:
    said = disk.refused(NGINX, path=unit(bin, active, enabled, load))
    assert said.startswith("The fact *service nginx* could not be measured: ")
    assert why in said


def test_who_starts_a_service_may_be_left_open(disk: Disk, bin: Path) -> None:
    path = unit(bin, "active", "disabled")
    recorded = disk.record(asking(service=[{"unit": "nginx", "enabled": False}]), path=path)
    assert fact(disk.evidence(recorded, path=path), "service nginx").after == "active"


def test_a_service_that_takes_its_time_to_start_is_waited_for(disk: Disk, bin: Path) -> None:
    recorded = disk.record(asking(service=[{"unit": "nginx", "wait": 60}]), path=unit(bin, "active", "enabled"))
    path = unit(bin, "activating", "enabled")
    tool(bin, "sleep", f"sed -i s/activating/active/ {bin}/systemctl")
    assert disk.evidence(recorded, path=path).verdict == "same"


def test_a_machine_without_a_systemd_that_answers_is_told(disk: Disk, bin: Path) -> None:
    path = tool(bin, "systemctl", "echo 'System has not been booted with systemd' >&2\nexit 1")
    assert "systemctl does not answer: is this machine run by systemd?" in disk.refused(NGINX, path=path)
    recorded = disk.record(NGINX, path=unit(bin, "active", "enabled"))
    tool(bin, "systemctl", "exit 1")
    result = fact(disk.evidence(recorded, path=path), "service nginx")
    assert (result.same, result.after) == (
        False,
        "not measured again: systemctl does not answer: is this machine run by systemd?",
    )


def test_a_machine_without_systemctl_is_told_in_plain_words() -> None:
    script = f'cannot() {{ echo "$1"; exit 1; }}\n{Service.SH}\nPATH=/nowhere\nservice_measure nginx enabled'
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == "systemctl is not on this machine, and services are measured by systemd alone\n"
