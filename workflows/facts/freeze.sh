# Freezes what its data names, thaws it again, and watches over it in between. `begun` and `ended` and all other marks
# lie in /var/lib/firedrill/freeze, which never freezes itself.

set -eu
umask 077
LC_ALL=C
PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
DR_ROOT=${DR_ROOT:-}
export LC_ALL PATH DR_ROOT

store=./var/lib/firedrill/freeze
own=$store/$token
answered=''
trouble=''

uptime_now() {
  read -r up rest </proc/uptime
  printf '%s' "${up%%.*}"
}

boot() { cat /proc/sys/kernel/random/boot_id; }

# Printable ASCII that can break neither the line nor its JSON.
clean() { printf '%s' "$1" | tr '\n\t"\\' "  '/" | tr -cd ' -~' | cut -c 1-300; }

answer() {
  printf 'firedrill-freeze:{"format":1,"mode":"%s","token":"%s",%s}\n' "$mode" "$token" "$1"
  answered=yes
}

# The words of one kind, a line each.
words() {
  kind=$1
  shift
  while [ $# -gt 0 ]; do
    if [ "$1" = "$kind" ]; then printf '%s\n' "$2"; fi
    shift 2
  done
}

# $1 names what is run. Nothing that it leaves running keeps us waiting for its output.
tried() {
  name=$1
  shift
  status=0
  "$@" >"$said" 2>&1 </dev/null || status=$?
  if [ "$status" -eq 0 ]; then return 0; fi
  trouble="$name: exit $status, $(tail -n 3 "$said")"
  if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then trouble="$name: not done after $seconds s"; fi
  return 1
}

own_command() { tried "$1" timeout -k 5 "$seconds" sh -c "$1"; }

place_of() { readlink -m -- "$here/${1#/}"; }

# Thaws what was begun, the last first. All of it, whatever fails. `lost`: somebody else had thawed it.
thaw_begun() {
  wrong=''
  lost=''
  if [ ! -e "$own/begun" ]; then return 0; fi
  grep -v '^commands$' "$own/begun" | tac >"$said.places" || :
  while IFS= read -r place; do
    if ! tried "fsfreeze --unfreeze $place" fsfreeze --unfreeze "$place"; then
      case $trouble in
        *'Invalid argument'*) lost=yes ;;
        *) wrong=$trouble ;;
      esac
    fi
  done <"$said.places"
  if grep -q '^commands$' "$own/begun"; then
    while IFS= read -r command; do
      own_command "$command" || wrong=$trouble
    done <<COMMANDS
$thaws
COMMANDS
  fi
  [ -z "$wrong" ]
}

# ── freeze ─────────────────────────────────────────────────────────────────────────────────────────────────────────

refuse() {
  answer "\"error\":\"$(clean "$1")\""
  exit 1
}

# Whatever is frozen by now is thawed again; what resists is left to the watchdog.
undo() {
  reason=$1
  if thaw_begun; then
    : >"$own/ended"
  else
    reason="$reason; and thawing again failed, so the watchdog tries it within $seconds s: $wrong"
  fi
  rm -f -- "$own/freezing"
  refuse "$reason"
}

on_exit() {
  status=$?
  trap - EXIT HUP INT TERM
  if [ -z "$answered" ] && [ -e "$own/freezing" ]; then undo "the script stopped while it froze (exit $status)"; fi
  if [ -z "$answered" ]; then refuse "the script stopped before it froze anything (exit $status)"; fi
  exit "$status"
}

