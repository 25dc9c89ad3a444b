-- Publishes one generation of rules. Counters that are new are filled here, in the same step,
-- from what SQL had up to `drained`, the outbox beyond it, and the open holds. Not before all
-- endings are replayed: one that comes after would miss a counter that is new to it.
-- ARGV: 1 run id, 2 epoch, 3 generation expected, 4 new generation, 5 rules (JSON), 6 digest,
-- 7 drained number of the sums, 8 count of limits, then counter and limit of each, then for each
-- new counter: counter, mode, match ("dimension=digest;…"), each ("dimension;…"), window start,
-- window end, count of values, then value and posted amount of each.
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'generation', 'drained')
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] or meta[3] ~= 'ready' then return { 'unready' } end
if (meta[4] or '') ~= ARGV[3] then return { 'moved', meta[4] or '' } end

local now, at = now_ms(), 9
local limits = {}
for _ = 1, number(ARGV[8]) do
  limits[#limits + 1] = ARGV[at]
  limits[#limits + 1] = ARGV[at + 1]
  at = at + 2
end
local fresh = {}
while at <= #ARGV do
  local rule = {
    counter = ARGV[at], mode = ARGV[at + 1], match = {}, each = {},
    window_start = ARGV[at + 4], window_end = ARGV[at + 5], values = {},
  }
  for dimension, digest in string.gmatch(ARGV[at + 2], '(%d)=(%x+)') do
    rule.match[number(dimension)] = digest
  end
  for dimension in string.gmatch(ARGV[at + 3], '%d') do rule.each[#rule.each + 1] = number(dimension) end
  if now < number(rule.window_start) or now >= number(rule.window_end) then return { 'stale', text(now) } end
  local values = number(ARGV[at + 6])
  at = at + 7
  for _ = 1, values do
    rule.values[#rule.values + 1] = { ARGV[at], ARGV[at + 1] }
    at = at + 2
  end
  fresh[#fresh + 1] = rule
end

-- Sums of new counters are good only for the number up to which SQL had been filled.
if #fresh > 0 and number(meta[5]) ~= number(ARGV[7]) then return { 'drained', meta[5] or '0' } end

-- The value of a call under a rule, or nil where the rule does not match it or its window.
-- A call that was counted under 'other' stays there.
local function value_of(rule, digests, admitted, overflow)
  if number(admitted) < number(rule.window_start) or number(admitted) >= number(rule.window_end) then return nil end
  local list = {}
  for digest in string.gmatch(digests or '', '%x+') do list[#list + 1] = digest end
  if #list == 0 then return nil end
  for dimension, digest in pairs(rule.match) do
    if list[dimension] ~= digest then return nil end
  end
  if #rule.each > 0 and string.find(overflow, rule.counter, 1, true) then return 'other' end
  local parts = {}
  for index, dimension in ipairs(rule.each) do parts[index] = list[dimension] end
  return table.concat(parts, '.')
end

local function posting_of(rule, value)
  return { counter = rule.counter, window_start = rule.window_start, window_end = rule.window_end, value = value, mode = rule.mode }
end

for _, rule in ipairs(fresh) do
  -- A rule that comes back has missed what was spent without it: its windows that are over are
  -- the ledger's alone.
  for _, name in ipairs(redis.call('HKEYS', P .. 'counters')) do
    if string.find(name, rule.counter .. ':', 1, true) == 1 then
      redis.call('DEL', P .. 'c:' .. name)
      redis.call('HDEL', P .. 'counters', name)
    end
  end
  redis.call('DEL', counter_key(rule.counter, rule.window_start))
  for _, value in ipairs(rule.values) do post(posting_of(rule, value[1]), 0, number(value[2]), now) end
end
if #fresh > 0 then
  for _, entry in ipairs(redis.call('XRANGE', P .. 'outbox', '-', '+')) do
    local fields = {}
    for index = 1, #entry[2], 2 do fields[entry[2][index]] = entry[2][index + 1] end
    for _, rule in ipairs(fresh) do
      local value = value_of(rule, fields.g, fields.a, fields.o)
      local amount = rule.mode == 'charge' and fields.c or rule.mode == 'provider' and fields.p or fields.d
      if value then post(posting_of(rule, value), 0, number(amount), now) end
    end
  end
  for _, place_name in ipairs({ 'open', 'assumed' }) do
    for _, hold_id in ipairs(redis.call('HKEYS', P .. place_name)) do
      local hold = P .. 'hold:' .. hold_id
      local seen = redis.call('HMGET', hold, 'a', 'c', 'v', 'po', 'g')
      for _, rule in ipairs(fresh) do
        local value = seen[5] and value_of(rule, seen[5], seen[1], overflow_of(postings_of(seen[4])))
        if value then
          local posting = posting_of(rule, value)
          local known = packed({ posting })
          if not string.find(seen[4], known, 1, true) then
            seen[4] = seen[4] == '' and known or (seen[4] .. ';' .. known)
            redis.call('HSET', hold, 'po', seen[4])
          end
          if place_name == 'open' then
            post(posting, counted(rule.mode, number(seen[2]), number(seen[3])), 0, now)
          end
        end
      end
    end
  end
end

redis.call('DEL', P .. 'limits')
if #limits > 0 then redis.call('HSET', P .. 'limits', unpack(limits)) end
redis.call('SET', P .. 'rules', ARGV[5])
redis.call('HSET', META, 'generation', ARGV[4], 'digest', ARGV[6])
return { 'published', ARGV[4] }
