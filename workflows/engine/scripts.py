"""The Lua that moves runs in Redis. Each script is one atomic move; times are milliseconds of the shared clock.

Stays within Redis 6.2. What the keys mean stands at the head of store.py.
"""

from workflows.engine.painting import BEHIND

#: What happened, into the stream that the audit is made of: atomically with whatever it is that happened.
NOTE = """
local function note(stream, at, kind, outcome, event, status)
  redis.call('XADD', stream, '*', 'at', at, 'kind', kind, 'outcome', outcome, 'event', event, 'status', status or '')
end
"""

#: keys: unchained   argv: now, kind, outcome, event
TELL = NOTE + "note(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]) return 1"

#: keys: run, due, lock, unpainted, index, asked, unchained, halt, occurrence, begun   argv: id, record, now,
#: world-lock?, asked seconds, event, card prefix, batch prefix, batch (or empty), server, seconds to keep the list of
#: the batch's runs, version that the occurrence must have (or empty), seconds to keep the list of its runs, when the
#: oldest run that is kept was asked for. An id is given once: a run that is there already was made by this very call,
#: whose answer was lost.
CREATE = (
    NOTE
    + BEHIND
    + """
if ARGV[5] ~= '0' then
  local prior = redis.call('GET', KEYS[6])
  if prior then return {'again', prior} end
end
if redis.call('HEXISTS', KEYS[1], 'record') == 1 then return {'made', ARGV[1]} end
if ARGV[12] ~= '' then
  local claimed = redis.call('GET', KEYS[9])
  if not claimed or cjson.decode(claimed)['version'] ~= tonumber(ARGV[12]) then return {'off', ''} end
end
local halt = redis.call('GET', KEYS[8])
if halt then
  note(KEYS[7], ARGV[3], 'refusal', 'halted', ARGV[6])
  return {'halted', halt}
end
local holder = redis.call('GET', KEYS[3])
if ARGV[4] == '1' and holder then
  note(KEYS[7], ARGV[3], 'refusal', 'busy with ' .. holder, ARGV[6])
  return {'busy', holder}
end
note(KEYS[7], ARGV[3], 'start', 'made', ARGV[6])
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'status', 'queued', 'open', '1', 'rev', 1, 'fence', 0,
  'lease', 0, 'due', ARGV[3], 'hints', 0, 'begins', 0, 'lock', ARGV[4] == '1' and KEYS[3] or '')
if ARGV[4] == '1' then redis.call('SET', KEYS[3], ARGV[1]) end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('ZADD', KEYS[5], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', ARGV[14])
if ARGV[9] ~= '' then
  redis.call('HSET', KEYS[1], 'batch', ARGV[9], 'server', ARGV[10])
  redis.call('RPUSH', ARGV[8] .. ARGV[9] .. ':runs', ARGV[1])
  redis.call('EXPIRE', ARGV[8] .. ARGV[9] .. ':runs', ARGV[11])
end
behind(KEYS[4], ARGV[7], ARGV[8], KEYS[1], ARGV[1], ARGV[3])
if ARGV[5] ~= '0' then redis.call('SET', KEYS[6], ARGV[1], 'EX', ARGV[5]) end
if ARGV[12] ~= '' then
  redis.call('RPUSH', KEYS[10], ARGV[1])
  redis.call('EXPIRE', KEYS[10], ARGV[13])
end
redis.call('PUBLISH', KEYS[2] .. ':nudge', ARGV[1])
return {'made', ARGV[1]}
"""
)

#: keys: due   argv: run prefix, now, how many, first pause
DISPATCH = """
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do
  local hints = redis.call('HINCRBY', ARGV[1] .. id, 'hints', 1)
  local pause = ARGV[4] * 2 ^ math.min(hints - 1, 5)
  redis.call('ZADD', KEYS[1], ARGV[2] + pause, id)
end
return ids
"""

#: What people said to a run, and the halt that stands: fields and values, one after the other.
SAID = """
local function said_to(inbox, halt)
  local all = redis.call('HGETALL', inbox)
  if halt then
    all[#all + 1] = 'halt'
    all[#all + 1] = halt
  end
  return all
end
"""

#: keys: run, due, inbox, halt   argv: id, now, lease. A fence is not less than the time: so it is newer than one whose
#: writing was lost in a failover of Redis.
BEGIN = (
    SAID
    + """
local run = redis.call('HMGET', KEYS[1], 'record', 'open', 'lease', 'due', 'fence')
if not run[1] or run[2] ~= '1' then
  redis.call('ZREM', KEYS[2], ARGV[1])
  if not run[1] then redis.call('DEL', KEYS[1]) end
  return false
end
if tonumber(run[3]) > tonumber(ARGV[2]) or tonumber(run[4]) > tonumber(ARGV[2]) then return false end
local fence = math.max(tonumber(run[5]) + 1, tonumber(ARGV[2]))
local begins = redis.call('HINCRBY', KEYS[1], 'begins', 1)
redis.call('HSET', KEYS[1], 'fence', fence, 'lease', ARGV[2] + ARGV[3], 'hints', 0)
redis.call('ZADD', KEYS[2], ARGV[2] + ARGV[3], ARGV[1])
return {run[1], fence, begins, said_to(KEYS[3], redis.call('GET', KEYS[4]))}
"""
)

