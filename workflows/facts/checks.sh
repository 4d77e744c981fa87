# The fact "checks": what a profile asks to be measured beside its files. In the manifest a check is a line of its
# words, parted by tabs, and below it a line for each thing that was found: row, what, value.

# For the kinds: what was found; why it cannot be measured; why what was found is no state to back up. The last two end
# the measurement of a record; a comparison goes on after `unfit`, since there it is a value like any other.
row() { printf '%s\t%s\n' "$1" "$(printf '%s' "$2" | tr '\n\t' '  ')"; }
cannot() {
  printf '%s' "$1" | tr '\n\t' '  ' >"$work/why"
  exit 1
}
unfit() { if [ "$mode" = record ]; then cannot "$1"; fi; }

# $1 the kind, then its words. What was found goes into $work/rows; if it cannot be measured, $work/why says why.
# Each kind has its own shell, whose variables and failures stay in it. Not in a condition, which would suspend -e.
measure() {
  kind=$1
  shift
  : >"$work/why"
  set +e
  (
    set -e
    "${kind}_measure" "$@"
  ) >"$work/found" 2>"$work/said"
  status=$?
  set -e
  sort -u "$work/found" >"$work/rows"
  if [ "$status" -ne 0 ] && [ ! -s "$work/why" ]; then
    printf 'its measurement broke off (exit %s)' "$status" >"$work/why"
  fi
  if [ -s "$work/why" ]; then : >"$work/rows"; fi
}

# What the profile's data calls: $1 the kind, $2 the name, $3 the rule, $4 seconds to wait, then the kind's words.
check() {
  doing="measuring a fact of the kind $1"
  name=$2
  rule=$3
  printf 'check' >"$work/check"
  printf '\t%s' "$@" >>"$work/check"
  kind=$1
  shift 4
  measure "$kind" "$@"
  if [ -s "$work/why" ]; then
    problem "$kind $name" '' "$(cat "$work/why")"
    return
  fi
  {
    cat "$work/check"
    printf '\n'
    sed 's/^/row\t/' "$work/rows"
  } >>"$kept/manifest"
  tell "$work/rows" "$work/rows"
}

# $1 the rows before, $2 the rows now: one object of JSON more. Each check may use what the others leave, but not their
# share of 300 bytes; what differs comes first, and the rest only of six rows or fewer.
tell() {
  told=$((told + 1))
  KIND=$kind NAME=$name RULE=$rule WHY=$(cat "$work/why") awk -F "$tab" -v room=$((tell_room - 300 * (total - told))) \
    "$json_awk"'
    function same(what) { return (what in before) && (what in after) && before[what] "" == after[what] "" }
    function value(of, what) { return what in of ? quoted(cut(of[what], 200)) : "null" }
    function add(item) {
      if (length(head) + length(rows) + length(item) + 4 > room) return
      rows = rows (rows == "" ? "" : ",") item
    }
    { if (!(($1) in seen)) { seen[$1] = 1; order[++count] = $1 } }
    stage == "before" { before[$1] = $2; befores++ }
    stage == "after" { after[$1] = $2; afters++ }
    END {
      for (n = 1; n <= count; n++) if (!same(order[n])) differ++
      head = "{\"kind\":" quoted(ENVIRON["KIND"]) ",\"name\":" quoted(ENVIRON["NAME"]) ",\"rule\":" quoted(ENVIRON["RULE"])
      head = head ",\"before\":" befores + 0 ",\"after\":" afters + 0 ",\"differ\":" differ + 0
      head = head ",\"trouble\":" quoted(cut(ENVIRON["WHY"], 120)) ",\"rows\":["
      for (n = 1; n <= count; n++) {
        what = order[n]
        if (!same(what)) add("[" quoted(cut(what, 80)) "," value(before, what) "," value(after, what) "]")
      }
      for (n = 1; n <= count && count <= 6; n++) {
        what = order[n]
        if (same(what)) add("[" quoted(cut(what, 80)) "," value(before, what) "]")
      }
      print head rows "]}"
    }' stage=before "$1" stage=after "$2" >"$work/told"
  tell_room=$((tell_room - $(wc -c <"$work/told")))
  cat "$work/told" >>"$work/tells"
}

tell_all() {
  printf '{"count":%s,"each":[' "$total" >"$work/checks.json"
  awk 'NR > 1 { print "," } { print }' "$work/tells" >>"$work/checks.json"
  printf ']}\n' >>"$work/checks.json"
}

# $1 how many there are.
tell_begins() {
  total=$1
  told=0
  tell_room=$((2000 + 300 * total))
  : >"$work/tells"
}

checks_record() {
  tell_begins "$checks"
  profile_checks
  stop_on_problems
  tell_all
}

# $1 which of the manifest's checks
check_again() {
  : >"$work/before"
  awk -F "$tab" -v wanted="$1" -v line="$work/check" -v rows="$work/before" '
    $1 == "check" { number++ }
    number == wanted && $1 == "check" { print >line }
    number == wanted && $1 == "row" { print substr($0, 5) >rows }' "$work/manifest"
  blanks=$IFS
  IFS=$tab
  set -f
  # shellcheck disable=SC2046
  set -- $(cat "$work/check")
  set +f
  IFS=$blanks
  kind=$2
  name=$3
  rule=$4
  until=$((begun + $5))
  case " $kinds " in *" $kind "*) ;; *) trouble unknown-fact "$digest" ;; esac
  doing="measuring a fact of the kind $kind"
  shift 5
  measure "$kind" "$@"
  while [ "$(sum_of "$work/rows")" != "$(sum_of "$work/before")" ] && [ "$(date +%s)" -lt "$until" ]; do
    sleep 2
    measure "$kind" "$@"
  done
  tell "$work/before" "$work/rows"
}

checks_compare() {
  tell_begins "$(checks_in "$work/manifest")"
  begun=$(date +%s)
  number=0
  while [ "$number" -lt "$total" ]; do
    number=$((number + 1))
    check_again "$number"
  done
  tell_all
}

checks_in() { awk -F "$tab" '$1 == "check" { count++ } END { print count + 0 }' "$1"; }
