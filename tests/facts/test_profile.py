import pytest

from workflows.facts.profile import DEFAULT_PROFILE, Profile


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "(empty) is not absolute"),
        ("srv", "not absolute"),
        ("~/x", "not absolute"),
        ("/srv/../etc", "leads upwards"),
        ("/..", "leads upwards"),
        ("/a\nb", "line break or another control character"),
        ("/a\0b", "control character"),
        ("/a\x1bb", "control character"),
        ("/a\x85b", "control character"),
        ("/{{ssm:password}}", "SSM would replace"),
        ("/" + "é" * 2048, "has 4097 bytes, more than 4096"),
        ("/\udcff", "not valid UTF-8"),
        ("/var/lib/firedrill", "belongs to the measuring itself"),
        ("/var/lib/firedrill/D-0001-7f3a9c2e", "belongs to the measuring itself"),
    ],
)
def test_a_path_that_cannot_be_measured_is_refused_with_the_reason(path: str, why: str) -> None:
    for paths, optional in (((path,), ()), ((), (path,))):
        with pytest.raises(ValueError) as failure:  # noqa: PT011
            Profile("x", paths, optional)
        assert why in str(failure.value)
        assert str(failure.value).isprintable()


def test_a_profile_without_a_path_is_refused() -> None:
    with pytest.raises(ValueError, match="names no path to measure"):
        Profile("x", without=("/srv",))


def test_a_path_that_is_also_left_out_is_refused() -> None:
    with pytest.raises(ValueError, match=r"/srv/app is to be measured and, by /srv, to be left out"):
        Profile("x", paths=("/srv/app",), without=("/srv",))


def test_too_many_paths_are_refused() -> None:
    with pytest.raises(ValueError, match="name their parents"):
        Profile("x", paths=tuple(f"/{number}" for number in range(201)))


def test_paths_are_kept_in_their_shortest_form_and_once() -> None:
    profile = Profile("x", ("//srv//www/./", "/srv/www", "/"), ("/srv/www/", "/home/"), ("/srv/www//log/",))
    assert profile.paths == ("/srv/www", "/")
    assert profile.optional == ("/home",)
    assert profile.without == ("/srv/www/log",)


def test_names_that_only_look_like_the_own_folder_may_be_measured() -> None:
    assert Profile("x", ("/var/lib", "/var/lib/firedrill2", "/srv/a..b/...")).measured


def test_the_default_profile_needs_no_path_to_exist() -> None:
    assert DEFAULT_PROFILE.paths == ()
    assert "/srv" in DEFAULT_PROFILE.optional