#: keys: run, due, inbox, unpainted, card, events, unchained, halt   argv: id, fence, record, status, open, due, lease,
#: now, handled (comma-separated inbox fields), refuse-if-stopped, question, its expiry, no return, event, seconds to
#: keep, approvals needed, answers that the record holds, kind and event for the audit (empty: nothing that it keeps),
#: whether the record knows of the halt, the move's own mark, card prefix, batch prefix, how many of a hundred parts are
#: done, whether it waits its turn. A halt stops nothing that was past its point of no return before. A move that is
#: sent again because its answer was lost bears the mark that is there already.
COMMIT = (
    NOTE
    + SAID
    + BEHIND
    + """
local run = redis.call('HMGET', KEYS[1], 'fence', 'lock', 'no_return', 'mark')
if run[1] ~= ARGV[2] then return {'fenced'} end
local halt = redis.call('GET', KEYS[8])
if run[4] == ARGV[21] then return {'ok', said_to(KEYS[3], halt)} end
local stopped = redis.call('HEXISTS', KEYS[3], 'cancel') == 1 or (halt and run[3] ~= '1')
if ARGV[10] == '1' and stopped then return {'refused', said_to(KEYS[3], halt)} end
for name in string.gmatch(ARGV[9], '[^,]+') do redis.call('HDEL', KEYS[3], name) end
local due = ARGV[6]
local unheard = redis.call('HEXISTS', KEYS[3], 'cancel') == 1 or (halt and '1' or '0') ~= ARGV[20]
local said = ARGV[13] == '0' and unheard
if ARGV[11] ~= '' then
  local prefix, answers = 'answer:' .. ARGV[11] .. ':', 0
  for _, name in ipairs(redis.call('HKEYS', KEYS[3])) do
    if string.sub(name, 1, #prefix) == prefix then answers = answers + 1 end
  end
  local decided = redis.call('HEXISTS', KEYS[3], 'decided:' .. ARGV[11]) == 1
  if decided or answers > tonumber(ARGV[17]) then said = true end
end
if said and ARGV[5] == '1' then due = ARGV[8] end
redis.call('HSET', KEYS[1], 'record', ARGV[3], 'status', ARGV[4], 'open', ARGV[5], 'due', due, 'lease', ARGV[7],
  'question', ARGV[11], 'expires', ARGV[12], 'needed', ARGV[16], 'no_return', ARGV[13], 'begins', 0, 'mark', ARGV[21],
  'part', ARGV[24], 'in_line', ARGV[25])
redis.call('HINCRBY', KEYS[1], 'rev', 1)
if ARGV[5] == '1' then
  redis.call('ZADD', KEYS[2], math.max(tonumber(due), tonumber(ARGV[7])), ARGV[1])
  if said then redis.call('PUBLISH', KEYS[2] .. ':nudge', ARGV[1]) end
else
  redis.call('ZREM', KEYS[2], ARGV[1])
  if run[2] ~= '' and redis.call('GET', run[2]) == ARGV[1] then redis.call('DEL', run[2]) end
  redis.call('EXPIRE', KEYS[1], ARGV[15])
  redis.call('EXPIRE', KEYS[3], ARGV[15])
  redis.call('EXPIRE', KEYS[5], ARGV[15])
end
redis.call('XADD', KEYS[6], 'MAXLEN', '~', '100000', '*', 'run', ARGV[1], 'event', ARGV[14], 'at', ARGV[8],
  'fence', ARGV[2])
if ARGV[18] ~= '' then note(KEYS[7], ARGV[8], ARGV[18], '', ARGV[19]) end
behind(KEYS[4], ARGV[22], ARGV[23], KEYS[1], ARGV[1], ARGV[8])
return {'ok', said_to(KEYS[3], halt)}
"""
)

#: keys: run, due   argv: id, fence, now, lease: the lease anew, from now
RENEW = """
if redis.call('HGET', KEYS[1], 'fence') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'lease', ARGV[3] + ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3] + ARGV[4], ARGV[1])
return 1
"""

#: keys: run, due, halt   argv: id, fence, now, when to look again, whether it knows of the halt, whether it waits by
#: right: let go of it as if it had never been begun. What waits by right is not late. What was said since it was begun
#: has moved its place among the due ones, or the halt; then it is looked at now.
RELEASE = """
local run = redis.call('HMGET', KEYS[1], 'fence', 'lease')
if run[1] ~= ARGV[2] then return 0 end
local at, halted = ARGV[4], tostring(redis.call('EXISTS', KEYS[3]))
local said = tonumber(redis.call('ZSCORE', KEYS[2], ARGV[1]) or run[2]) < tonumber(run[2])
if said or halted ~= ARGV[5] then at = ARGV[3] end
redis.call('HSET', KEYS[1], 'lease', 0, 'begins', 0)
if ARGV[6] == '1' then redis.call('HSET', KEYS[1], 'due', at) end
redis.call('ZADD', KEYS[2], at, ARGV[1])
return 1
"""

