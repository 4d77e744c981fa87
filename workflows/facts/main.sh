# The two things that the script does: `record` before a backup, `compare` on any machine that holds a record.

# A folder is replaced as a whole, so it never mixes two measurements. The ten newest stay.
keep() {
  doing='keeping the record in /var/lib/firedrill'
  if [ -e "$own" ]; then mv -T -- "$own" "$work/replaced"; fi
  mv -T -- "$kept" "$own"
  find "$store" -maxdepth 1 -type d -printf '%T@ %f\n' >"$work/folders"
  sort -rn "$work/folders" | awk '
    $2 ~ /^[A-Z]-[0-9][0-9][0-9][0-9]+-[0-9a-f]+$/ && length($2) < 40 && ++kept > 10 { print $2 }' >"$work/old"
  while IFS= read -r old; do
    if [ "$old" != "$key" ]; then rm -rf -- "${store:?}/$old"; fi
  done <"$work/old"
  find "$store" -maxdepth 1 -type d -name '.work.*' -mmin +1440 -exec rm -rf -- '{}' +
  doing='syncing the disks'
  # Scratch that is gone before it reaches the disk costs nothing.
  find "$work" -type f ! -name '*.json' -exec rm -f -- '{}' +
  sync
}

record() {
  make_work
  kept=$work/kept
  mkdir -- "$kept"
  epoch=$(date -u +%s)
  measured=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)
  printf 'firedrill-facts 1\nkey %s\nmeasured %s %s\nfacts %s\n' \
    "$key" "$epoch" "$measured" "$facts" >"$kept/manifest"
  for fact in $facts; do "${fact}_record" "$@"; done
  doing='summing the manifest'
  digest=$(sum_of "$kept/manifest")
  keep
  say "$measured" "$digest" "$facts"
}

# $1 measured at, $2 the manifest's digest, $3 the facts whose JSON stands in $work
say() {
  parts=''
  names=''
  for fact in $3; do
    parts="$parts,\"$fact\":$(tr -d '\n' <"$work/$fact.json")"
    names="$names${names:+,}\"$fact\""
  done
  answer "{\"format\":1,\"mode\":\"$mode\",\"key\":\"$key\",\"digest\":\"$2\",\"measured\":\"$1\",\"facts\":[$names]$parts}"
}

# A verdict without a comparison: what the disk holds cannot be trusted, or is not there.
trouble() {
  answer "{\"format\":1,\"mode\":\"compare\",\"key\":\"$key\",\"digest\":\"$2\",\"trouble\":\"$1\"}"
  exit 0
}

compare() {
  doing='looking for the manifest'
  if [ ! -f "$own/manifest" ] || [ -L "$own/manifest" ] || [ -L "$own" ]; then trouble no-manifest ''; fi
  make_work
  doing='checking the manifest'
  cat -- "$own/manifest" >"$work/manifest"
  digest=$(sum_of "$work/manifest")
  if [ "$digest" != "$expected" ]; then trouble manifest-tampered "$digest"; fi
  read -r first <"$work/manifest"
  if [ "$first" != 'firedrill-facts 1' ]; then trouble other-format "$digest"; fi
  if ! grep -Fqx "key $key" "$work/manifest"; then trouble other-key "$digest"; fi
  recorded=$(sed -n 's/^facts //p' "$work/manifest")
  room=$((16000 - 300 * $(checks_in "$work/manifest")))
  for fact in $recorded; do
    case " $facts " in
      *" $fact "*) "${fact}_compare" ;;
      *) trouble unknown-fact "$digest" ;;
    esac
  done
  doing='answering'
  say "$(sed -n 's/^measured [0-9]* //p' "$work/manifest")" "$digest" "$recorded"
}

enter
"$mode" "$@"
