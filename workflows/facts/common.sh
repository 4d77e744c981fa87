# What every fact needs: the place, the answer in JSON, and an answer even when the script dies.

set -eu
umask 077
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
export LC_ALL PATH
unset POSIXLY_CORRECT

tab=$(printf '\t')
store=./var/lib/firedrill
own=$store/$key
work=''
reading=''
answered=''
doing='starting'

# JSON in pure ASCII: a character from U+0000 to U+00FF stands for one byte, so no name can break a line or the JSON.
json_awk='
BEGIN { for (code = 1; code < 256; code++) number[sprintf("%c", code)] = code }
function quoted(text,    out, at, char) {
  out = ""
  for (at = 1; at <= length(text); at++) {
    char = substr(text, at, 1)
    if (char == "\"" || char == "\\") char = "\\" char
    else if (number[char] < 32 || number[char] > 126) char = sprintf("\\u%04x", number[char])
    out = out char
  }
  return "\"" out "\""
}
function continues(text, at) { return number[substr(text, at, 1)] >= 128 && number[substr(text, at, 1)] < 192 }
function cut(text, most,    head, tail) {
  if (length(text) <= most) return text
  head = int(most / 3)
  while (continues(text, head + 1)) head--
  tail = length(text) - (most - int(most / 3)) + 1
  while (continues(text, tail)) tail++
  return substr(text, 1, head) "\342\200\246" substr(text, tail)
}
'

# stdin: lines of fields parted by tabs. stdout: a JSON array of arrays, as many of the first 40 rows as fit 6000 bytes.
json_rows() {
  awk -F "$tab" "$json_awk"'
    NR <= 40 && !full {
      row = "["
      for (field = 1; field <= NF; field++) row = row (field > 1 ? "," : "") quoted(cut($field, 200))
      row = row "]"
      if (length(rows) + length(row) > 6000) full = 1
      else rows = rows (rows == "" ? "" : ",") row
    }
    END { print "[" rows "]" }'
}

# In names: backslash \\, newline \n, tab \t, carriage return \r. A profile path has no control characters.
escaped() { printf '%s' "$1" | tr '\n\t' '??' | sed 's/\\/\\\\/g'; }

sum_of() {
  sum=$(sha256sum <"$1")
  printf '%s' "${sum%% *}"
}

# In a pipe, where `set -e` does not see a failure: leaves a trace that `pipes_held` finds.
sure() { "$@" || : >"$work/broken"; }
pipes_held() { [ ! -e "$work/broken" ]; }

answer() {
  printf 'firedrill-facts:%s\n' "$1"
  answered=yes
}

# A fact, a path and what was wrong: the run stops, once everything that is wrong is known.
problem() { printf '%s\t%s\t%s\n' "$1" "$(escaped "$2")" "$3" >>"$work/problems"; }

stop_on_problems() {
  if [ -s "$work/problems" ]; then
    rows=$(json_rows <"$work/problems")
    total=$(awk 'END { print NR }' "$work/problems")
    answer "{\"format\":1,\"mode\":\"$mode\",\"key\":\"$key\",\"errors\":$rows,\"error_count\":$total}"
    exit 1
  fi
}

give_up() {
  answer "{\"format\":1,\"mode\":\"$mode\",\"key\":\"$key\",\"errors\":[[\"script\",\"\",\"$1\"]],\"error_count\":1}"
  exit 1
}

on_exit() {
  status=$?
  trap - EXIT HUP INT TERM
  set +e
  if [ -n "$reading" ]; then kill "$reading" 2>/dev/null && wait "$reading"; fi
  if [ -n "$work" ]; then rm -rf -- "$work"; fi
  if [ -z "$answered" ]; then
    if [ "$status" -eq 0 ]; then status=1; fi
    give_up "the script stopped while $doing (exit $status)"
  fi
  exit "$status"
}

# The one place from which all paths are walked: the server's root, or the folder that stands for it.
enter() {
  trap on_exit EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for tool in awk cat comm cut date find grep head join mkdir mktemp mv nice printf readlink rm sed sha256sum sort sync tail timeout \
    tr wc xargs; do
    command -v "$tool" >/dev/null || give_up "the program $tool is missing on this machine"
  done
  doing='entering the root folder'
  cd -P -- "${DR_ROOT:-}/"
  here=$(pwd -P)
  here=${here%/}
  real=$(readlink -m -- "$own")
  case $real in
    "$here"/*) ;;
    *) give_up '/var/lib/firedrill leads out of the root folder' ;;
  esac
  if command -v ionice >/dev/null; then ionice -c 2 -n 7 -p $$ >/dev/null 2>&1 || :; fi
}

make_work() {
  doing='making a working folder in /var/lib/firedrill'
  if [ ! -d ./var/lib ]; then (umask 022 && mkdir -p ./var/lib); fi
  mkdir -p -- "$store"
  work=$(mktemp -d "$store/.work.XXXXXX")
  : >"$work/problems"
}
