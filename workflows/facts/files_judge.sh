# The fact "files", judged: what differs, and whether its times explain it.

# The times of a name that is not as it was say when it was written:
#   old      not since the record, or its mtime is of before the recorded one: nothing explains it, so it is corruption
#   between  after the record and before the image was sealed: a server that lives, and drift
#   late     after the image was sealed: not in the image, so the image's own content is not there to be judged
# `measured` and `until` are by the server's own clock; `until` is empty on a machine that was not restored, which has
# gone on living. A ctime cannot be set back, but a file that was copied has a new one. So it counts on a file system
# where at least one name still has the ctime of the record: that disk was restored block by block.
#
# Fields: 1 name; 2-9 before: type, mode, owner, size, mtime, hash, target, ctime; 10-17 now; 18 device.
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
function pattern_of(glob,    at, char, out) {
  out = ""
  for (at = 1; at <= length(glob); at++) {
    char = substr(glob, at, 1)
    if (substr(glob, at, 3) == "**/") { out = out "(.*/)?"; at += 2 }
    else if (substr(glob, at, 2) == "**") { out = out ".*"; at++ }
    else if (char == "*") out = out "[^/]*"
    else if (char == "\\") out = out "\\\\\\\\"
    else if (char == "^" || char == "[" || char == "]") out = out "\\" char
    else if (char ~ /[.+?(){}|$]/) out = out "[" char "]"
    else out = out char
  }
  return "^" out "$"
}
function may_drift(name,    at) {
  for (at = 1; at <= patterns; at++) if (name ~ pattern[at]) return 1
  return 0
}
function within(time) { return time + 0 >= measured + 0 && (until == "" || time + 0 <= until + 0) }
function moved() { return $18 in keeps && differ($9, $17) }
function when() {
  if (!differ($6, $14) || $14 + 0 <= $6 + 0 || $14 + 0 < measured + 0) return "old"
  if ($18 in keeps && (!differ($9, $17) || $17 + 0 < measured + 0)) return "old"
  return within($14) && (!($18 in keeps) || within($17)) ? "between" : "late"
}
# Adds a cause and its words to what is said of the name. Drifted is said for what the profile lets drift, too.
function blame(cause, words) {
  causes = causes " " (drifts && cause != "unreadable" ? "drifted" : cause) " "
  why = why "; " words
}
function content(    time) {
  time = when()
  if (drifts) blame("drifted", "content differs")
  else if (time == "between") blame("drifted", "content drifted")
  else if (time == "late") blame("rewritten", "content rewritten after the image was taken")
  else blame("corrupt", "content corrupt")
  if (differ($5, $13)) why = why was("size", $13, $5)
}
# Without both hashes, size and time are all that is known of the content.
function unread_content() {
  if (differ($5, $13)) { content(); return }
  if (!differ($6, $14)) return
  if (when() == "between") blame("drifted", "written again, content not read")
  else blame("rewritten", "time of writing differs, content not read")
}
function compare_names(    held) {
  if ($2 == "f" && $7 != "-" && $15 != "-") { if (differ($7, $15)) content() }
  else if ($2 == "f") unread_content()
  held = causes ~ / drifted / || moved() && within($17)
  if (differ($3, $11)) blame(held ? "drifted" : "mode", substr(was("mode", $11, $3), 3))
  if (differ($4, $12)) blame(held ? "drifted" : "owner", substr(was("owner", $12, $4), 3))
  if (differ($8, $16)) blame(when() == "between" ? "drifted" : "target", substr(was("target", $16, $8), 3))
}
function judge() {
  causes = why = ""
  drifts = may_drift($1)
  if ($2 == "") blame(when() == "between" ? "drifted" : "new", word[$10])
  else if ($10 == "") blame("missing", word[$2])
  else if ($15 == "unreadable") blame("unreadable", late ? "not read in time" : "cannot be read")
  else if (differ($2, $10)) blame("type", word[$10] " was " word[$2])
  else compare_names()
  if (causes != "") note(kind_of(), $1, (kind_of() == "drifted" ? label() : "") substr(why, 3))
}
function label() { return $2 == "" ? "new " : $10 == "" ? "missing " : "" }
function kind_of(    each, found) {
  for (each = 1; each <= ranks; each++)
    if (index(causes, " " rank[each] " ") && rank[each] in fails) {
      found = rank[each]
      return found == "mode" || found == "owner" || found == "target" || found == "drifted" ? "changed" : found
    }
  return "drifted"
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
function reserve(kind,    least) {
  least = length(items[kind, 1]) + 1
  if (least < room / 8) least = int(room / 8)
  return size[kind] < least ? size[kind] + 0 : least
}
function total(many, much) { return sprintf("{\"count\":%d,\"bytes\":%.0f}", many, much) }
BEGIN {
  word["f"] = "file"; word["d"] = "directory"; word["l"] = "link"
  word["p"] = "pipe"; word["b"] = "block device"; word["c"] = "character device"
  ranks = split("unreadable corrupt missing type rewritten new mode owner target drifted", rank, " ")
  for (each = 1; each < ranks; each++) fails[rank[each]] = 1
}
stage == "rules" && /^files-fail / {
  for (each = 1; each <= ranks; each++) delete fails[rank[each]]
  split($0, named, " ")
  for (each in named) fails[named[each]] = 1
}
stage == "rules" && /^files-drift / { pattern[++patterns] = pattern_of(substr($0, 13)) }
stage == "rules" { next }
stage == "times" { if ($2 != "" && $2 == $10 && $9 != "" && !differ($9, $17)) keeps[$18] = 1; next }
stage == "complaints" { note("unreadable", $1, $2); next }
$2 == "f" { before_count++; before_bytes += $5 }
$10 == "f" { after_count++; after_bytes += $13 }
$2 == "f" && $7 != "-" { read_count++; read_bytes += $5 }
{ judge() }
END {
  printf "{\"before\":%s,\"after\":%s", total(before_count, before_bytes), total(after_count, after_bytes)
  printf ",\"read\":%s", total(read_count, read_bytes)
  kinds = split("corrupt missing changed type rewritten unreadable new drifted", kind, " ")
  left = room
  for (k = 1; k <= kinds; k++) {
    others = 0
    for (later = k + 1; later <= kinds; later++) others += reserve(kind[later])
    print "," section(kind[k], left - others)
  }
}
'

# Reads $work/joined. `sealed` is when the image was sealed, by the clock that `asked` was told by.
files_judge() {
  epoch=$(sed -n 's/^measured \([0-9]*\) .*$/\1/p' "$work/manifest")
  began=$(sed -n 's/^files-asked \([0-9][0-9]*\)$/\1/p' "$work/manifest")
  until=''
  if [ -n "$sealed" ]; then until=$((sealed + epoch - ${began:-$epoch})); fi
  late=''
  if [ -e "$work/late" ]; then late=yes; fi
  awk -F "$tab" -v measured="$epoch" -v until="$until" -v late="$late" -v room="$((room - 2000))" \
    "$json_awk$files_awk" \
    stage=rules "$work/manifest" stage=times "$work/joined" stage=complaints "$work/complaints" \
    stage=files "$work/joined" >"$work/files.json"
  short=$(sed -n 's/^files-short //p' "$work/manifest")
  left=$(sed -n 's/^files-left //p' "$work/manifest")
  printf ',"sample":"%s","short":%s,"left":%s,"out":%s}\n' "${sample:-100}" "${short:-false}" "${left:-0}" \
    "$(sed -n 's/^files-out //p' "$work/manifest" | json_rows)" >>"$work/files.json"
}
