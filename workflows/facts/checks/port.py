"""The kind `port`: something listens, and whether others can reach it."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from workflows.facts.check import Check, Kind


class Port(Kind):
    """`port` is its number, `protocol` is `tcp` or `udp`."""

    NAME: ClassVar[str] = "port"
    SH: ClassVar[str] = r"""
# $1 the port, $2 tcp or udp. In the kernel's tables: state 0A listens, 07 is an open UDP socket; 7F begins loopback.
port_measure() {
  hex=$(printf '%04X' "$1")
  if [ "$2" = tcp ]; then state=0A; else state=07; fi
  if [ ! -r "./proc/net/$2" ]; then cannot "the kernel's table /proc/net/$2 cannot be read"; fi
  cat "./proc/net/$2" >"$work/sockets"
  if [ -r "./proc/net/${2}6" ]; then cat "./proc/net/${2}6" >>"$work/sockets"; fi
  where=$(awk -v port="$hex" -v state="$state" '
    split($2, at, ":") == 2 && at[2] == port && $4 == state {
      if (at[1] ~ /^0+$/) all = 1
      else if (at[1] ~ /^(0000000000000000FFFF0000)?......7F$/ || at[1] ~ /^0+01000000$/) loopback = 1
      else one = 1
    }
    END { print all ? "all addresses" : one ? "one address" : loopback ? "loopback only" : "nothing" }' \
    "$work/sockets")
  if [ "$where" = nothing ]; then unfit "nothing listens on $2 port $1"; fi
  row listens "$where"
}
"""

    PS: ClassVar[str] = r"""
# $Words: the port, tcp or udp
function Check-Port([string[]]$Words) {
  $number = [int]$Words[0]
  if ($Words[1] -ceq 'tcp') {
    $found = @(Get-NetTCPConnection -State Listen -LocalPort $number -ErrorAction SilentlyContinue)
  } else {
    $found = @(Get-NetUDPEndpoint -LocalPort $number -ErrorAction SilentlyContinue)
  }
  $where = 'nothing'
  foreach ($each in $found) {
    $address = "$($each.LocalAddress)"
    if ($address -ceq '0.0.0.0' -or $address -ceq '::') { $where = 'all addresses' }
    elseif ($where -ceq 'all addresses') { continue }
    elseif (-not ($address -ceq '::1' -or $address.StartsWith('127.'))) { $where = 'one address' }
    elseif ($where -ceq 'nothing') { $where = 'loopback only' }
  }
  if ($where -ceq 'nothing') { Unfit "nothing listens on $($Words[1]) port $number" }
  Row 'listens' $where
}
"""

    port: Annotated[int, Field(ge=1, le=65535)]
    protocol: Literal["tcp", "udp"] = "tcp"
    wait: Annotated[int, Field(ge=0, le=600)] = 120

    def check(self) -> Check:
        name = str(self.port) if self.protocol == "tcp" else f"{self.port}/udp"
        return Check(self.NAME, name, "equal", self.wait, (str(self.port), self.protocol))

    @classmethod
    def told(cls, found: Mapping[str, str], count: int) -> str:
        where = found.get("listens", "nothing")
        return "closed" if where == "nothing" else f"open on {where}"
