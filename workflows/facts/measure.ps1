# What the pieces of sh do, for Windows PowerShell 5.1: the same record, the same answer. Its data stands before it.
# Nothing of the data is ever run, but for the profile's own commands, which get a PowerShell of their own.

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$store = 'C:\ProgramData\Firedrill'
$own = "$store\$key"
$work = "$store\.work.$([Guid]::NewGuid().ToString('N'))"
$utf8 = [System.Text.UTF8Encoding]::new($false)
$invariant = [System.Globalization.CultureInfo]::InvariantCulture
$ordinal = [System.StringComparer]::Ordinal
$zero = [DateTime]::new(1970, 1, 1, 0, 0, 0, [DateTimeKind]::Utc)
$ends = "`r`n".ToCharArray()
$buffer = [byte[]]::new(1048576)
$manifest = [System.Collections.Generic.List[string]]::new()
$problems = [System.Collections.Generic.List[string]]::new()
$complaints = [System.Collections.Generic.List[string]]::new()
$leftOut = [System.Collections.Generic.List[string]]::new()
$rows = [System.Collections.Generic.SortedDictionary[string, string]]::new($ordinal)
$tells = [System.Collections.Generic.List[string]]::new()
$state = @{ doing = 'starting'; answered = $false; late = $false; short = $false; room = 0; total = 0; drifts = $false }

# ---- the answer: JSON in pure ASCII, in which a character from U+0000 to U+00FF stands for one byte of UTF-8

function Get-Cut([string]$text, [int]$most) {
  if ($text.Length -le $most) { return $text }
  $head = [int][Math]::Floor($most / 3)
  return $text.Substring(0, $head) + [char]0x2026 + $text.Substring($text.Length - ($most - $head))
}

function Get-Json([string]$text) {
  $out = [System.Text.StringBuilder]::new('"')
  foreach ($byte in $utf8.GetBytes($text)) {
    if ($byte -eq 34 -or $byte -eq 92) { [void]$out.Append('\').Append([char]$byte) }
    elseif ($byte -lt 32 -or $byte -gt 126) { [void]$out.Append('\u00').Append($byte.ToString('x2', $invariant)) }
    else { [void]$out.Append([char]$byte) }
  }
  return $out.Append('"').ToString()
}

# Lines of fields parted by tabs: as many of the first $most as fit 6000 characters.
function Get-JsonRows($lines, [int]$most) {
  $made = [System.Collections.Generic.List[string]]::new()
  $size = 0
  foreach ($line in $lines) {
    $fields = @(foreach ($field in $line.Split("`t".ToCharArray())) { Get-Json (Get-Cut $field 200) })
    $row = '[' + ($fields -join ',') + ']'
    $size += $row.Length + 1
    if ($made.Count -ge $most -or $size -gt 6000) { break }
    $made.Add($row)
  }
  return '[' + ($made -join ',') + ']'
}

function Write-Answer([string]$rest) {
  [Console]::Out.WriteLine("firedrill-facts:{`"format`":1,`"mode`":`"$mode`",`"key`":`"$key`",$rest}")
  $state.answered = $true
}

function Add-Problem([string]$fact, [string]$path, [string]$why) { $problems.Add("$fact`t$path`t$why") }

# Once everything that is wrong is known.
function Stop-OnProblems {
  if ($problems.Count -eq 0) { return }
  Write-Answer "`"errors`":$(Get-JsonRows $problems 40),`"error_count`":$($problems.Count)"
  throw 'what is wrong was answered'
}

# A verdict without a comparison: what the disk holds cannot be trusted, or is not there.
function Write-Trouble([string]$trouble, [string]$digest) { Write-Answer "`"digest`":`"$digest`",`"trouble`":`"$trouble`"" }

# ---- hashes, texts and times

function Get-Hex([byte[]]$bytes) { return [BitConverter]::ToString($bytes).Replace('-', '').ToLowerInvariant() }

# The one of Windows' own library, which a machine that keeps to FIPS has too.
function New-Sha { return [System.Security.Cryptography.SHA256CryptoServiceProvider]::new() }

function Get-TextSum([string]$text) {
  $sha = New-Sha
  $bytes = $utf8.GetBytes($text)
  $hash = $sha.ComputeHash($bytes)
  return Get-Hex $hash
}

# Shared with whoever writes it meanwhile. Empty when the time was over.
function Get-FileSum([string]$name, [DateTime]$deadline) {
  $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
  $stream = [System.IO.FileStream]::new($name, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)
  try {
    $sha = New-Sha
    while (($count = $stream.Read($buffer, 0, $buffer.Length)) -gt 0) {
      if ([DateTime]::UtcNow -gt $deadline) { return '' }
      [void]$sha.TransformBlock($buffer, 0, $count, $buffer, 0)
    }
    [void]$sha.TransformFinalBlock($buffer, 0, 0)
    $hash = $sha.Hash
    return Get-Hex $hash
  } finally { $stream.Dispose() }
}

function Read-Text([string]$name) {
  $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
  $stream = [System.IO.FileStream]::new($name, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, $share)
  $reader = [System.IO.StreamReader]::new($stream, $utf8)
  try { return $reader.ReadToEnd() } finally { $reader.Dispose() }
}

# Lines that end in a line feed, on the disk when this returns.
function Write-Lines([string]$name, $lines) {
  $stream = [System.IO.File]::Create($name)
  try {
    foreach ($line in $lines) {
      $bytes = $utf8.GetBytes("$line`n")
      $stream.Write($bytes, 0, $bytes.Length)
    }
    $stream.Flush($true)
  } finally { $stream.Dispose() }
}

