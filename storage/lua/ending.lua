-- How a hold ends, shared by end.lua, assume.lua, correct.lua and manual.lua.
-- A hold's life: none -> held -> settled | voided | assumed; assumed -> corrected.

-- Leaves a tombstone: the same event again gets the first answer for eight days.
local function bury(hold, state, charge, provider, entry, seq, admitted, postings, digests)
  local job = redis.call('HGET', hold, 'j')
  redis.call('DEL', hold)
  redis.call('HSET', hold, 's', state, 'c', text(charge), 'v', text(provider), 'e', text(entry),
    'q', seq, 'a', admitted)
  if state == 'assumed' then
    redis.call('HSET', hold, 'po', postings, 'g', digests)
    if job then redis.call('HSET', hold, 'j', job) end
  elseif job then
    -- Its cost is known: whoever asks for the job again is charged nothing.
    redis.call('HDEL', P .. 'jobs', job)
  end
  redis.call('PEXPIRE', hold, text(TOMBSTONE_MS))
end

-- The first end of a held call: releases what was held, posts the charge, writes entry 0.
local function first_end(hold_id, seen, status, charge, provider, flags, record, now)
  local hold = P .. 'hold:' .. hold_id
  local held_charge, held_provider = number(seen.c), number(seen.v)
  local list = postings_of(seen.po)
  for _, posting in ipairs(list) do
    post(posting, -counted(posting.mode, held_charge, held_provider),
      counted(posting.mode, charge, provider), now)
  end
  local seq = append({
    hold_id = hold_id, entry = 0, status = status, admitted = seen.a, posted = now,
    charge = charge, provider = provider, dearer = math.max(charge, provider),
    held = held_charge, flags = flags, overflow = overflow_of(list), digests = seen.g,
    count = '1', record = record,
  })
  if status == 'settled' or status == 'assumed' then
    -- For a day a cost told by hand of the same execution is known to be metered already, even
    -- before SQL has this entry; from then on SQL alone says so.
    local execution = string.match(record, '"execution_id":"([%w._:-]+)"')
    if execution then
      redis.call('SET', P .. 'execution:' .. execution, hold_id, 'EX', text(DAY_MS / 1000))
    end
  end
  local state = status == 'failed' and 'settled' or status
  bury(hold, state, charge, provider, 0, seq, seen.a, seen.po, seen.g)
  redis.call('HDEL', P .. 'open', hold_id)
  if state == 'assumed' then redis.call('HSET', P .. 'assumed', hold_id, seen.a) end
  return seq
end

-- A later truth: posts the difference in the hold's own windows and writes the next entry.
local function correction(hold_id, seen, charge, provider, flags, record, now)
  local hold = P .. 'hold:' .. hold_id
  local old_charge, old_provider = number(seen.c), number(seen.v)
  local list = postings_of(seen.po)
  for _, posting in ipairs(list) do
    post(posting, 0, counted(posting.mode, charge, provider)
      - counted(posting.mode, old_charge, old_provider), now)
  end
  local entry = number(seen.e) + 1
  local seq = append({
    hold_id = hold_id, entry = entry, status = 'correction', admitted = seen.a, posted = now,
    charge = charge - old_charge, provider = provider - old_provider,
    dearer = math.max(charge, provider) - math.max(old_charge, old_provider),
    held = 0, flags = flags, overflow = overflow_of(list), digests = seen.g, count = '1',
    record = record,
  })
  bury(hold, 'corrected', charge, provider, entry, seq, seen.a, seen.po, seen.g)
  redis.call('HDEL', P .. 'assumed', hold_id)
  return seq, entry
end

local function hold_of(hold_id)
  local found = redis.call('HMGET', P .. 'hold:' .. hold_id, 's', 'a', 'c', 'v', 'e', 'q', 'po', 'g', 'r', 'pid')
  return {
    s = found[1], a = found[2], c = found[3], v = found[4], e = found[5], q = found[6],
    po = found[7], g = found[8], r = found[9], pid = found[10],
  }
end
