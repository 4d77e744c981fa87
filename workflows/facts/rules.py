"""How files are measured and judged: what may drift, what is only sampled, how much is too much, and what fails."""

import re
from dataclasses import dataclass

CAUSES = (
    "corrupt",
    "rewritten",
    "missing",
    "new",
    "type",
    "mode",
    "owner",
    "target",
    "unreadable",
    "drifted",
)
"""What can be said of a name that is not as it was. `docs/facts.md` tells each.

- corrupt: the content differs although nobody has written it since it was measured
- rewritten: the content was written after the image was taken, so the image's own cannot be judged any more
- drifted: any of the others, where its times show that it happened between the measurement and the image, or where
  the profile says that the path may drift
"""
ALWAYS_FAIL = ("corrupt", "unreadable")
"""No rule waves these through."""

LONGEST_SECONDS = 3300
"""Systems Manager ends the script after an hour; what is kept and answered takes some of it."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNITS = {"": 1, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]iB)?", re.IGNORECASE)
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]{1,2})?) ?%")


@dataclass(frozen=True)
class FileRules:
    """ValueError, in plain text, if one of them makes no sense.

    `may_drift`: absolute patterns, in which `*` stands for a part of one name and `**` for anything: `/var/log/**`.
    `sample`: of how many files in a hundred the content is read, 100 for all; at least 0.01. Names, sizes, modes,
    owners and times of all are compared all the same. `most_files`, `most_bytes`, `most_seconds`: of how much the
    content is read at most; where there is more, the backup is refused or, with a sample, the sample is made smaller
    and the verdict says so. `fails`: the `CAUSES` that make the verdict *different*.
    """

    may_drift: tuple[str, ...] = ()
    sample: float = 100.0
    most_files: int = 5_000_000
    most_bytes: int = 2 << 40
    most_seconds: int = 3000
    fails: tuple[str, ...] = CAUSES[:-1]

    def __post_init__(self) -> None:
        object.__setattr__(self, "may_drift", tuple(dict.fromkeys(self.may_drift)))
        for pattern in self.may_drift:
            _check_pattern(pattern)
        if not 0.01 <= self.sample <= 100:
            raise ValueError(f"A sample is between 0.01 % and 100 %, not {self.sample:g} %.")
        for name in ("most_files", "most_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1.")
        if not 1 <= self.most_seconds <= LONGEST_SECONDS:
            raise ValueError(f"most_seconds is between 1 and {LONGEST_SECONDS}: AWS ends the script after an hour.")
        self._check_fails()

    def _check_fails(self) -> None:
        for cause in self.fails:
            if cause not in CAUSES:
                raise ValueError(f"fails knows {', '.join(CAUSES)}, but not {cause[:60]!r}.")
        without = [cause for cause in ALWAYS_FAIL if cause not in self.fails]
        if without:
            raise ValueError(f"fails must name {' and '.join(without)}: that is never waved through.")
        object.__setattr__(self, "fails", tuple(cause for cause in CAUSES if cause in self.fails))

    def words(self) -> list[tuple[str, str]]:
        """What the script is told, word and text."""
        limits = [("files-most", f"{self.most_files} {self.most_bytes} {self.most_seconds}")]
        sample = [("files-sample", f"{self.sample:g}")] if self.sample < 100 else []
        return [
            ("files-fail", " ".join(self.fails)),
            *limits,
            *sample,
            *(("files-drift", pattern) for pattern in self.may_drift),
        ]


USUAL = FileRules()


def percent(text: str | float) -> float:
    """`"10 %"`, or a number of percent. ValueError."""
    if isinstance(text, str):
        found = _PERCENT.fullmatch(text.strip())
        if found is None:
            raise ValueError(f'sample is written like "10 %", not like {text[:60]!r}.')
        return float(found[1])
    return float(text)


def size_in_bytes(text: str | int) -> int:
    """`"200 GiB"`, or a number of bytes. ValueError."""
    if isinstance(text, int):
        return text
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'most_bytes is written like "200 GiB" or as a number of bytes, not like {text[:60]!r}.')
    return int(float(found[1]) * _UNITS[(found[2] or "").upper()])


def _check_pattern(pattern: str) -> None:
    shown = pattern.encode("unicode_escape").decode()[:200]
    if not re.match(r"/|[A-Za-z]:\\", pattern):
        raise ValueError(f"The pattern {shown or '(empty)'} must begin with /, for example /var/log/**.")
    if _CONTROL.search(pattern) or "{{" in pattern or "//" in pattern or len(pattern.encode()) > 1000:
        raise ValueError(f"The pattern {shown} holds what no name may hold here: a control character, // or {{{{.")
    if not re.sub(r"^[A-Za-z]:", "", pattern).replace("*", "").strip("/\\"):
        raise ValueError(f"The pattern {shown} fits everything: then nothing would be proven.")