function Get-Seconds([DateTime]$time) { return (([decimal]($time.Ticks - $zero.Ticks)) / 10000000).ToString('0.0000000', $invariant) }

function Get-Number([string]$text) {
  if ($text -ceq '') { return [decimal]0 }
  return [decimal]::Parse($text, $invariant)
}

# ---- the manifest, and the folder that holds it

# What stands in the manifest behind a word.
function Get-Said([string]$word) {
  foreach ($line in $manifest) {
    if ($line.StartsWith("$word ", [StringComparison]::Ordinal)) { $line.Substring($word.Length + 1) }
  }
}

function Get-FirstSaid([string]$word, [string]$otherwise) {
  foreach ($each in Get-Said $word) { return $each }
  return $otherwise
}

# One of the words of the first such line, counted from 0.
function Get-Part([string]$word, [string]$otherwise, [int]$at) {
  $parts = (Get-FirstSaid $word $otherwise).Split(' '.ToCharArray())
  return $parts[$at]
}

# Any user may make a folder in C:\ProgramData, so this one must be the system's own; it lets in nobody else.
function Enter-Store {
  $state.doing = "entering $store"
  [System.Diagnostics.Process]::GetCurrentProcess().PriorityClass = [System.Diagnostics.ProcessPriorityClass]::BelowNormal
  $folder = [System.IO.Directory]::CreateDirectory($store)
  $owner = $folder.GetAccessControl([System.Security.AccessControl.AccessControlSections]::Owner)
  $sid = $owner.GetOwner([System.Security.Principal.SecurityIdentifier]).Value
  if ((Get-LinkTarget $folder) -cne '') { throw 'it is a link' }
  if ($sid -cne 'S-1-5-18' -and $sid -cne 'S-1-5-32-544') { throw "it belongs to $sid, who is not the system" }
  & "$env:SystemRoot\System32\icacls.exe" $store /inheritance:r /grant:r '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' /Q | Out-Null
  if ($LASTEXITCODE -ne 0) { throw "icacls ended with exit $LASTEXITCODE" }
  [void][System.IO.Directory]::CreateDirectory($work)
}

# A folder is replaced as a whole, so it never mixes two measurements. The ten newest stay.
function Save-Kept([string]$kept) {
  $state.doing = "keeping the record in $store"
  if ([System.IO.Directory]::Exists($own)) { [System.IO.Directory]::Move($own, "$work\replaced") }
  [System.IO.Directory]::Move($kept, $own)
  $folders = @([System.IO.DirectoryInfo]::new($store).GetDirectories() | Sort-Object -Property LastWriteTimeUtc -Descending)
  $records = @($folders | Where-Object { $_.Name -cmatch '^[A-Z]-[0-9]{4,16}-[0-9a-f]{8}$' })
  $left = @($folders | Where-Object { $_.Name.StartsWith('.work.') -and $_.LastWriteTimeUtc -lt [DateTime]::UtcNow.AddDays(-1) })
  foreach ($folder in @($records | Select-Object -Skip 10) + $left) { if ($folder.Name -cne $key) { $folder.Delete($true) } }
  foreach ($drive in @(Get-Said 'path') + @($store) | ForEach-Object { $_.Substring(0, 1) } | Sort-Object -Unique) {
    Write-VolumeCache -DriveLetter $drive -ErrorAction SilentlyContinue | Out-Null
  }
}

# ---- the fact "files"

# Symbolic links and junctions are links; other reparse points (deduplicated files, say) are what they look like.
function Get-LinkTarget($item) {
  if (([int]$item.Attributes -band [int][System.IO.FileAttributes]::ReparsePoint) -eq 0) { return '' }
  $link = Get-Item -LiteralPath $item.FullName -Force
  if ($link.LinkType -cne 'SymbolicLink' -and $link.LinkType -cne 'Junction') { return '' }
  return 'to ' + (@($link.Target) -join '|')
}

function Get-Why($failure) {
  $base = $failure.Exception.GetBaseException()
  if ($base -is [System.Management.Automation.RuntimeException]) { return $base.Message }
  if ($base -is [System.UnauthorizedAccessException]) { return 'may not be read' }
  if ($base -is [System.IO.PathTooLongException]) { return 'has a path of more than 259 characters' }
  return "cannot be read ($($base.GetType().Name)): does a program hold it open for itself alone?"
}