#: keys: run, due, inbox, unchained, halt   argv: id, question, answer, now, event, whose, approved, only a look? What
#: decides is written beside the answers, so that whoever comes later is told even when the question is long gone. Until
#: then a "no" takes the place of the same person's "yes".
ANSWER = (
    NOTE
    + """
local prefix = 'answer:' .. ARGV[2] .. ':'
local field = prefix .. ARGV[6]
local prior = redis.call('HGET', KEYS[3], 'decided:' .. ARGV[2])
if not prior and ARGV[7] == '1' then prior = redis.call('HGET', KEYS[3], field) end
local run = redis.call('HMGET', KEYS[1], 'open', 'question', 'expires', 'status', 'needed', 'no_return')
local halt = redis.call('GET', KEYS[5])
local function refused(word, more)
  note(KEYS[4], ARGV[4], 'refusal', word, ARGV[5], run[4])
  return {word, more}
end
if prior then return refused('already', prior) end
if halt and run[1] == '1' and run[6] ~= '1' then return refused('halted', halt) end
if run[1] ~= '1' or run[2] ~= ARGV[2] or redis.call('HEXISTS', KEYS[3], 'cancel') == 1 then
  return refused('stale', '')
end
if tonumber(run[3]) <= tonumber(ARGV[4]) then return refused('expired', '') end
if ARGV[8] == '1' then return {'open', ''} end
note(KEYS[4], ARGV[4], 'decision', 'done', ARGV[5], run[4])
local yes = 1
for _, name in ipairs(redis.call('HKEYS', KEYS[3])) do
  if string.sub(name, 1, #prefix) == prefix then yes = yes + 1 end
end
redis.call('HSET', KEYS[3], field, ARGV[3])
if ARGV[7] == '0' or yes >= tonumber(run[5] or '1') then
  redis.call('HSET', KEYS[3], 'decided:' .. ARGV[2], ARGV[3])
end
redis.call('HSET', KEYS[1], 'due', ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[4], ARGV[1])
redis.call('PUBLISH', KEYS[2] .. ':nudge', ARGV[1])
return {'done', ''}
"""
)

#: keys: run, due, inbox, unchained   argv: id, who, now, event
CANCEL = (
    NOTE
    + """
local run = redis.call('HMGET', KEYS[1], 'open', 'no_return', 'status')
local function refused(word)
  note(KEYS[4], ARGV[3], 'refusal', word, ARGV[4], run[3])
  return word
end
if run[1] ~= '1' then return refused('ended') end
if run[2] == '1' then return refused('no return') end
if redis.call('HEXISTS', KEYS[3], 'cancel') == 1 then return refused('already') end
note(KEYS[4], ARGV[3], 'decision', 'done', ARGV[4], run[3])
redis.call('HSET', KEYS[3], 'cancel', ARGV[2])
redis.call('HSET', KEYS[1], 'due', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('PUBLISH', KEYS[2] .. ':nudge', ARGV[1])
return 'done'
"""
)

#: keys: run, due, inbox, lock, card, unchained, halt   argv: id, who, now, event, whether a run of a batch gets
#: a card of its own
RETRY = (
    NOTE
    + """
local run = redis.call('HMGET', KEYS[1], 'open', 'status', 'lock', 'no_return')
local halt = redis.call('GET', KEYS[7])
local function refused(word, more)
  note(KEYS[6], ARGV[3], 'refusal', word, ARGV[4], run[2])
  return {word, more}
end
if run[2] ~= 'failed' then return refused('not failed', run[2] or '') end
if run[1] == '1' then return refused('already', '') end
if halt and run[4] ~= '1' then return refused('halted', halt) end
if run[3] ~= '' then
  local holder = redis.call('GET', KEYS[4])
  if holder then return refused('busy', holder) end
  redis.call('SET', KEYS[4], ARGV[1])
end
note(KEYS[6], ARGV[3], 'decision', 'done', ARGV[4], run[2])
redis.call('HDEL', KEYS[3], 'cancel')
redis.call('HSET', KEYS[3], 'retry', ARGV[2])
redis.call('HSET', KEYS[1], 'open', '1', 'due', ARGV[3], 'lease', 0)
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'own', '1') end
for _, key in ipairs({KEYS[1], KEYS[3], KEYS[5]}) do redis.call('PERSIST', key) end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('PUBLISH', KEYS[2] .. ':nudge', ARGV[1])
return {'done', ''}
"""
)
