"""The kind `command`: how a command of the profile's ends and what it prints."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from workflows.facts.check import Check, Kind, Row

_WITHIN = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(%?)")


class Command(Kind):
    """`run` goes to `sh` on the server. Its output must be equal, or a line of it match `matches`, or it is a number
    and stays `within` an amount (`5`) or a share (`"2 %"`) of what it was.

    What it prints stays on the server: a digest travels, or the number; with `show` its first 200 characters as well.
    """

    NAME: ClassVar[str] = "command"
    SH: ClassVar[str] = r"""
# $1 what runs, $2 seconds, $3 the right exit status, $4 equal|number|matches, $5 pattern or -, $6 show|hide
command_measure() {
  if ! command -v timeout >/dev/null; then cannot 'the program timeout is missing on this machine'; fi
  (
    ulimit -f 4096
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C \
      DR_ROOT="${DR_ROOT:-}" timeout -k 5 "$2" sh -c "$1"
  ) </dev/null >"$work/output" 2>/dev/null &
  group=$!
  code=0
  wait "$group" || code=$?
  # It is the leader of a group of its own: nothing that it left behind goes on.
  kill -9 "-$group" 2>/dev/null || :
  if [ "$(wc -c <"$work/output")" -ge 1048576 ]; then
    cannot 'it prints more than 1 MiB; let it print less, for example by wc -l or sha256sum'
  fi
  case $code in
    124 | 137) cannot "it did not end within $2 s" ;;
    126 | 127) cannot "its program is not there, or may not be run (exit $code)" ;;
    "$3") ;;
    *) unfit "it ended with exit $code, and $3 is right" ;;
  esac
  row exit "$code"
  # Without the newlines at its end, and without NUL, which no variable holds.
  text=$(tr -d '\000' <"$work/output")
  command_rule "$4" "$5"
  if [ "$6" = hide ]; then return; fi
  row shown "$(printf '%s' "$text" | tr '\n' ' ' | awk "$json_awk"'{ print cut($0, 200) }')"
}

command_rule() {
  case $1 in
    number)
      number=$(printf '%s' "$text" | tr -d ' \t\r\n')
      if ! printf '%s\n' "$number" | grep -Eqx -e '[-+]?[0-9]{1,30}(\.[0-9]{1,30})?'; then
        unfit 'it does not print a number'
        number='not a number'
      fi
      row number "$number"
      ;;
    matches)
      found=0
      printf '%s\n' "$text" | grep -Eq -e "$2" || found=$?
      case $found in
        0) row matches yes ;;
        1) unfit "no line that it prints matches $2"; row matches no ;;
        *) cannot "grep -E does not understand the pattern $2" ;;
      esac
      ;;
    *)
      digest=$(printf '%s' "$text" | sha256sum)
      row output "${digest%% *}"
      ;;
  esac
}
"""

    PS: ClassVar[str] = r"""
# $Words: what runs, seconds, the right exit status, equal|number|matches, pattern or -, show|hide. A Windows PowerShell
# of its own runs it; the first line makes it write UTF-8.
function Check-Command([string[]]$Words) {
  $file = "$work\command.ps1"
  $encoding = 'try { [Console]::OutputEncoding = [System.Text.Encoding]::UTF8 } catch { [void]$_ }'
  [System.IO.File]::WriteAllText($file, $encoding + "`r`n" + $Words[0] + "`r`n", [System.Text.Encoding]::UTF8)
  $arguments = @('-NoLogo', '-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', $file)
  $said = "$work\command.out"
  $process = Start-Process -FilePath "$PSHOME\powershell.exe" -ArgumentList $arguments -WorkingDirectory 'C:\' `
    -RedirectStandardOutput $said -RedirectStandardError "$work\command.err" -NoNewWindow -PassThru
  # Without this PowerShell forgets the exit status.
  [void]$process.Handle
  $end = [DateTime]::UtcNow.AddSeconds([int]$Words[1])
  while (-not $process.WaitForExit(200)) {
    $late = [DateTime]::UtcNow -gt $end
    if ($late -or [System.IO.FileInfo]::new($said).Length -ge 1048576) {
      & "$env:SystemRoot\System32\taskkill.exe" /T /F /PID $process.Id | Out-Null
      if ($late) { Stop-Check "it did not end within $($Words[1]) s" }
      break
    }
  }
  $process.WaitForExit()
  if ([System.IO.FileInfo]::new($said).Length -ge 1048576) {
    Stop-Check 'it prints more than 1 MiB; let it print less, for example by Measure-Object'
  }
  $code = $process.ExitCode
  if ($code -ne [int]$Words[2]) { Unfit "it ended with exit $code, and $($Words[2]) is right" }
  Row 'exit' "$code"
  $text = (Read-Text $said).TrimEnd($ends)
  Add-Rule $Words[3] $Words[4] $text
  if ($Words[5] -ceq 'show') { Row 'shown' (Get-Cut $text 200) }
}