function Test-Gone($failure) {
  $base = $failure.Exception.GetBaseException()
  return $base -is [System.IO.FileNotFoundException] -or $base -is [System.IO.DirectoryNotFoundException]
}

function Add-Start([string]$word, [string]$path) {
  if (-not [System.IO.Directory]::Exists($path) -and -not [System.IO.File]::Exists($path)) {
    if ($word -ceq 'optional') { $manifest.Add("absent $path") }
    else { Add-Problem 'files' $path 'does not exist, or cannot be reached' }
    return
  }
  $each = $path
  while ($each.Length -gt 3) {
    $target = Get-LinkTarget ([System.IO.DirectoryInfo]::new($each))
    if ($target -cne '' -and -not $target.Contains('Volume{')) {
      Add-Problem 'files' $path "is or lies behind a link, at $each; name the real path"
      return
    }
    $each = [System.IO.Path]::GetDirectoryName($each)
  }
  $manifest.Add("path $path")
}

# Type, mode, owner, size, time of writing, hash, target. The mode is the attributes and a digest of the access rights.
function Get-Entry($item, [string]$target) {
  $time = Get-Seconds $item.LastWriteTimeUtc
  if ($target -cne '') { return @('l', 'link', '-', '-', $time, '-', $target) }
  $acl = $item.GetAccessControl([System.Security.AccessControl.AccessControlSections]'Access, Owner')
  $owner = $acl.GetOwner([System.Security.Principal.SecurityIdentifier]).Value
  $rights = (Get-TextSum $acl.GetSecurityDescriptorSddlForm([System.Security.AccessControl.AccessControlSections]::Access)).Substring(0, 8)
  $letters = ''
  foreach ($name in @('ReadOnly', 'Hidden', 'System')) {
    if (([int]$item.Attributes -band [int][System.IO.FileAttributes]$name) -ne 0) { $letters += $name.Substring(0, 1) }
  }
  $mode = "$letters/$rights"
  if ($item -is [System.IO.DirectoryInfo]) { return @('d', $mode, $owner, '-', $time, '-', '') }
  return @('f', $mode, $owner, $item.Length.ToString($invariant), $time, '-', '')
}

# What Windows keeps at the root of a drive for itself, and what is mounted below a path: told, never silent.
function Get-LeftOut([string]$name, [string]$target, $starts) {
  if ($name -imatch '^[A-Z]:\\(System Volume Information|\$RECYCLE\.BIN|pagefile\.sys|swapfile\.sys|hiberfil\.sys)$') {
    return 'the system''s own'
  }
  if ($target.Contains('Volume{') -and -not $starts.Contains($name)) { return 'another file system' }
  return ''
}

