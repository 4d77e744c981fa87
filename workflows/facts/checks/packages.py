"""The kind `packages`: the versions of what is installed, by dpkg or rpm."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from workflows.facts.check import Check, Kind

_Package = Annotated[str, Field(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9+._:-]{0,79})$")]


class Packages(Kind):
    """`names` are those of packages, or `["*"]` for all that are installed."""

    NAME: ClassVar[str] = "packages"
    SH: ClassVar[str] = r"""
# $@ the names, or * alone for all. Where both dpkg and rpm are installed, the one that has a database counts.
packages_measure() {
  if command -v dpkg-query >/dev/null && [ -e ./var/lib/dpkg/status ]; then
    dpkg-query --admindir=./var/lib/dpkg -W -f '${db:Status-Status}\t${binary:Package}\t${Version}\n' >"$work/dpkg"
    sed -n 's/^installed\t//p' "$work/dpkg" >"$work/installed"
  elif command -v rpm >/dev/null; then
    rpm ${here:+--root "$here"} -qa --qf '%{NAME}\t%{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n' >"$work/installed"
  else
    cannot 'neither dpkg nor rpm is on this machine, so the versions of packages cannot be asked for'
  fi
  if [ ! -s "$work/installed" ]; then cannot 'the package manager knows of no package'; fi
  # Several versions of one package (kernels) are one row; dpkg adds the architecture where there may be several.
  sort "$work/installed" | awk -F "$tab" -v OFS="$tab" '
    { if ($1 in version) version[$1] = version[$1] ", " $2; else version[$1] = $2 }
    END { for (name in version) print name, version[name] }' >"$work/versions"
  if [ "$1" = '*' ]; then
    cat "$work/versions"
    return
  fi
  for name in "$@"; do
    found=$(awk -F "$tab" -v OFS="$tab" -v name="$name" '$1 == name || index($1, name ":") == 1' "$work/versions")
    if [ -n "$found" ]; then printf '%s\n' "$found"; else unfit "$name is not installed"; fi
    # An empty answer on a comparison: its row is missing.
  done
}
"""
    INSTEAD: ClassVar[str] = (
        "there is no one list of what is installed there; let a command print the versions that matter"
    )
    EACH: ClassVar[bool] = True

    names: Annotated[tuple[_Package, ...], Field(min_length=1, max_length=50)]

    def check(self) -> Check:
        """`*` beside names says nothing more than `*`."""
        words = ("*",) if "*" in self.names else tuple(dict.fromkeys(self.names))
        shown = "all" if words == ("*",) else ", ".join(words)
        name = shown if len(shown) <= 40 else f"{words[0]} and {len(words) - 1} more"
        return Check(self.NAME, name, "equal", self.wait, words)

    @classmethod
    def told(cls, found: Mapping[str, str], count: int) -> str:
        if count <= 3 and len(found) == count:
            return ", ".join(f"{name} {version}" for name, version in sorted(found.items())) or "none"
        return f"{count:,} packages"
