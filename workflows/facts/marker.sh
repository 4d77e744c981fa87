# The fact "marker": a line that only this run wrote. It tells whose disk a restored machine has.

marker_record() {
  marker="$key $measured"
  printf '%s\n' "$marker" >"$kept/marker"
  printf 'marker %s\n' "$marker" >>"$kept/manifest"
  printf '{"text":"%s"}\n' "$marker" >"$work/marker.json"
}

marker_compare() {
  before=$(sed -n 's/^marker //p' "$work/manifest")
  if [ -f "$own/marker" ] && [ ! -L "$own/marker" ]; then
    now=$(head -c 200 "$own/marker" | tr '\000' ' ')
    printf '%s\n%s\n' "$before" "$now" | awk "$json_awk"'
      NR == 1 { before = $0; next }
      { now = now (NR > 2 ? "\n" : "") $0 }
      END { print "{\"before\":" quoted(before) ",\"after\":" quoted(now) "}" }' >"$work/marker.json"
  else
    printf '{"before":"%s","after":null}\n' "$before" >"$work/marker.json"
  fi
}