# One walk over all paths of the manifest; on a comparison over those too that did not exist.
function Get-Entries {
  $state.doing = 'walking the paths'
  $found = [System.Collections.Generic.SortedDictionary[string, string[]]]::new($ordinal)
  $stack = [System.Collections.Generic.Stack[System.IO.FileSystemInfo]]::new()
  $without = [System.Collections.Generic.HashSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
  $starts = [System.Collections.Generic.HashSet[string]]::new([System.StringComparer]::OrdinalIgnoreCase)
  foreach ($path in @($store) + @(Get-Said 'without')) { [void]$without.Add($path) }
  foreach ($path in @(Get-Said 'path') + @(Get-Said 'absent')) {
    [void]$starts.Add($path)
    if ([System.IO.Directory]::Exists($path)) { $stack.Push([System.IO.DirectoryInfo]::new($path)) }
    elseif ([System.IO.File]::Exists($path)) { $stack.Push([System.IO.FileInfo]::new($path)) }
  }
  while ($stack.Count -gt 0) {
    $item = $stack.Pop()
    $name = $item.FullName
    if ($found.ContainsKey($name) -or $without.Contains($name)) { continue }
    try {
      if ($name -cmatch '[\x00-\x1f]') { throw 'has a control character in its name' }
      $target = Get-LinkTarget $item
      $why = Get-LeftOut $name $target $starts
      if ($why -cne '') {
        $leftOut.Add("$name`t$why")
        continue
      }
      if ($target.Contains('Volume{')) { $target = '' }
      [string[]]$entry = Get-Entry $item $target
      if ($entry[0] -ceq 'd') { foreach ($each in $item.EnumerateFileSystemInfos()) { $stack.Push($each) } }
      $found.Add($name, $entry)
    } catch {
      if (Test-Gone $_) { $leftOut.Add("$name`tvanished while it was measured") }
      else { $complaints.Add("$($name -creplace '[\x00-\x1f]', '?')`t$(Get-Why $_)") }
    }
  }
  return , $found
}

# Whose content is read. The choice is made by name and key, so it hits the same names again.
function Get-Chosen($entries, [string]$sample, $most) {
  $drawn = [System.Collections.Generic.SortedDictionary[string, string]]::new($ordinal)
  $lowest = ''
  foreach ($pair in $entries.GetEnumerator()) {
    if ($pair.Value[0] -cne 'f') { continue }
    $lot = 0
    if ($sample -cne '') { $lot = [Convert]::ToInt32((Get-TextSum "$key $($pair.Key)").Substring(0, 7), 16) % 10000 }
    $ticket = $lot.ToString('d4', $invariant) + $pair.Key
    if ($sample -ceq '' -or $lot -lt (Get-Number $sample) * 100) { $drawn.Add($ticket, $pair.Key) }
    elseif ($lowest -ceq '' -or $ordinal.Compare($ticket, $lowest) -lt 0) { $lowest = $ticket }
  }
  if ($drawn.Count -eq 0 -and $lowest -cne '') { $drawn.Add($lowest, $lowest.Substring(4)) }
  $chosen = [System.Collections.Generic.List[string]]::new()
  $bytes = [decimal]0
  foreach ($name in $drawn.Values) {
    $size = Get-Number $entries[$name][3]
    if ($chosen.Count + 1 -gt $most[0] -or $bytes + $size -gt $most[1]) {
      $state.short = $true
      continue
    }
    $bytes += $size
    $chosen.Add($name)
  }
  if ($state.short -and $sample -ceq '') {
    Add-Problem 'files' '' "there is more than most_files = $($most[0]) or most_bytes = $($most[1]): name fewer paths, raise it, or read a sample"
  }
  return , $chosen
}

# The hash of each chosen name goes into its entry; `unreadable` where it is there and gave none.
function Read-Files($entries, $chosen, [decimal]$seconds) {
  $state.doing = 'reading the files'
  $deadline = [DateTime]::UtcNow.AddSeconds([double]$seconds)
  foreach ($name in $chosen) {
    try {
      $sum = ''
      if ([DateTime]::UtcNow -le $deadline) { $sum = Get-FileSum $name $deadline }
      if ($sum -ceq '') {
        $state.late = $true
        $sum = 'unreadable'
      }
      $entries[$name][5] = $sum
    } catch {
      if (Test-Gone $_) {
        [void]$entries.Remove($name)
        $leftOut.Add("$name`tvanished while it was measured")
      } else {
        $entries[$name][5] = 'unreadable'
        if ($mode -ceq 'record') { $complaints.Add("$name`t$(Get-Why $_)") }
      }
    }
  }
}

function Get-Total([decimal]$count, [decimal]$bytes) {
  return "{`"count`":$($count.ToString('0', $invariant)),`"bytes`":$($bytes.ToString('0', $invariant))}"
}

# Of the files of a list: how many and how large, and of how many the content was read.
function Get-Totals($entries) {
  $sums = @([decimal]0, [decimal]0, [decimal]0, [decimal]0)
  foreach ($entry in $entries.Values) {
    if ($entry[0] -cne 'f') { continue }
    $sums[0] += 1
    $sums[1] += Get-Number $entry[3]
    if ($entry[5] -ceq '-') { continue }
    $sums[2] += 1
    $sums[3] += Get-Number $entry[3]
  }
  return $sums
}

function Save-Files([string]$kept) {
  for ($at = 0; $at -lt $words.Length; $at += 2) {
    if ($words[$at] -ceq 'path' -or $words[$at] -ceq 'optional') { Add-Start $words[$at] $words[$at + 1] }
    else { $manifest.Add("$($words[$at]) $($words[$at + 1])") }
  }
  Stop-OnProblems
  $manifest.Add("files-asked $asked")
  $sample = Get-FirstSaid 'files-sample' ''
  $most = @(foreach ($at in @(0, 1, 2)) { Get-Number (Get-Part 'files-most' '' $at) })
  $entries = Get-Entries
  $chosen = Get-Chosen $entries $sample $most
  foreach ($line in $complaints) { $problems.Add("files`t$line") }
  Stop-OnProblems
  Read-Files $entries $chosen $most[2]
  foreach ($line in $complaints) { $problems.Add("files`t$line") }
  if ($state.late -and $sample -ceq '') {
    Add-Problem 'files' '' "not all files could be read within most_seconds = $($most[2]): name fewer paths, raise it, or read a sample"
  }
  foreach ($entry in $entries.Values) { if ($state.late -and $entry[5] -ceq 'unreadable') { $entry[5] = '-' } }
  $sums = Get-Totals $entries
  if ($sums[0] -eq 0) { Add-Problem 'files' '' 'there is no file below the paths of the profile' }
  Stop-OnProblems
  $lines = [System.Collections.Generic.List[string]]::new()
  foreach ($pair in $entries.GetEnumerator()) { $lines.Add($pair.Key + "`t" + ($pair.Value -join "`t")) }
  Write-Lines "$kept\files.list" $lines
  $digest = Get-FileSum "$kept\files.list" ([DateTime]::MaxValue)
  $short = "$($state.short -or $state.late)".ToLowerInvariant()
  $size = [System.IO.FileInfo]::new("$kept\files.list").Length
  $manifest.Add("files $digest $($entries.Count) $size $($sums[0].ToString('0', $invariant)) $($sums[1].ToString('0', $invariant))")
  foreach ($line in @($leftOut | Select-Object -First 3)) { $manifest.Add("files-out $line") }
  $manifest.Add("files-left $($leftOut.Count)")
  $manifest.Add("files-short $short")
  $total = (Get-Total $sums[0] $sums[1]).TrimEnd('}'.ToCharArray())
  return "$total,`"entries`":$($entries.Count),`"digest`":`"$digest`",`"absent`":$(Get-JsonRows @(Get-Said 'absent') 40)" +
    ",`"read`":$(Get-Total $sums[2] $sums[3]),`"short`":$short,`"left`":$($leftOut.Count),`"out`":$(Get-JsonRows $leftOut 3)}"
}

