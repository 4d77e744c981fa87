"""What is to be painted in Slack, in Lua: marked as behind with each move of a run, claimed, and struck out."""

#: What shows the run is behind: its own card, or its batch's; both, if it has one of its own beside it. One that was to
#: be painted not before some far time was painted by a clock that was set back since.
BEHIND = """
local function behind(unpainted, cards, batches, run, id, now)
  local function late(what)
    local not_before = tonumber(redis.call('HGET', cards .. what, 'next_at') or '0')
    if not_before > now + 60000 then not_before = 0 end
    redis.call('ZADD', unpainted, 'NX', math.max(tonumber(now), not_before), what)
  end
  local kept = redis.call('HMGET', run, 'batch', 'own')
  local batch = kept[1] or ''
  if batch ~= '' then
    redis.call('HINCRBY', batches .. batch, 'rev', 1)
    late(batch)
  end
  if batch == '' or kept[2] == '1' then late(id) end
  redis.call('PUBLISH', unpainted .. ':nudge', id)
end
"""

#: keys: unpainted   argv: run prefix, now, lease, how many, card prefix, only what is urgent?, batch prefix. Whatever
#: is not simply on its way comes first. Since when a card is behind is kept beside it: its score moves with every try.
PAINT_CLAIM = """
local urgent, others, claimed = {}, {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, 2000)) do
  local status = redis.call('HGET', ARGV[1] .. id, 'status')
  local under_way = status == 'running' or status == 'waiting'
  table.insert(under_way and others or urgent, id)
end
if ARGV[6] ~= '1' then
  for _, id in ipairs(others) do urgent[#urgent + 1] = id end
end
for number, id in ipairs(urgent) do
  if number > tonumber(ARGV[4]) then break end
  redis.call('HSETNX', ARGV[5] .. id, 'behind', redis.call('ZSCORE', KEYS[1], id))
  redis.call('ZADD', KEYS[1], ARGV[2] + ARGV[3], id)
  claimed[#claimed + 1] = id
  claimed[#claimed + 1] = redis.call('HGET', ARGV[1] .. id, 'rev') or redis.call('HGET', ARGV[7] .. id, 'rev') or '0'
end
return claimed
"""

#: keys: unpainted, run or batch, card   argv: id, painted rev, next paint not before
PAINTED = """
redis.call('HSET', KEYS[3], 'next_at', ARGV[3])
redis.call('HDEL', KEYS[3], 'refused')
if (redis.call('HGET', KEYS[2], 'rev') or ARGV[2]) == ARGV[2] then
  redis.call('ZREM', KEYS[1], ARGV[1])
  redis.call('HDEL', KEYS[3], 'behind')
else
  redis.call('ZADD', KEYS[1], ARGV[3], ARGV[1])
  redis.call('HSET', KEYS[3], 'behind', ARGV[3])
end
return 1
"""