function Add-Rule([string]$way, [string]$pattern, [string]$text) {
  if ($way -ceq 'number') {
    $number = $text.Trim()
    if ($number -cnotmatch '^[-+]?[0-9]{1,30}(\.[0-9]{1,30})?$') {
      Unfit 'it does not print a number'
      $number = 'not a number'
    }
    Row 'number' $number
  } elseif ($way -ceq 'matches') {
    try { $rule = [regex]::new($pattern) } catch { Stop-Check "no regular expression of .NET: $pattern" }
    $fits = 'no'
    foreach ($line in $text.Split($ends)) { if ($rule.IsMatch($line)) { $fits = 'yes' } }
    if ($fits -ceq 'no') { Unfit "no line that it prints matches $pattern" }
    Row 'matches' $fits
  } else {
    Row 'output' (Get-TextSum $text)
  }
}
"""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")]
    run: Annotated[str, Field(min_length=1, max_length=1000)]
    timeout: Annotated[int, Field(ge=1, le=600)] = 30
    exit: Annotated[int, Field(ge=0, le=123)] = 0
    matches: Annotated[str, Field(max_length=200)] = ""
    within: float | str | None = None
    show: bool = False

    @field_validator("within")
    @classmethod
    def _amount(cls, given: float | str | None) -> float | str | None:
        if given is not None and not _WITHIN.fullmatch(f"{given:.12g}" if isinstance(given, float) else given):
            raise ValueError('must be an amount such as 5, or a share such as "2 %"')
        return given

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if self.matches and self.within is not None:
            raise ValueError("has `matches` and `within`, and only one of them can decide")
        return self

    def check(self) -> Check:
        rule, way = "equal", "equal"
        if self.matches:
            rule, way = "matches", "matches"
        elif self.within is not None:
            within = self.within if isinstance(self.within, str) else f"{self.within:.12g}"
            rule, way = f"within {within.replace(' ', '')}", "number"
        shown = "show" if self.show else "hide"
        words = (self.run, str(self.timeout), str(self.exit), way, self.matches or "-", shown)
        return Check(self.NAME, self.name, rule, self.wait, words)

    @staticmethod
    def same(rule: str, row: Row) -> bool:
        """What is shown is for people. A number that is none equals nothing."""
        if row.what == "number":
            return _near(rule, row.before or "", row.after or "")
        return row.what == "shown" or row.before == row.after

    @classmethod
    def told(cls, found: Mapping[str, str], count: int) -> str:
        said = [f"exit {found['exit']}"] if "exit" in found else []
        said += [found["number"]] if "number" in found else []
        said += [f"output {found['output'][:12]}"] if "output" in found else []
        said += ["matches" if found["matches"] == "yes" else "does not match"] if "matches" in found else []
        return ", ".join(said) + (f": {found['shown']}" if "shown" in found else "")


def _near(rule: str, before: str, after: str) -> bool:
    within = _WITHIN.fullmatch(rule.removeprefix("within "))
    try:
        was, now = float(before), float(after)
    except ValueError:
        return False
    if within is None:
        return False
    amount = float(within[1])
    return abs(now - was) <= (amount * abs(was) / 100 if within[2] else amount)