# A mtime says when a name was written: `old`, so nothing explains a difference and it is corruption; `between` the record
# and the moment that sealed the image; `late`, after it. Windows shows a script no ctime, so the mtime must do.
function Get-When([string]$before, [string]$now, [decimal]$measured, $until) {
  $time = Get-Number $now
  if ($before -ceq $now -or $time -le (Get-Number $before) -or $time -lt $measured) { return 'old' }
  if ($null -eq $until -or $time -le $until) { return 'between' }
  return 'late'
}

# A pattern of names as a regular expression: ** is anything, * a part of a name.
function Get-Pattern([string]$glob) {
  $parts = [regex]::Escape($glob) -creplace '\\\*\\\*\\\\', '(.*\\)?' -creplace '\\\*\\\*', '.*' -creplace '\\\*', '[^\\]*'
  return [regex]::new("^$parts$", [System.Text.RegularExpressions.RegexOptions]'IgnoreCase, CultureInvariant')
}

# Cause and words for each thing that differs between two entries, an empty one being no entry.
function Get-Blames([string[]]$old, [string[]]$new, [string]$when) {
  $word = @{ f = 'file'; d = 'directory'; l = 'link' }
  if ($old.Length -eq 0) {
    if ($when -ceq 'between') { return "drifted`t$($word[$new[0]])" }
    return "new`t$($word[$new[0]])"
  }
  if ($new.Length -eq 0) { return "missing`t$($word[$old[0]])" }
  if ($new[5] -ceq 'unreadable') {
    if ($state.late) { return "unreadable`tnot read in time" }
    return "unreadable`tcannot be read"
  }
  if ($old[0] -cne $new[0]) { return "type`t$($word[$new[0]]) was $($word[$old[0]])" }
  $size = ''
  if ($old[3] -cne $new[3]) { $size = "; size $($new[3]) was $($old[3])" }
  $content = @{ old = "corrupt`tcontent corrupt"; between = "drifted`tcontent drifted"; late = "rewritten`tcontent rewritten after the image was taken" }
  $unread = $old[5] -ceq '-' -or $new[5] -ceq '-'
  if ($old[0] -ceq 'f' -and (($unread -and $size -cne '') -or (-not $unread -and $old[5] -cne $new[5]))) { $content[$when] + $size }
  elseif ($old[0] -ceq 'f' -and $unread -and $old[4] -cne $new[4]) {
    if ($when -ceq 'between') { "drifted`twritten again, content not read" } else { "rewritten`ttime of writing differs, content not read" }
  }
  if ($old[1] -cne $new[1]) { "mode`tmode $($new[1]) was $($old[1])" }
  if ($old[2] -cne $new[2]) { "owner`towner $($new[2]) was $($old[2])" }
  if ($old[6] -cne $new[6]) { "target`ttarget $(Get-Cut $new[6] 80) was $(Get-Cut $old[6] 80)" }
}

$ranks = @('unreadable', 'corrupt', 'missing', 'type', 'rewritten', 'new', 'mode', 'owner', 'target', 'drifted')

# What is said of a name: the worst cause that fails, or drifted.
function Get-Kind([string[]]$causes, [string[]]$fails) {
  foreach ($rank in $ranks) {
    if ($causes -ccontains $rank -and $fails -ccontains $rank) {
      if (@('mode', 'owner', 'target', 'drifted') -ccontains $rank) { return 'changed' }
      return $rank
    }
  }
  return 'drifted'
}

