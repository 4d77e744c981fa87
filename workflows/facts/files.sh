# The fact "files": every entry below the profile's paths, one line each, sorted by name, parted by tabs:
# name, type, mode, uid:gid, size, mtime, SHA-256 or - where the content was not read, target of a link, ctime.
# Lists of before the first release lack the ctime, and the mtime of all that is no file.

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

# The manifest keeps the rules beside the paths: the restored machine is judged by those of the day.
files_profile() {
  while [ $# -gt 0 ]; do
    case $1 in
      path | optional) files_start "$1" "$2" ;;
      without | files-*) printf '%s %s\n' "$1" "$2" ;;
    esac
    shift 2
  done
}

mend='name fewer paths, raise it, or read a sample'

# $1 the manifest. Sets what the rules say; all content, and a day for it, where it says nothing.
files_rules() {
  sample=$(sed -n 's/^files-sample //p' "$1")
  most=$(sed -n 's/^files-most //p' "$1")
  most=${most:-9000000000 9000000000000000000 86400}
  most_files=${most%% *}
  most_seconds=${most##* }
  most_bytes=${most#* }
  most_bytes=${most_bytes% *}
}

# One walk: what there is goes into $work/entries, one line each, sorted by name: type, mode, owner, size, mtime, ctime,
# device, name, target. No name holds two slashes in a row, so they part a name from a target. Complaints stand beside.
# $1 the manifest that names the paths. On a comparison a path that is gone is no error: its files are missing.
files_walk() {
  manifest=$1
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
  doing='sorting the list of files'
  : >"$work/find"
  { [ $# -eq 0 ] || files_find "$@"; } | sure sed -z -e 's/\\/\\\\/g' -e 's/\n/\\n/g' -e 's/\t/\\t/g' -e 's/\r/\\r/g' \
    -e 's/ /\t/;s/ /\t/;s/ /\t/;s/ /\t/;s/ /\t/;s/ /\t/;s/ /\t/' \
    -e 's,\t\.,\t,' -e 's,//,\t,' -e 's,\t\t,\t/\t,' |
    sure tr '\000' '\n' |
    sort -S 64M -T "$work" -t "$tab" -s -u -k 8,8 -o "$work/entries"
  pipes_held
  sed -e 's/\t/ /g' -e 's/^find: .\.\(.*\).: \([^:]*\)$/\1\t\2/' -e '/\t/!s/^/\t/' "$work/find" >>"$work/complaints"
}

files_find() {
  set -- "$@" -ignore_readdir_race -xdev '(' -path "$store"
  while IFS= read -r line; do
    case $line in
      'without '*) set -- "$@" -o -path ".$(printf '%s\n' "${line#* }" | sed 's/[][*?\\]/\\&/g')" ;;
    esac
  done <"$manifest"
  find "$@" ')' -prune \
    -o -type f -printf '%y %m %U:%G %s %T@ %C@ %D %p//\0' \
    -o -type l -printf '%y %m %U:%G - %T@ %C@ %D %p//%l\0' \
    -o -printf '%y %m %U:%G - %T@ %C@ %D %p//\0' 2>"$work/find" || [ -s "$work/find" ] || : >"$work/broken"
}

# What the walk meets and the list cannot hold, or find does not enter: told, never silent. Name and reason.
files_left_out() {
  awk -F "$tab" -v OFS="$tab" '
    stage == "paths" { if ($0 ~ /^path /) start[substr($0, 6)] = 1; next }
    $1 == "s" { print $8, "a socket" }
    $1 == "d" {
      device[$8] = $7
      parent = $8
      sub(/\/[^\/]*$/, "", parent)
      if (parent == "") parent = "/"
      if (!($8 in start) && parent in device && device[parent] != $7) print $8, "another file system"
    }' stage=paths "$1" stage=entries "$work/entries"
}

# Whose content is read, one escaped name a line. The choice is made by name and seed, so it hits the same names again.
files_choose_sample() {
  awk -F "$tab" -v OFS="$tab" -v seed="$key" -v sample="$sample" "$json_awk"'
    function mixed(text,    at, sum) {
      sum = start
      for (at = 1; at <= length(text); at++) sum = (sum * 257 + number[substr(text, at, 1)]) % 67108859
      for (at = 1; at <= 4; at++) sum = (sum * sum + sum * 7919 + start + at) % 67108859
      return sum
    }
    BEGIN { start = 0; start = mixed(seed) }
    $1 == "f" {
      lot = mixed($8)
      if (lot % 10000 < sample * 100) { print lot, $4, $8; chosen++ }
      else if (first == "" || lot < lowest) { lowest = lot; first = lot OFS $4 OFS $8 }
    }
    END { if (!chosen && first != "") print first }' "$work/entries" >"$work/lots"
  sort -S 64M -T "$work" -t "$tab" -n -k 1,1 "$work/lots" >"$work/drawn"
  awk -F "$tab" -v most_files="$most_files" -v most_bytes="$most_bytes" '
    files + 1 > most_files + 0 || bytes + $2 > most_bytes + 0 { next }
    { files++; bytes += $2; print $3 }' "$work/drawn" >"$work/chosen"
  if [ "$(wc -l <"$work/chosen")" -lt "$(wc -l <"$work/drawn")" ]; then : >"$work/short"; fi
}

# All cores, and one process a batch: a shell or a timeout around each cost a tenth of the time. Where there is an openssl
# that agrees with sha256sum, it reads all but the names that it would write in a way of its own: with the processor's
# instructions for SHA-256 it takes a third of the time.
# Reads $work/chosen; leaves $work/hashes: SHA-256, name; sorted by name.
files_hash() {
  cores=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
  count=$(wc -l <"$work/chosen")
  batch=$((count / (cores * 8) + 1))
  if [ "$batch" -gt 500 ]; then batch=500; fi
  : >"$work/sums.0"
  sed -e 's/^/./' -e '/\\/d' "$work/chosen" | tr '\n' '\000' >"$work/plain"
  sed -e 's/^/./' -e '/\\/!d' "$work/chosen" >"$work/dotted"
  xargs -r -d '\n' -a "$work/dotted" printf '%b\0' </dev/null >"$work/odd"
  if files_openssl; then files_read "$work/plain" openssl dgst -sha256 -r; else files_read "$work/plain" sha256sum; fi
  if [ -s "$work/odd" ]; then files_read "$work/odd" sha256sum; fi
  if [ -e "$work/late" ]; then files_cut; fi
  # sha256sum marks a name that it escaped with a leading backslash; older ones leave \r as it is, all leave tabs.
  sure find "$work" -name 'sums.*' -exec cat '{}' + |
    sure sed -e 's/^\\//' -e 's/\t/\\t/g' -e 's/\r/\\r/g' -e 's/ [ *]\./\t/' |
    sort -S 64M -T "$work" -t "$tab" -s -u -k 2,2 -o "$work/hashes"
}

files_openssl() {
  printf '%s\n' "$key" >"$work/trial"
  said=$(openssl dgst -sha256 -r "$work/trial" 2>/dev/null) || return 1
  [ "$said" = "$(sum_of "$work/trial") *$work/trial" ]
}

# $1 names that end in NUL, then the program. Each process has a file for its own lines, since those of several writers
# would mix; it appends, since process ids come back in long measurements. In the background: a shell that waits for a
# program in the foreground lets no trap run. Since timeout leads a process group of its own, no batch begins once the
# script is gone, whatever ended it. 123: a file could not be read. 124 or 137: the time was over.
files_read() {
  names=$1
  shift
  left=$((deadline - $(date +%s)))
  status=124
  if [ "$left" -gt 0 ]; then
    status=0
    # shellcheck disable=SC2016
    timeout -k 5 "$left" nice -n 10 xargs -0 -r -a "$names" -P "$cores" -n "$batch" sh -c '
      kill -0 "$1" || exit 255
      sums=$2/sums
      shift 2
      exec "$@" >>"$sums.$$"' sh "$$" "$work" "$@" </dev/null &
    reading=$!
    wait "$reading" || status=$?
    reading=''
  fi
  case $status in
    0 | 123) ;;
    124 | 137) : >"$work/late" ;;
    *) return "$status" ;;
  esac
}

# Out of time: a line that was being written is no line. A copy is looked at, as its writer may not be gone yet.
files_cut() {
  for sums in "$work"/sums.*; do
    cat "$sums" >"$work/whole"
    if [ -n "$(tail -c 1 "$work/whole")" ]; then sed -i '$d' "$work/whole"; fi
    mv "$work/whole" "$sums"
  done
}

# Of the chosen names that gave no hash: $work/gone are no longer there, $work/unread still are.
files_settle() {
  : >"$work/gone"
  : >"$work/unread"
  if [ "$(wc -l <"$work/hashes")" -eq "$count" ]; then return; fi
  sort -S 64M -T "$work" "$work/chosen" >"$work/asked"
  cut -f 2 "$work/hashes" >"$work/answered"
  comm -23 "$work/asked" "$work/answered" >"$work/unhashed"
  while IFS= read -r name; do
    raw=$(printf '%b.' "$name")
    raw=.${raw%.}
    if [ -e "$raw" ] || [ -L "$raw" ]; then printf '%s\n' "$name" >>"$work/unread"
    else printf '%s\n' "$name" >>"$work/gone"; fi
  done <"$work/unhashed"
  # A sample may be smaller than it was meant to be; what it lacks is told and not held against the server.
  if [ "$mode" = record ] && [ -n "$sample" ] && [ -e "$work/late" ]; then : >"$work/unread"; fi
}

# $work/chosen is there; $1 where the list goes. A tenth field, the device, goes into the list of a comparison only.
# $work/totals: entries, files and their bytes, files whose content was read and their bytes.
files_list() {
  doing='reading the files'
  files_hash
  files_settle
  doing='writing the list of files'
  join -t "$tab" -a 1 -1 8 -2 2 -o 0,1.1,1.2,1.3,1.4,1.5,2.1,1.9,1.6,1.7 "$work/entries" "$work/hashes" >"$work/listed"
  awk -F "$tab" -v OFS="$tab" -v mode="$mode" -v totals="$work/totals" '
    stage == "gone" { gone[$0] = 1; next }
    stage == "unread" { unread[$0] = 1; next }
    $2 == "s" || $1 in gone { next }
    { entries++ }
    $2 == "f" {
      if ($7 == "") $7 = $1 in unread ? "unreadable" : "-"
      files++
      bytes += $5
      if ($7 != "-") { read++; seen += $5 }
    }
    mode == "record" { print $1, $2, $3, $4, $5, $6, $7, $8, $9; next }
    { print }
    END { printf "%d %d %.0f %d %.0f\n", entries, files, bytes, read, seen >totals }' \
    stage=gone "$work/gone" stage=unread "$work/unread" stage=list "$work/listed" >"$1"
  pipes_held
}

# Without a sample, what is too much stops the run before anything is read.
files_choose() {
  if [ -n "$sample" ]; then
    files_choose_sample
    return
  fi
  awk -F "$tab" -v files="$most_files" -v bytes="$most_bytes" -v mend="$mend" -v chosen="$work/chosen" '
    BEGIN { printf "" >chosen }
    $1 == "f" { print $8 >chosen; count++; sum += $4 }
    END {
      if (count > files + 0) printf "files\t\tthere are %d files, more than most_files = %s: %s\n", count, files, mend
      if (sum > bytes + 0) printf "files\t\tthere are %.0f bytes, more than most_bytes = %s: %s\n", sum, bytes, mend
    }' "$work/entries" >>"$work/problems"
  stop_on_problems
}

files_record() {
  files_profile "$@" >"$work/paths"
  stop_on_problems
  printf 'files-asked %s\n' "$asked" >>"$work/paths"
  cat "$work/paths" >>"$kept/manifest"
  files_rules "$work/paths"
  deadline=$(($(date +%s) + most_seconds))
  list=$kept/files.list
  doing='walking the paths'
  files_walk "$work/paths"
  awk -F "$tab" '{ print "files" FS $1 FS $2 }' "$work/complaints" >>"$work/problems"
  files_choose
  files_list "$list"
  files_complain
  totals=$(cat "$work/totals")
  # shellcheck disable=SC2086
  set -- $totals
  if [ "$2" -eq 0 ]; then problem files '' 'there is no file below the paths of the profile'; fi
  stop_on_problems
  files_left_out "$work/paths" >"$work/left" &
  left_out=$!
  digest=$(sum_of "$list")
  wait "$left_out"
  printf 'files %s %s %s %s %s\n' "$digest" "$1" "$(wc -c <"$list")" "$2" "$3" >>"$kept/manifest"
  sed "s/\$/${tab}vanished while it was measured/" "$work/gone" >>"$work/left"
  left=$(wc -l <"$work/left")
  short=false
  if [ -e "$work/short" ] || [ -e "$work/late" ]; then short=true; fi
  head -n 3 "$work/left" | sed 's/^/files-out /' >>"$kept/manifest"
  printf 'files-left %s\nfiles-short %s\n' "$left" "$short" >>"$kept/manifest"
  absent=$(sed -n -e 's/\\/\\\\/g' -e 's/^absent //p' "$work/paths" | json_rows)
  printf '{"count":%s,"bytes":%s,"entries":%s,"digest":"%s","absent":%s' "$2" "$3" "$1" "$digest" "$absent" \
    >"$work/files.json"
  printf ',"read":{"count":%s,"bytes":%s},"short":%s,"left":%s,"out":%s}\n' "$4" "$5" "$short" "$left" \
    "$(head -n 3 "$work/left" | json_rows)" >>"$work/files.json"
}

# What could not be read although it is there stops the run.
files_complain() {
  if [ -s "$work/unread" ] && [ -e "$work/late" ]; then
    problem files '' "$(wc -l <"$work/unread") files could not be read within most_seconds = $most_seconds: $mend"
  else
    awk -F "$tab" '{ print "files" FS $1 FS "may not be read" }' "$work/unread" >>"$work/problems"
  fi
}

files_trouble() { printf '{"trouble":"%s"}\n' "$1" >"$work/files.json"; }

# What is read again is what the list has a hash of: its digest is in the manifest, so nothing else can choose.
files_compare() {
  list=$own/files.list
  expected_list=$(sed -n 's/^files \([0-9a-f]*\) .*$/\1/p' "$work/manifest")
  if [ ! -f "$list" ] || [ -L "$list" ]; then
    files_trouble list-missing
    return
  fi
  if [ "$(sum_of "$list")" != "$expected_list" ]; then
    files_trouble list-tampered
    return
  fi
  files_rules "$work/manifest"
  deadline=$(($(date +%s) + most_seconds))
  doing='walking the paths'
  files_walk "$work/manifest"
  awk -F "$tab" '$2 == "f" && $7 != "-" { print $1 }' "$list" >"$work/hashed"
  awk -F "$tab" '$1 == "f" { print $8 }' "$work/entries" >"$work/files"
  comm -12 "$work/hashed" "$work/files" >"$work/chosen"
  files_list "$work/now"
  doing='comparing the files'
  join -t "$tab" -a 1 -a 2 -o 0,1.2,1.3,1.4,1.5,1.6,1.7,1.8,1.9,2.2,2.3,2.4,2.5,2.6,2.7,2.8,2.9,2.10 \
    "$list" "$work/now" >"$work/joined"
  files_judge
}
