-- Counters, held money of open holds and the sequence number, read at one moment.
-- ARGV: 1 run id.
local meta = redis.call('HMGET', META, 'run_id', 'state', 'seq', 'drained', 'outbox_bytes', 'generation', 'epoch')
local counters, holds = {}, {}
local registered = redis.call('HGETALL', P .. 'counters')
local now = now_ms()
for at = 1, #registered, 2 do
  -- Windows that take no more postings are forgotten by and by: they are the ledger's alone.
  if number(registered[at + 1]) + TOMBSTONE_MS >= now then
    counters[#counters + 1] = { registered[at], registered[at + 1], redis.call('HGETALL', P .. 'c:' .. registered[at]) }
  end
end
local open = redis.call('HGETALL', P .. 'open')
for at = 1, #open, 2 do
  local seen = redis.call('HMGET', P .. 'hold:' .. open[at], 's', 'a', 'c', 'v', 'po')
  holds[#holds + 1] = { open[at], open[at + 1], seen[1] or '', seen[2] or '', seen[3] or '', seen[4] or '', seen[5] or '' }
end
return {
  meta[1] == ARGV[1] and meta[2] or 'lost', meta[3] or '0', meta[4] or '0', meta[5] or '0',
  text(now), meta[6] or '', meta[7] or '', counters, holds,
}