# Kind, name and words of everything that differs, by kind.
function Get-Differences($before, $now, [decimal]$measured, $until) {
  $patterns = @(foreach ($glob in @(Get-Said 'files-drift')) { Get-Pattern $glob })
  $fails = (Get-FirstSaid 'files-fail' ($ranks[0..8] -join ' ')).Split(' '.ToCharArray())
  $found = @{}
  foreach ($kind in $kindsOfFiles) { $found[$kind] = [System.Collections.Generic.List[string]]::new() }
  foreach ($line in $complaints) { $found['unreadable'].Add($line) }
  $names = [System.Collections.Generic.SortedSet[string]]::new($before.Keys, $ordinal)
  $names.UnionWith($now.Keys)
  foreach ($name in $names) {
    [string[]]$old = @()
    [string[]]$new = @()
    if ($before.ContainsKey($name)) { $old = $before[$name] }
    if ($now.ContainsKey($name)) { $new = $now[$name] }
    if ($old.Length -eq $new.Length -and $new[5] -cne 'unreadable' -and ($old -join "`t") -ceq ($new -join "`t")) { continue }
    $was = ''
    $is = ''
    if ($old.Length -gt 0) { $was = $old[4] }
    if ($new.Length -gt 0) { $is = $new[4] }
    $blames = @(Get-Blames $old $new (Get-When $was $is $measured $until))
    if ($blames.Length -eq 0) { continue }
    $drifts = @($patterns | Where-Object { $_.IsMatch($name) }).Length -gt 0
    $causes = @(foreach ($blame in $blames) {
      $cause = $blame.Substring(0, $blame.IndexOf("`t"))
      if ($drifts -and $cause -cne 'unreadable') { 'drifted' } else { $cause }
    })
    $said = @(foreach ($blame in $blames) { $blame.Substring($blame.IndexOf("`t") + 1) }) -join '; '
    $kind = Get-Kind $causes $fails
    if ($kind -ceq 'drifted' -and $old.Length -eq 0) { $said = "new $said" }
    if ($kind -ceq 'drifted' -and $new.Length -eq 0) { $said = "missing $said" }
    $found[$kind].Add("$name`t$said")
  }
  return $found
}

$kindsOfFiles = @('corrupt', 'missing', 'changed', 'type', 'rewritten', 'unreadable', 'new', 'drifted')

# Each kind names its first, and as many more as its share of the room holds; all are counted.
function Get-Sections($found) {
  $out = ''
  foreach ($kind in $kindsOfFiles) {
    $shown = [System.Collections.Generic.List[string]]::new()
    $size = 0
    foreach ($line in $found[$kind]) {
      $at = $line.IndexOf("`t")
      $item = '[' + (Get-Json (Get-Cut $line.Substring(0, $at) 80)) + ',' + (Get-Json (Get-Cut $line.Substring($at + 1) 300)) + ']'
      $size += $item.Length + 1
      $full = $shown.Count -ge 40 -or $size -gt [int](($state.room - 2000) / $kindsOfFiles.Length)
      if ($full -and $shown.Count -gt 0) { break }
      $shown.Add($item)
    }
    $out += ",`"$kind`":{`"count`":$($found[$kind].Count),`"first`":[$($shown -join ',')]}"
  }
  return $out
}

function Compare-Files {
  $list = "$own\files.list"
  if (-not [System.IO.File]::Exists($list)) { return '{"trouble":"list-missing"}' }
  if ((Get-FileSum $list ([DateTime]::MaxValue)) -cne (Get-Part 'files' '' 0)) {
    return '{"trouble":"list-tampered"}'
  }
  $before = [System.Collections.Generic.SortedDictionary[string, string[]]]::new($ordinal)
  foreach ($line in (Read-Text $list).Split("`n".ToCharArray())) {
    $at = $line.IndexOf("`t")
    if ($at -gt 0) { $before.Add($line.Substring(0, $at), $line.Substring($at + 1).Split("`t".ToCharArray())) }
  }
  $now = Get-Entries
  $chosen = @(foreach ($pair in $before.GetEnumerator()) {
    if ($pair.Value[0] -ceq 'f' -and $pair.Value[5] -cne '-' -and $now.ContainsKey($pair.Key) -and $now[$pair.Key][0] -ceq 'f') { $pair.Key }
  })
  Read-Files $now $chosen (Get-Number (Get-Part 'files-most' '0 0 86400' 2))
  $state.doing = 'comparing the files'
  $measured = Get-Number (Get-Part 'measured' '' 0)
  $began = Get-FirstSaid 'files-asked' ''
  $until = $null
  if ($sealed -cne '') { $until = Get-Number $sealed }
  if ($sealed -cne '' -and $began -cne '') { $until += $measured - (Get-Number $began) }
  $found = Get-Differences $before $now $measured $until
  $was = Get-Totals $before
  $is = Get-Totals $now
  return "{`"before`":$(Get-Total $was[0] $was[1]),`"after`":$(Get-Total $is[0] $is[1]),`"read`":$(Get-Total $was[2] $was[3])" +
    "$(Get-Sections $found),`"sample`":$(Get-Json (Get-FirstSaid 'files-sample' '100')),`"short`":$(Get-FirstSaid 'files-short' 'false')" +
    ",`"left`":$(Get-FirstSaid 'files-left' '0'),`"out`":$(Get-JsonRows @(Get-Said 'files-out') 3)}"
}

# ---- the fact "marker": a line that only this run wrote

function Compare-Marker {
  $before = Get-Json (Get-FirstSaid 'marker' '')
  if (-not [System.IO.File]::Exists("$own\marker")) { return "{`"before`":$before,`"after`":null}" }
  return "{`"before`":$before,`"after`":$(Get-Json (Get-Cut (Read-Text "$own\marker").TrimEnd($ends) 200))}"
}

# ---- the fact "checks"

