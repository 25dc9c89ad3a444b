-- What every script shares. Amounts are nano-dollars below 2^53, which Lua's numbers hold
-- exactly; they are written with %.0f alone, because `..` and tostring lose digits from 10^14.
local P = '{purser}:'
local META = P .. 'meta'
local DAY_MS = 86400000
local TOMBSTONE_MS = 8 * DAY_MS

local function text(number) return string.format('%.0f', number) end
local function number(value) return tonumber(value or '0') or 0 end

local function now_ms()
  local time = redis.call('TIME')
  return number(time[1]) * 1000 + math.floor(number(time[2]) / 1000)
end

-- The amount that a rule counts: its charge, its provider cost or the dearer of both.
local function counted(mode, charge, provider)
  if mode == 'charge' then return charge end
  if mode == 'provider' then return provider end
  return math.max(charge, provider)
end

local function counter_key(counter, window_start) return P .. 'c:' .. counter .. ':' .. window_start end

-- HINCRBY that skips zero ("-0" is not an integer to Redis) and returns the new value.
local function add(key, field, amount)
  if amount == 0 then return number(redis.call('HGET', key, field)) end
  return number(redis.call('HINCRBY', key, field, text(amount)))
end

-- The value under which a counter keeps this call: its own, or 'other' where the window has
-- as many live values as it takes. A value is two fields: `:p` posted and `:h` held.
local function place(key, value, values_max)
  if value == '' or redis.call('HEXISTS', key, value .. ':h') == 1 then return value end
  -- 'other' takes nobody's place.
  local shared = redis.call('HEXISTS', key, 'other:h')
  if redis.call('HLEN', key) / 2 - shared >= values_max then return 'other' end
  return value
end

local function open_place(key, counter, window_start, window_end, value)
  if redis.call('HSETNX', key, value .. ':h', '0') == 1 then
    redis.call('HSETNX', key, value .. ':p', '0')
    redis.call('HSETNX', P .. 'counters', counter .. ':' .. window_start, window_end)
    if number(window_end) < 2 ^ 52 then
      redis.call('PEXPIREAT', key, text(number(window_end) + TOMBSTONE_MS + DAY_MS))
    end
  end
end

-- Adds to one posting of a hold; a value with nothing posted or held gives its place back.
local function post(posting, held, posted, now)
  if number(posting.window_end) + TOMBSTONE_MS < now then return end
  -- A window that is over and not kept here would say less than the ledger does.
  local name = posting.counter .. ':' .. posting.window_start
  if number(posting.window_end) <= now and redis.call('HEXISTS', P .. 'counters', name) == 0 then return end
  local key = counter_key(posting.counter, posting.window_start)
  open_place(key, posting.counter, posting.window_start, posting.window_end, posting.value)
  local h = add(key, posting.value .. ':h', held)
  local p = add(key, posting.value .. ':p', posted)
  if h == 0 and p == 0 and posting.value ~= '' then
    redis.call('HDEL', key, posting.value .. ':h', posting.value .. ':p')
  end
end

-- Postings travel as "counter,window start,window end,value,mode;…".
local function postings_of(packed)
  local list = {}
  local part = '([^,;]*)'
  for counter, first, last, value, mode in
    string.gmatch(packed or '', part .. ',' .. part .. ',' .. part .. ',' .. part .. ',' .. part)
  do
    list[#list + 1] =
      { counter = counter, window_start = first, window_end = last, value = value, mode = mode }
  end
  return list
end

local function packed(list)
  local parts = {}
  for index, posting in ipairs(list) do
    parts[index] = posting.counter .. ',' .. posting.window_start .. ',' .. posting.window_end
      .. ',' .. posting.value .. ',' .. posting.mode
  end
  return table.concat(parts, ';')
end

local function overflow_of(list)
  local names = {}
  for _, posting in ipairs(list) do
    if posting.value == 'other' then names[#names + 1] = posting.counter end
  end
  return table.concat(names, ',')
end

-- The limit of one rule value now: the value's override for this window, its override until
-- changed, the same two of the rule, else the file's. Fields are "counter", "counter/value",
-- each with "@window start" for one window alone; a limit that ends in "!" is locked and takes
-- none. `overridden` spares a read where there are no overrides.
local function limit_of(counter, value, window_start, overridden)
  local limit, locked =
    string.match(redis.call('HGET', P .. 'limits', counter) or '', '^(%d+)(!?)$')
  if overridden and locked == '' then
    local own, window = counter .. '/' .. value, '@' .. window_start
    local found =
      redis.call('HMGET', P .. 'overrides', own .. window, own, counter .. window, counter)
    for index = 1, 4 do
      if found[index] then return number(found[index]) end
    end
  end
  return limit and number(limit) or nil
end

-- What is left in the tightest rule of these postings, or '' where no rule applies.
local function tightest(list)
  local overridden = redis.call('HLEN', P .. 'overrides') > 0
  local least = nil
  for _, posting in ipairs(list) do
    local limit = limit_of(posting.counter, posting.value, posting.window_start, overridden)
    if limit then
      local key = counter_key(posting.counter, posting.window_start)
      local found = redis.call('HMGET', key, posting.value .. ':p', posting.value .. ':h')
      local left = limit - number(found[1]) - number(found[2])
      if not least or left < least then least = left end
    end
  end
  return least and text(least) or ''
end

-- Appends one ledger entry to the outbox under the next number of a sequence without gaps.
local function append(entry)
  local seq = redis.call('HINCRBY', META, 'seq', 1)
  local size = #entry.record + 256
  redis.call('XADD', P .. 'outbox', seq .. '-0',
    'id', entry.hold_id, 'e', text(entry.entry), 's', entry.status, 'a', entry.admitted,
    't', text(entry.posted), 'c', text(entry.charge), 'p', text(entry.provider),
    'd', text(entry.dearer), 'h', text(entry.held), 'f', entry.flags, 'o', entry.overflow,
    'g', entry.digests, 'n', entry.count, 'b', text(size), 'r', entry.record)
  redis.call('HINCRBY', META, 'outbox_bytes', size)
  return text(seq)
end
