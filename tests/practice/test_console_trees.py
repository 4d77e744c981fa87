"""The disks of the lab, opened from the page: in place, and never outside the instance's own tree."""

from pathlib import Path

import pytest

from practice.console.trees import LARGEST, CannotOpen, listing, read, write


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A disk with a secret beside it, and links that lead there."""
    tree = tmp_path / "tree"
    (tree / "srv").mkdir(parents=True)
    (tree / "srv/app.conf").write_bytes(b"port = 1\r\n")
    (tree / "srv/app.conf").chmod(0o640)
    (tree / "srv/picture").write_bytes(b"\x89PNG\0")
    (tmp_path / "secret").write_text("secret")
    (tree / "out").symlink_to(tmp_path)
    (tree / "srv/file").symlink_to(tmp_path / "secret")
    return tree


def test_a_file_is_written_in_place_and_keeps_its_mode_and_its_line_ends(tree: Path) -> None:
    before = read(tree, "/srv/app.conf")
    assert (before.text, before.mode) == ("port = 1\r\n", 0o640)
    after = write(tree, "/srv/app.conf", "port = 2\r\nü\r\n", before.digest)
    assert (tree / "srv/app.conf").read_bytes() == "port = 2\r\nü\r\n".encode()
    assert read(tree, "/srv/app.conf") == after
    assert after.mode == 0o640
    with pytest.raises(CannotOpen, match="changed meanwhile"):
        write(tree, "/srv/app.conf", "port = 3\n", before.digest)


@pytest.mark.parametrize("path", ["/../secret", "srv/../../secret", "/out/secret", "/srv/file", "/srv/\0", "/srv", ""])
def test_nothing_outside_the_tree_is_read_or_written_and_no_link_is_followed(tree: Path, path: str) -> None:
    with pytest.raises(CannotOpen):
        read(tree, path)
    with pytest.raises(CannotOpen):
        write(tree, path, "mine", "")
    assert (tree.parent / "secret").read_text() == "secret"


def test_directories_are_listed_links_are_shown_and_not_followed(tree: Path) -> None:
    assert [(each["name"], each["kind"]) for each in listing(tree, "/")] == [("out", "link"), ("srv", "directory")]
    assert [each["kind"] for each in listing(tree, "/srv")] == ["file", "link", "file"]
    for path in ("/out", "/..", "/srv/app.conf", "/none"):
        with pytest.raises(CannotOpen):
            listing(tree, path)


def test_what_is_no_text_or_too_long_is_not_opened(tree: Path) -> None:
    (tree / "long").write_bytes(b"x" * (LARGEST + 1))
    for path in ("/srv/picture", "/long"):
        with pytest.raises(CannotOpen):
            read(tree, path)
    with pytest.raises(CannotOpen, match="at most"):
        write(tree, "/srv/app.conf", "x" * (LARGEST + 1), read(tree, "/srv/app.conf").digest)