function Row([string]$what, [string]$value) { $rows[$what] = $value -creplace '[\t\r\n]', ' ' }

# Why it cannot be measured; why what was found is no state to back up, which on a comparison is a value like any other.
function Stop-Check([string]$why) { throw "firedrill: $why" }
function Unfit([string]$why) { if ($mode -ceq 'record') { Stop-Check $why } }

# What was found goes into $rows. Gives why it could not be measured, or nothing.
function Invoke-Check([string]$kind, [string[]]$given) {
  $state.doing = "measuring a fact of the kind $kind"
  $rows.Clear()
  try { & "Check-$kind" $given | Out-Null } catch {
    $rows.Clear()
    $why = $_.Exception.Message
    if ($why.StartsWith('firedrill: ')) { return $why.Substring(11) -creplace '[\t\r\n]', ' ' }
    return 'its measurement broke off (' + $_.Exception.GetBaseException().GetType().Name + ')'
  }
  return ''
}

# One object of JSON more. What differs comes first, and the rest only of six rows or fewer.
function Add-Tell([string[]]$check, $before, $after, [string]$why) {
  $names = @(@($before.Keys) + @($after.Keys) | Sort-Object -Unique -CaseSensitive)
  $differing = @($names | Where-Object { -not ($before.ContainsKey($_) -and $after.ContainsKey($_) -and $before[$_] -ceq $after[$_]) })
  $same = @($names | Where-Object { $differing -cnotcontains $_ })
  if ($names.Length -gt 6) { $same = @() }
  $head = "{`"kind`":$(Get-Json $check[0]),`"name`":$(Get-Json $check[1]),`"rule`":$(Get-Json $check[2])" +
    ",`"before`":$($before.Count),`"after`":$($after.Count),`"differ`":$($differing.Length)" +
    ",`"trouble`":$(Get-Json (Get-Cut $why 120)),`"rows`":["
  $room = $state.room - 300 * ($state.total - $tells.Count - 1) - $head.Length
  $made = [System.Collections.Generic.List[string]]::new()
  foreach ($name in $differing + $same) {
    $values = @(Get-Json (Get-Cut $name 80))
    foreach ($side in @($before, $after)) {
      if ($side.ContainsKey($name)) { $values += Get-Json (Get-Cut $side[$name] 200) } else { $values += 'null' }
    }
    if ($same -ccontains $name) { $values = $values[0..1] }
    $row = '[' + ($values -join ',') + ']'
    $room -= $row.Length + 1
    if ($room -gt 4) { $made.Add($row) }
  }
  $tell = $head + ($made -join ',') + ']}'
  $state.room -= $tell.Length
  $tells.Add($tell)
}

function Get-Tells([int]$total) { return "{`"count`":$total,`"each`":[$($tells -join ',')]}" }

function Save-Checks {
  $state.total = $checks.Length
  $state.room = 2000 + 300 * $checks.Length
  foreach ($check in $checks) {
    $why = Invoke-Check $check[0] @($check | Select-Object -Skip 4)
    if ($why -cne '') {
      Add-Problem "$($check[0]) $($check[1])" '' $why
      continue
    }
    $manifest.Add("check`t" + ($check -join "`t"))
    foreach ($pair in $rows.GetEnumerator()) { $manifest.Add("row`t$($pair.Key)`t$($pair.Value)") }
    Add-Tell $check $rows $rows ''
  }
  Stop-OnProblems
  return Get-Tells $checks.Length
}

function Test-SameRows($before) {
  if ($before.Count -ne $rows.Count) { return $false }
  foreach ($pair in $before.GetEnumerator()) {
    if (-not $rows.ContainsKey($pair.Key) -or $rows[$pair.Key] -cne $pair.Value) { return $false }
  }
  return $true
}

# By the manifest alone, whatever the profile says by now.
function Compare-Checks {
  $state.total = Get-CheckCount
  $state.room = 2000 + 300 * $state.total
  $begun = [DateTime]::UtcNow
  for ($at = 0; $at -lt $manifest.Count; $at++) {
    if (-not $manifest[$at].StartsWith("check`t")) { continue }
    $check = @($manifest[$at].Split("`t".ToCharArray()) | Select-Object -Skip 1)
    if ($kinds.Split(' '.ToCharArray()) -cnotcontains $check[0]) { throw "unknown-fact" }
    $before = [System.Collections.Generic.SortedDictionary[string, string]]::new($ordinal)
    for ($next = $at + 1; $next -lt $manifest.Count -and $manifest[$next].StartsWith("row`t"); $next++) {
      $row = $manifest[$next].Split("`t".ToCharArray())
      $before[$row[1]] = $row[2]
    }
    $given = @($check | Select-Object -Skip 4)
    $why = Invoke-Check $check[0] $given
    while (-not (Test-SameRows $before) -and [DateTime]::UtcNow -lt $begun.AddSeconds([int]$check[3])) {
      Start-Sleep -Seconds 2
      $why = Invoke-Check $check[0] $given
    }
    Add-Tell $check $before $rows $why
  }
  return Get-Tells $state.total
}

function Get-CheckCount { return @($manifest | Where-Object { $_.StartsWith("check`t") }).Length }

# ---- the script before it is believed: what is known must come out, on this very machine

function Test-Sums {
  $state.doing = 'trying its own hashes'
  Write-Lines "$work\trial" @('abc')
  if ((Get-FileSum "$work\trial" ([DateTime]::MaxValue)) -cne 'edeaaff3f1774ad2888673770c6d64097e391bc362d7d6fb34982ddf0efd18cb') {
    throw 'a hash is not what it must be'
  }
}

# By the manifest's own rules, of which none can wave the first through: its name is no path that a pattern could fit.
function Test-Judgement {
  $state.doing = 'trying its own judgement'
  $before = [System.Collections.Generic.SortedDictionary[string, string[]]]::new($ordinal)
  $now = [System.Collections.Generic.SortedDictionary[string, string[]]]::new($ordinal)
  $before.Add('trial 1', [string[]]@('f', '/0', 'S-1-5-18', '4', '5.0000000', 'aa', ''))
  $now.Add('trial 1', [string[]]@('f', '/0', 'S-1-5-18', '4', '5.0000000', 'bb', ''))
  $before.Add('trial 2', [string[]]@('d', '/0', 'S-1-5-18', '-', '5.0000000', '-', ''))
  $before.Add('trial 3', [string[]]@('d', '/0', 'S-1-5-18', '-', '5.0000000', '-', ''))
  $now.Add('trial 3', [string[]]@('d', '/0', 'S-1-5-18', '-', '5.0000000', '-', ''))
  $found = Get-Differences $before $now ([decimal]9) $null
  $all = 0
  foreach ($kind in $kindsOfFiles) { $all += $found[$kind].Count }
  if ($found['corrupt'].Count -ne 1 -or $all -ne 2) { throw 'it does not find what is known to differ' }
}

# ---- the two things that the script does

function Write-Facts([string]$measured, [string]$digest, [string]$filesJson, [string]$markerJson, [string]$checksJson) {
  Write-Answer ("`"digest`":`"$digest`",`"measured`":`"$measured`",`"facts`":[`"files`",`"marker`",`"checks`"]" +
    ",`"files`":$filesJson,`"marker`":$markerJson,`"checks`":$checksJson")
}

function Save-Record {
  Enter-Store
  Test-Sums
  $kept = "$work\kept"
  [void][System.IO.Directory]::CreateDirectory($kept)
  $now = [DateTime]::UtcNow
  $measured = $now.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", $invariant)
  $epoch = [Math]::Floor((Get-Number (Get-Seconds $now))).ToString('0', $invariant)
  foreach ($line in @('firedrill-facts 1', "key $key", "measured $epoch $measured", "facts $facts")) { $manifest.Add($line) }
  $filesJson = Save-Files $kept
  $manifest.Add("marker $key $measured")
  Write-Lines "$kept\marker" @("$key $measured")
  $checksJson = Save-Checks
  Write-Lines "$kept\manifest" $manifest
  $digest = Get-FileSum "$kept\manifest" ([DateTime]::MaxValue)
  Save-Kept $kept
  Write-Facts $measured $digest $filesJson "{`"text`":`"$key $measured`"}" $checksJson
}

