-- Steps of a recovery, each allowed in one state alone.
-- ARGV: 1 run id, 2 step, 3 epoch, then by step.
-- lost | ready -> recovering (begin, closed) -> replaying (held) -> ready (finish)
local step, epoch = ARGV[2], ARGV[3]
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'seq', 'collecting', 'generation')

if step == 'begin' then
  redis.call('HSET', META, 'run_id', ARGV[1], 'epoch', epoch, 'state', 'recovering', 'recoverer', ARGV[4],
    'collecting', '1')
  redis.call('DEL', P .. 'collected', P .. 'replayed')
  return { 'begun' }
end
if meta[1] ~= ARGV[1] or meta[2] ~= epoch then return { 'moved' } end

local collecting = step == 'hold' and meta[3] == 'recovering' and meta[5] == '1'
local late = step == 'late' and (meta[3] == 'replaying' or meta[3] == 'ready')
if step == 'going' then
  -- whether this recovery is still the one that goes on
  return { meta[3] == 'ready' and 'moved' or 'ok' }
elseif collecting or late then
  -- Late: its process was away while holds were collected, so it is held above a limit or not.
  -- 4 hold id, 5 process, 6 admitted, 7-8 amounts, 9 ceiling, 10 postings, 11 digests, 12 record,
  -- 13 the generation of rules that the postings follow
  local hold = P .. 'hold:' .. ARGV[4]
  local state = redis.call('HGET', hold, 's')
  if late and not state and ARGV[13] ~= (meta[6] or '') then return { 'stale_config' } end
  if not state then
    redis.call('HSET', hold, 's', 'held', 'pid', ARGV[5], 'a', ARGV[6], 'c', ARGV[7], 'v', ARGV[8],
      'l', ARGV[9], 'e', '0', 'po', ARGV[10], 'g', ARGV[11], 'r', ARGV[12])
    redis.call('HSET', P .. 'open', ARGV[4], ARGV[5])
    if late then
      for _, posting in ipairs(postings_of(ARGV[10])) do
        post(posting, counted(posting.mode, number(ARGV[7]), number(ARGV[8])), 0, now_ms())
      end
    end
  end
  return { state or 'held' }
elseif step == 'closed' and meta[3] == 'recovering' then
  -- a hold that is told from now on could have ended in what was compared with SQL already
  redis.call('HSET', META, 'collecting', '')
  return { 'ok' }
elseif step == 'collected' and meta[3] == 'recovering' then
  redis.call('SADD', P .. 'collected', ARGV[4])
  return { 'ok' }
elseif step == 'ended' and meta[3] == 'recovering' then
  -- SQL knows how this one ended: 4 hold id, 5 state, 6-7 totals, 8 entry, 9 seq, 10 admitted
  local hold = P .. 'hold:' .. ARGV[4]
  local seen = redis.call('HMGET', hold, 's', 'po', 'g', 'e')
  redis.call('HDEL', P .. 'open', ARGV[4])
  redis.call('DEL', hold)
  redis.call('HSET', hold, 's', ARGV[5], 'c', ARGV[6], 'v', ARGV[7], 'e', ARGV[8], 'q', ARGV[9], 'a', ARGV[10])
  if ARGV[5] == 'assumed' then
    redis.call('HSET', hold, 'po', seen[2] or '', 'g', seen[3] or '')
    redis.call('HSET', P .. 'assumed', ARGV[4], ARGV[10])
  end
  redis.call('PEXPIRE', hold, text(TOMBSTONE_MS))
  return { 'ok' }
elseif step == 'clear' and meta[3] == 'recovering' then
  for _, field in ipairs(redis.call('HKEYS', P .. 'counters')) do redis.call('DEL', P .. 'c:' .. field) end
  redis.call('DEL', P .. 'counters')
  return { 'ok' }
elseif step == 'counter' and meta[3] == 'recovering' then
  -- 4 counter, 5 window start, 6 window end, then value and posted amount of each
  local now = now_ms()
  redis.call('HSETNX', P .. 'counters', ARGV[4] .. ':' .. ARGV[5], ARGV[6])
  for at = 7, #ARGV, 2 do
    post({ counter = ARGV[4], window_start = ARGV[5], window_end = ARGV[6], value = ARGV[at] }, 0, number(ARGV[at + 1]), now)
  end
  return { 'ok' }
elseif step == 'held' and meta[3] == 'recovering' then
  -- 4 the last number that SQL holds: counters stand, held money is added, ends may be replayed
  if redis.call('XLEN', P .. 'outbox') > 0 then return { 'outbox' } end
  local now = now_ms()
  for _, hold_id in ipairs(redis.call('HKEYS', P .. 'open')) do
    local seen = redis.call('HMGET', P .. 'hold:' .. hold_id, 'c', 'v', 'po')
    for _, posting in ipairs(postings_of(seen[3])) do
      post(posting, counted(posting.mode, number(seen[1]), number(seen[2])), 0, now)
    end
  end
  local seq = math.max(number(meta[4]), number(ARGV[4]))
  redis.call('DEL', P .. 'outbox')
  redis.call('HSET', META, 'seq', text(seq), 'drained', text(seq), 'outbox_bytes', '0', 'state', 'replaying')
  return { 'ok' }
elseif step == 'replayed' and meta[3] == 'replaying' then
  redis.call('SADD', P .. 'replayed', ARGV[4])
  return { 'ok' }
elseif step == 'finish' and meta[3] == 'replaying' then
  redis.call('HSET', META, 'state', 'ready')
  return { 'ok' }
end
return { 'moved' }
