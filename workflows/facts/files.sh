# The fact "files": every entry below the profile's paths, one line each, sorted by name, parted by tabs:
# name, type, mode, uid:gid, size, mtime, SHA-256, target of a link. Sockets are left out.

files_leads_astray() {
  real=$(readlink -m -- ".$1")
  [ "${real%/}" != "$here${1%/}" ]
}

# $1 path|optional, $2 the path. Prints the manifest's line, or notes a problem.
files_start() {
  if [ ! -e ".$2" ] && [ ! -L ".$2" ]; then
    if [ "$1" = optional ]; then
      printf 'absent %s\n' "$2"
    else
      problem files "$2" 'does not exist, or cannot be reached'
    fi
  elif files_leads_astray "$2"; then
    problem files "$2" "is or lies behind a symbolic link; name the real path: $(escaped "${real#"$here"}")"
  elif [ ! -r ".$2" ] || { [ -d ".$2" ] && [ ! -x ".$2" ]; }; then
    problem files "$2" 'may not be read'
  else
    printf 'path %s\n' "$2"
  fi
}

files_profile() {
  while [ $# -gt 0 ]; do
    if [ "$1" = without ]; then printf 'without %s\n' "$2"; else files_start "$1" "$2"; fi
    shift 2
  done
}

# One walk: what there is goes into $work/seen, the regular files' names into $work/names, complaints beside them.
# $1 the manifest that names the paths. On a comparison a path that is gone is no error: its files are missing.
files_walk() {
  manifest=$1
  : >"$work/seen"
  : >"$work/names"
  : >"$work/complaints"
  set --
  while IFS= read -r line; do
    path=${line#* }
    case $line in 'path '* | 'absent '*) ;; *) continue ;; esac
    if [ ! -e ".$path" ] && [ ! -L ".$path" ]; then continue; fi
    if [ ! -L ".$path" ] && files_leads_astray "$path"; then
      printf '%s\tlies behind a symbolic link\n' "$(escaped "$path")" >>"$work/complaints"
    elif [ "$path" = / ]; then
      set -- "$@" .
    else
      set -- "$@" ".$path"
    fi
  done <"$manifest"
  if [ $# -eq 0 ]; then return; fi
  if [ "$mode" = compare ]; then set -- "$@" -ignore_readdir_race; fi
  set -- "$@" -xdev '(' -path "$store"
  while IFS= read -r line; do
    case $line in
      'without '*) set -- "$@" -o -path ".$(printf '%s\n' "${line#* }" | sed 's/[][*?\\]/\\&/g')" ;;
    esac
  done <"$manifest"
  find "$@" ')' -prune -o -type s \
    -o -type f -fprintf "$work/seen" '%y %m %U:%G %s %T@ %p//\0' -fprint0 "$work/names" \
    -o -type l -fprintf "$work/seen" '%y %m %U:%G - - %p//%l\0' \
    -o -fprintf "$work/seen" '%y %m %U:%G - - %p//\0' 2>"$work/find" || [ -s "$work/find" ]
  sed -e 's/\t/ /g' -e 's/^find: .\.\(.*\).: \([^:]*\)$/\1\t\2/' -e '/\t/!s/^/\t/' "$work/find" >>"$work/complaints"
}

# All cores; each sha256sum appends to a file of its own, since lines of several writers would mix.
files_hash() {
  cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
  count=$(tr -dc '\000' <"$work/names" | wc -c)
  batch=$((count / (cores * 8) + 1))
  if [ "$batch" -gt 500 ]; then batch=500; fi
  : >"$work/sums.0"
  # shellcheck disable=SC2016
  nice -n 10 xargs -0 -r -a "$work/names" -P "$cores" -n "$batch" \
    sh -c 'exec sha256sum -- "$@" >>"$0.$$"' "$work/sums" </dev/null || [ $? -eq 123 ]
  # sha256sum marks a name that it escaped with a leading backslash; older ones leave \r as it is, all leave tabs.
  sure cat "$work"/sums.* |
    sure sed -e 's/^\\//' -e 's/\t/\\t/g' -e 's/\r/\\r/g' -e 's/  \./\t/' |
    sort -S 64M -T "$work" -t "$tab" -s -u -k 2,2 -o "$work/hashes"
}

# $1 the manifest, $2 where the list goes. No name holds two slashes in a row, so they part a name from a target.
files_measure() {
  doing='walking the paths'
  files_walk "$1"
  doing='reading the files'
  files_hash
  doing='sorting the list of files'
  sure sed -z -e 's/\\/\\\\/g' -e 's/\n/\\n/g' -e 's/\t/\\t/g' -e 's/\r/\\r/g' \
    -e 's/ /\t/' -e 's/ /\t/' -e 's/ /\t/' -e 's/ /\t/' -e 's/ /\t/' \
    -e 's,\t\.,\t,' -e 's,//,\t,' -e 's,\t\t,\t/\t,' "$work/seen" |
    sure tr '\000' '\n' |
    sort -S 64M -T "$work" -t "$tab" -s -u -k 6,6 -o "$work/entries"
  join -t "$tab" -a 1 -1 6 -2 2 -o 1.6,1.1,1.2,1.3,1.4,1.5,2.1,1.7 "$work/entries" "$work/hashes" >"$2"
  pipes_held
}

files_totals() { awk -F "$tab" '$2 == "f" { files++; bytes += $5 } END { printf "%d %d %.0f", NR, files, bytes }' "$1"; }

files_record() {
  files_profile "$@" >"$work/paths"
  stop_on_problems
  cat "$work/paths" >>"$kept/manifest"
  list=$kept/files.list
  files_measure "$kept/manifest" "$list"
  awk -F "$tab" '{ print "files" FS $1 FS $2 }' "$work/complaints" >>"$work/problems"
  awk -F "$tab" '$2 == "f" && $7 == "" { print "files" FS $1 FS "vanished while it was read, or may not be read" }' \
    "$list" >>"$work/problems"
  totals=$(files_totals "$list")
  entries=${totals%% *}
  bytes=${totals##* }
  count=${totals#* }
  count=${count%% *}
  if [ "$count" -eq 0 ]; then problem files '' 'there is no file below the paths of the profile'; fi
  stop_on_problems
  digest=$(sum_of "$list")
  printf 'files %s %s %s %s %s\n' "$digest" "$entries" "$(wc -c <"$list")" "$count" "$bytes" >>"$kept/manifest"
  absent=$(sed -n -e 's/\\/\\\\/g' -e 's/^absent //p' "$work/paths" | json_rows)
  printf '{"count":%s,"bytes":%s,"entries":%s,"digest":"%s","absent":%s}\n' \
    "$count" "$bytes" "$entries" "$digest" "$absent" >"$work/files.json"
}

# Of the names that gave no hash, those that are still there cannot be read; the others are gone.
files_settle() {
  awk -F "$tab" '$2 == "f" && $7 == "" { print $1 }' "$1" >"$work/unhashed"
  while IFS= read -r name; do
    raw=$(printf '%b.' "$name")
    raw=.${raw%.}
    if [ -e "$raw" ] || [ -L "$raw" ]; then printf '%s\n' "$name"; fi
  done <"$work/unhashed" >"$work/unreadable"
  awk -F "$tab" -v OFS="$tab" '
    stage == "names" { unreadable[$0] = 1; next }
    $2 == "f" && $7 == "" { if (!($1 in unreadable)) next; $7 = "unreadable" }
    { print }' stage=names "$work/unreadable" stage=list "$1" >"$2"
}

files_compare() {
  list=$own/files.list
  expected_list=$(sed -n 's/^files \([0-9a-f]*\) .*$/\1/p' "$work/manifest")
  if [ ! -f "$list" ] || [ -L "$list" ]; then
    printf '{"trouble":"list-missing"}\n' >"$work/files.json"
    return
  fi
  if [ "$(sum_of "$list")" != "$expected_list" ]; then
    printf '{"trouble":"list-tampered"}\n' >"$work/files.json"
    return
  fi
  files_measure "$work/manifest" "$work/measured"
  files_settle "$work/measured" "$work/now"
  doing='comparing the files'
  join -t "$tab" -a 1 -a 2 -o 0,1.2,1.3,1.4,1.5,1.6,1.7,1.8,2.2,2.3,2.4,2.5,2.6,2.7,2.8 \
    "$list" "$work/now" >"$work/joined"
  epoch=$(sed -n 's/^measured \([0-9]*\) .*$/\1/p' "$work/manifest")
  awk -F "$tab" -v measured="$epoch" -v room="$room" "$json_awk$files_awk" \
    stage=complaints "$work/complaints" stage=files "$work/joined" >"$work/files.json"
}

# Fields: 1 name; 2-8 before: type, mode, owner, size, mtime, hash, target; 9-15 now.
# All comparisons are of strings: as numbers, 0e1 and 0e2 would be equal hashes.
files_awk='
function differ(a, b) { return (a "") != (b "") }
function was(what, now, before) { return "; " what " " cut(now, 80) " was " cut(before, 80) }
function note(kind, name, detail,    item) {
  count[kind]++
  if (count[kind] > 40) return
  item = "[" quoted(cut(name, 200)) "," quoted(detail) "]"
  items[kind, count[kind]] = item
  size[kind] += length(item) + 1
}
function content(    drifted) {
  drifted = differ($13, $6) && $13 + 0 >= measured + 0
  if (drifted) { drifts++; return "; content drifted" }
  corrupt++
  return "; content corrupt"
}
function changes(    why) {
  why = ""
  if (differ($7, $14)) why = why content()
  if (differ($5, $12)) why = why was("size", $12, $5)
  if (differ($3, $10)) why = why was("mode", $10, $3)
  if (differ($4, $11)) why = why was("owner", $11, $4)
  if (differ($8, $15)) why = why was("target", $15, $8)
  return substr(why, 3)
}
function section(kind, budget,    at, list) {
  list = ""
  for (at = 1; at <= count[kind] && at <= 40; at++) {
    if (length(list) + length(items[kind, at]) + 1 > budget) break
    list = list (at > 1 ? "," : "") items[kind, at]
  }
  left -= length(list)
  return quoted(kind) ":{\"count\":" count[kind] + 0 ",\"first\":[" list "]}"
}
function reserve(kind) { return size[kind] < room / 6.4 ? size[kind] + 0 : int(room / 6.4) }
BEGIN {
  word["f"] = "file"; word["d"] = "directory"; word["l"] = "link"
  word["p"] = "pipe"; word["b"] = "block device"; word["c"] = "character device"
}
stage == "complaints" { note("unreadable", $1, $2); next }
$2 == "f" { before_count++; before_bytes += $5 }
$9 == "f" { after_count++; after_bytes += $12 }
$2 == "" { note("new", $1, word[$9]); next }
$9 == "" { note("missing", $1, word[$2]); next }
$14 == "unreadable" { note("unreadable", $1, "cannot be read"); next }
differ($2, $9) { note("type", $1, word[$9] " was " word[$2]); next }
{ why = changes(); if (why != "") note("changed", $1, why) }
END {
  printf "{\"before\":{\"count\":%d,\"bytes\":%.0f},", before_count, before_bytes
  printf "\"after\":{\"count\":%d,\"bytes\":%.0f},", after_count, after_bytes
  printf "\"corrupt\":%d,\"drifted\":%d", corrupt, drifts
  kinds = split("changed type missing unreadable new", kind, " ")
  left = room
  for (k = 1; k <= kinds; k++) {
    others = 0
    for (later = k + 1; later <= kinds; later++) others += reserve(kind[later])
    print "," section(kind[k], left - others)
  }
  print "}"
}
'