function Compare-Record {
  $state.doing = 'looking for the manifest'
  if (-not [System.IO.File]::Exists("$own\manifest")) { return Write-Trouble 'no-manifest' '' }
  Enter-Store
  $digest = Get-FileSum "$own\manifest" ([DateTime]::MaxValue)
  if ($digest -cne $expected) { return Write-Trouble 'manifest-tampered' $digest }
  foreach ($line in (Read-Text "$own\manifest").TrimEnd($ends).Split("`n".ToCharArray())) { $manifest.Add($line) }
  if ($manifest[0] -cne 'firedrill-facts 1') { return Write-Trouble 'other-format' $digest }
  if ((Get-FirstSaid 'key' '') -cne $key) { return Write-Trouble 'other-key' $digest }
  if ((Get-FirstSaid 'facts' '') -cne $facts) { return Write-Trouble 'unknown-fact' $digest }
  Test-Sums
  Test-Judgement
  $state.room = 16000 - 300 * (Get-CheckCount)
  $filesJson = Compare-Files
  $markerJson = Compare-Marker
  $checksJson = Compare-Checks
  $state.doing = 'answering'
  Write-Facts (Get-Part 'measured' '' 1) $digest $filesJson $markerJson $checksJson
}

$code = 0
try {
  if ($mode -ceq 'record') { Save-Record } else { Compare-Record }
} catch {
  $code = 1
  if (-not $state.answered) {
    $problems.Clear()
    Add-Problem 'script' '' "the script stopped while $($state.doing): $($_.Exception.Message -creplace '[\t\r\n]', ' ')"
    Write-Answer "`"errors`":$(Get-JsonRows $problems 1),`"error_count`":1"
  }
}
Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction SilentlyContinue
exit $code
