"""The kind `service`: a unit of systemd runs, and will run again after the next start."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from workflows.facts.check import Check, Kind


class Service(Kind):
    """`unit` as systemctl knows it. With `enabled = false` it is left open who starts it."""

    NAME: ClassVar[str] = "service"
    SH: ClassVar[str] = r"""
# $1 the unit, $2 enabled or any
service_measure() {
  if ! command -v systemctl >/dev/null; then
    cannot 'systemctl is not on this machine, and services are measured by systemd alone'
  fi
  systemctl show --property=LoadState --property=ActiveState --property=UnitFileState -- "$1" >"$work/unit" || :
  active=$(sed -n 's/^ActiveState=//p' "$work/unit")
  enabled=$(sed -n 's/^UnitFileState=//p' "$work/unit")
  if [ -z "$active" ]; then cannot 'systemctl does not answer: is this machine run by systemd?'; fi
  if grep -Fqx LoadState=not-found "$work/unit"; then unfit 'there is no such unit'; fi
  if [ "$active" != active ]; then unfit "it is $active; start it"; fi
  row active "$active"
  if [ "$2" = any ]; then return; fi
  case $enabled in
    enabled | static | indirect | generated | alias) ;;
    *) unfit "it runs, but is ${enabled:-not enabled} and would not start on a restored machine; systemctl enable it" ;;
  esac
  row enabled "${enabled:-no}"
}
"""

    PS: ClassVar[str] = r"""
# $Words: the service, enabled or any
function Check-Service([string[]]$Words) {
  $service = Get-Service -Name $Words[0] -ErrorAction SilentlyContinue
  if ($null -eq $service) {
    Unfit 'there is no such service'
    Row 'active' 'not there'
    return
  }
  $active = "$($service.Status)".ToLowerInvariant()
  $enabled = "$($service.StartType)".ToLowerInvariant()
  if ($active -cne 'running') { Unfit "it is $active; start it" }
  Row 'active' $active
  if ($Words[1] -ceq 'any') { return }
  if ($enabled -cne 'automatic') {
    Unfit "it runs, but starts by $enabled and would not start on a restored machine; make that automatic"
  }
  Row 'enabled' $enabled
}
"""

    unit: Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9:_.@$\\-]{0,79}$")]
    enabled: bool = True
    wait: Annotated[int, Field(ge=0, le=600)] = 120

    def check(self) -> Check:
        return Check(self.NAME, self.unit, "equal", self.wait, (self.unit, "enabled" if self.enabled else "any"))

    @classmethod
    def told(cls, found: Mapping[str, str], count: int) -> str:
        return ", ".join(found[each] for each in ("active", "enabled") if each in found)
