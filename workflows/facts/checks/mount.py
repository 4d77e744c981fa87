"""The kind `mount`: a file system is mounted where it should be, of its type, with the options that matter."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from workflows.facts.check import Check, Kind


class Mount(Kind):
    """`path` is the mount point; on Windows a drive or a folder, and a backslash behind it.

    A disk has another name on another machine (`/dev/xvdf`, `/dev/nvme1n1`) and its UUID says nothing of what a
    restore must keep, so of a disk only its partition's number counts; any other source counts as it is written.
    """

    NAME: ClassVar[str] = "mount"
    SH: ClassVar[str] = r"""
# $1 the mount point. The kernel writes a blank as \040 and a backslash as \134; what is mounted last covers the rest.
mount_measure() {
  if [ ! -r ./proc/mounts ]; then cannot "the kernel's table /proc/mounts cannot be read"; fi
  POINT=$1 awk '
    function plain(device) {
      if (device ~ /^\/dev\/(sd|xvd|vd|hd)[a-z]+$/ || device ~ /^\/dev\/nvme[0-9]+n[0-9]+$/) return "a disk"
      if (device ~ /^\/dev\/((sd|xvd|vd|hd)[a-z]+|nvme[0-9]+n[0-9]+p)[0-9]+$/) {
        sub(/^.*[^0-9]/, "", device)
        return "partition " device " of a disk"
      }
      return device
    }
    {
      point = $2
      gsub(/\\040/, " ", point)
      gsub(/\\134/, "\\", point)
      if (point == ENVIRON["POINT"]) { device = $1; type = $3; options = "," $4 "," }
    }
    END {
      if (type == "") exit
      kept = options ~ /,ro,/ ? "ro" : "rw"
      for (n = split("noexec nosuid nodev", each, " "); n > 0; n--)
        if (index(options, "," each[n] ",")) kept = kept "," each[n]
      printf "device\t%s\ntype\t%s\noptions\t%s\n", plain(device), type, kept
    }' ./proc/mounts >"$work/mounted"
  if [ ! -s "$work/mounted" ]; then
    unfit 'nothing is mounted there'
    row type nothing
  fi
  cat "$work/mounted"
}
"""

    PS: ClassVar[str] = r"""
# $Words: the drive or folder, ending in a backslash
function Check-Mount([string[]]$Words) {
  $found = @(Get-CimInstance -ClassName Win32_Volume | Where-Object { $_.Name -ieq $Words[0] })
  if ($found.Length -eq 0) {
    Unfit 'nothing is mounted there'
    Row 'type' 'nothing'
    return
  }
  $kind = [int]$found[0].DriveType
  if ($kind -eq 3) { Row 'device' "a disk labelled '$($found[0].Label)'" } else { Row 'device' "a drive of type $kind" }
  Row 'type' "$($found[0].FileSystem)"
}
"""

    path: Annotated[str, Field(pattern=r"^(/([^/]+(/[^/]+)*)?|[A-Z]:\\([^\\/]+\\)*)$")]

    def check(self) -> Check:
        return Check(self.NAME, self.path, "equal", self.wait, (self.path,))

    @classmethod
    def told(cls, found: Mapping[str, str], count: int) -> str:
        if found.get("type", "nothing") == "nothing":
            return "not mounted"
        options = f", {found['options']}" if "options" in found else ""
        return f"{found['type']} from {found.get('device', '?')}{options}"