# `fsfreeze` freezes the whole file system below a name, so it must be one that nothing here writes to.
check_places() {
  words filesystem "$@" >"$said.places"
  while IFS= read -r path; do
    place=$(place_of "$path")
    case $place in
      "$here"/*) ;;
      *) refuse "$path leads out of the root folder" ;;
    esac
    if [ ! -d "$place" ]; then refuse "$path is not there"; fi
    source=$(findmnt -nvo SOURCE -T "$place")
    for needed in . ./var/lib/firedrill ./var/lib/amazon ./var/log ./tmp; do
      if [ ! -e "$needed" ] || [ "$(findmnt -nvo SOURCE -T "$needed")" != "$source" ]; then continue; fi
      if [ "$needed" = . ]; then refuse "$path lies on the root file system, which cannot be frozen"; fi
      refuse "$path lies on the file system of ${needed#.}, where the thaw itself must be able to write"
    done
  done <"$said.places"
}

start_watchdog() {
  setsid sh -c "$watch" </dev/null >/dev/null 2>&1 &
  tries=0
  until [ -e "$own/watchdog" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 100 ]; then undo 'the watchdog did not start'; fi
    sleep 0.1
  done
}

# Asked before anything is frozen, and after each: whoever lets go meanwhile has marked it first.
in_time() {
  if [ -e "$own/stop" ]; then undo 'it was let go while it froze'; fi
  if [ -e "$own/fired" ]; then undo "it took longer than $seconds s, so the watchdog has thawed"; fi
}

freeze_all() {
  in_time
  if [ -n "$freezes" ]; then
    echo commands >>"$own/begun"
    while IFS= read -r command; do
      own_command "$command" || undo "$trouble"
      in_time
    done <<COMMANDS
$freezes
COMMANDS
  fi
  while IFS= read -r path; do
    if [ -z "$path" ]; then continue; fi
    place=$(place_of "$path")
    printf '%s\n' "$place" >>"$own/begun"
    if ! tried "fsfreeze --freeze $place" fsfreeze --freeze "$place"; then
      reason=$trouble
      sed -i '$d' "$own/begun"
      undo "$reason"
    fi
    in_time
  done <<PLACES
$filesystems
PLACES
}

freeze() {
  trap on_exit EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for tool in cat cut date find findmnt grep mkdir readlink rm sed setsid sleep sync tac tail timeout tr; do
    command -v "$tool" >/dev/null || refuse "the program $tool is missing on this machine"
  done
  if [ -n "$filesystems" ] && ! command -v fsfreeze >/dev/null; then
    refuse 'the program fsfreeze is missing on this machine'
  fi
  mkdir -p -- "$store"
  find "$store" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf -- '{}' +
  mkdir -- "$own" 2>/dev/null || refuse 'this freeze was begun before'
  said=$own/said
  check_places "$@"
  sync
  boot >"$own/boot"
  printf '%s\n' "$(($(uptime_now) + seconds))" >"$own/deadline"
  : >"$own/freezing"
  start_watchdog
  freeze_all
  : >"$own/frozen"
  rm -f -- "$own/freezing"
  in_time
  answer "\"left\":$(($(cat "$own/deadline") - $(uptime_now)))"
}

# ── watch ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# The mark comes before the thaw: where it is missing, the freeze holds. A disk that takes no mark delays no thaw.
fire() {
  trap '' TERM INT
  (: >"$own/fired") 2>/dev/null &
  tries=0
  until [ -e "$own/fired" ] || [ "$tries" -ge 20 ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  tries=0
  until thaw_begun && [ ! -e "$own/freezing" ]; do
    tries=$((tries + 1))
    if [ -e "$own/ended" ] && [ ! -e "$own/freezing" ]; then exit 0; fi
    if [ ! -d "$own" ]; then exit 0; fi
    if [ "$tries" -le 60 ]; then
      sleep 2
    elif [ -z "$wrong" ]; then
      break
    else
      sleep 30
    fi
  done
  : >"$own/ended"
  exit 0
}

watch() {
  trap '' HUP
  trap fire TERM INT
  said=$own/said-by-the-watchdog
  deadline=$(cat "$own/deadline")
  echo $$ >"$own/watchdog"
  while [ "$(uptime_now)" -lt "$deadline" ]; do
    if [ ! -d "$own" ]; then exit 0; fi
    if [ -e "$own/ended" ] && [ ! -e "$own/freezing" ]; then exit 0; fi
    sleep 1
  done
  fire
}

# ── thaw ───────────────────────────────────────────────────────────────────────────────────────────────────────────

# Why the freeze does not hold at this moment; empty if it does. Asked before anything is thawed.
doubt() {
  if [ ! -e "$own/frozen" ]; then printf nothing
  elif [ "$(cat "$own/boot")" != "$(boot)" ]; then printf rebooted
  elif [ -e "$own/fired" ] || [ "$(uptime_now)" -ge "$(cat "$own/deadline")" ]; then printf watchdog
  elif [ -e "$own/ended" ]; then printf lost
  fi
}

# `held` is kept, since an answer may be lost and asked for again; `let_go` never says that it held.
thaw() {
  said=$own/said-by-the-thaw
  if [ ! -d "$own" ]; then
    answer '"held":false,"why":"nothing"'
    exit 0
  fi
  if [ -e "$own/verdict" ]; then
    why=$(cat "$own/verdict")
  else
    why=$(doubt)
    if [ "$mode" = let_go ]; then why=${why:-let-go}; fi
  fi
  if [ ! -e "$own/ended" ]; then
    if ! thaw_begun; then
      answer "\"held\":false,\"why\":\"${why:-held}\",\"error\":\"$(clean "$wrong")\""
      exit 1
    fi
    if [ -n "$lost" ]; then why=${why:-lost}; fi
    printf '%s\n' "$why" >"$own/verdict"
    : >"$own/ended"
  fi
  if [ -z "$why" ]; then answer '"held":true,"why":""'; else answer "\"held\":false,\"why\":\"$why\""; fi
}

# The mark comes first: a freeze that has not begun is refused by its folder, and one that is at it undoes itself.
let_go() {
  mkdir -p -- "$own"
  : >"$own/stop"
  thaw
}

cd -P -- "$DR_ROOT/"
here=$(pwd -P)
here=${here%/}
case $(readlink -m -- "$store") in
  "$here"/*) ;;
  *) refuse '/var/lib/firedrill leads out of the root folder' ;;
esac
freezes=$(words freeze "$@")
thaws=$(words thaw "$@")
filesystems=$(words filesystem "$@")
"$mode" "$@"
