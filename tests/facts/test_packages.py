from pathlib import Path

import pytest

from tests.facts.server import Disk, asking, fact, told, tool

SOME = asking(packages=[{"names": ["openssl", "nginx"]}])
ALL = asking(packages=[{"names": ["*"]}])
BEFORE = {"openssl": "3.0.11-1", "nginx": "1.24.0-2", "libc6:amd64": "2.36-9", "bash": "5.2-1"}


@pytest.fixture
def bin(tmp_path: Path) -> Path:
    return tmp_path / "bin"


@pytest.fixture(autouse=True)
def of_debian(disk: Disk) -> None:
    disk.write("/var/lib/dpkg/status")


def dpkg(bin: Path, packages: dict[str, str]) -> str:
    lines = [f"installed\\t{name}\\t{version}\\n" for name, version in packages.items()]
    return tool(bin, "dpkg-query", f"printf '{''.join(lines)}config-files\\tcups\\t2.4-3\\n'")


def rpm(bin: Path, *lines: str) -> str:
    return tool(bin, "rpm", f"printf '{''.join(lines)}'")


def test_named_packages_of_the_same_versions_are_the_same_whatever_else_is_there(disk: Disk, bin: Path) -> None:
    recorded = disk.record(SOME, path=dpkg(bin, BEFORE))
    evidence = disk.evidence(recorded, path=dpkg(bin, BEFORE | {"bash": "5.3-1"}))
    assert evidence.verdict == "same"
    assert fact(evidence, "packages openssl, nginx").after == "nginx 1.24.0-2, openssl 3.0.11-1"


def test_a_name_finds_its_package_of_whatever_architecture(disk: Disk, bin: Path) -> None:
    path = dpkg(bin, BEFORE)
    evidence = disk.evidence(disk.record(asking(packages=[{"names": ["libc6"]}]), path=path), path=path)
    assert fact(evidence, "packages libc6").after == "libc6:amd64 2.36-9"


@pytest.mark.parametrize("profile", [SOME, ALL])
def test_another_version_and_a_package_that_is_gone_are_named(disk: Disk, bin: Path, profile: object) -> None:
    asked = SOME if profile is SOME else ALL
    recorded = disk.record(asked, path=dpkg(bin, BEFORE))
    left = {name: version for name, version in BEFORE.items() if name != "nginx"}
    evidence = disk.evidence(recorded, path=dpkg(bin, left | {"openssl": "3.0.12-1"}))
    assert evidence.verdict == "different"
    assert sorted(told(evidence)) == [
        ("changed", "openssl", "3.0.12-1 was 3.0.11-1"),
        ("missing", "nginx", "was 1.24.0-2"),
    ]


def test_with_all_packages_a_new_one_is_named_and_all_are_counted(disk: Disk, bin: Path) -> None:
    recorded = disk.record(ALL, path=dpkg(bin, BEFORE))
    assert [(each.fact, each.value) for each in recorded.checks] == [("packages all", "4 packages")]
    evidence = disk.evidence(recorded, path=dpkg(bin, BEFORE | {"netcat": "1.10-47"}))
    assert fact(evidence, "packages all").after == "5 packages"
    assert evidence.sentence() == "Different: packages all: netcat (new)."


def test_thousands_of_packages_that_all_differ_are_counted_and_some_named(disk: Disk, bin: Path) -> None:
    many = {f"package-with-a-long-name-{number:04}": "1:1.0" for number in range(3_000)}
    recorded = disk.record(ALL, path=dpkg(bin, many))
    result = fact(disk.evidence(recorded, path=dpkg(bin, dict.fromkeys(many, "2"))), "packages all")
    assert result.differences[0].path == "package-with-a-long-name-0000"
    assert len(result.differences) + result.more == 3_000


def test_a_package_that_is_not_installed_stops_the_record(disk: Disk, bin: Path) -> None:
    path = dpkg(bin, {"nginx-common": "1.24.0-2"})
    assert "could not be measured: openssl is not installed." in disk.refused(SOME, path=path)
    path = dpkg(bin, {"openssl": "3.0.11-1", "nginx-common": "1.24.0-2"})
    assert "could not be measured: nginx is not installed." in disk.refused(SOME, path=path)


def test_rpm_is_asked_where_there_is_no_dpkg(disk: Disk, bin: Path) -> None:
    disk.path("/var/lib/dpkg/status").unlink()
    kernels = "kernel\\t0:6.1.1-1.x86_64\\n", "kernel\\t0:6.1.2-1.x86_64\\n"
    path = rpm(bin, "openssl\\t1:3.0.8-1.x86_64\\n", *kernels)
    recorded = disk.record(ALL, path=path)
    assert recorded.checks[0].value == "kernel 0:6.1.1-1.x86_64, 0:6.1.2-1.x86_64, openssl 1:3.0.8-1.x86_64"
    assert disk.evidence(recorded, path=path).verdict == "same"
    evidence = disk.evidence(recorded, path=rpm(bin, "openssl\\t1:3.0.9-1.x86_64\\n", *kernels))
    assert evidence.sentence() == ("Different: packages all: openssl (1:3.0.9-1.x86_64 was 1:3.0.8-1.x86_64).")


def test_a_machine_with_neither_and_a_manager_that_fails_are_told(disk: Disk, bin: Path) -> None:
    path = tool(bin, "dpkg-query", "exit 2")
    assert "its measurement broke off (exit 2)" in disk.refused(ALL, path=path)
    path = tool(bin, "dpkg-query", "")
    assert "the package manager knows of no package" in disk.refused(ALL, path=path)
    disk.path("/var/lib/dpkg/status").unlink()
    assert "neither dpkg nor rpm is on this machine" in disk.refused(ALL, path=path)
