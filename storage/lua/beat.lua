-- A process says that it lives and hears how things stand.
-- ARGV: 1 run id, 2 process, 3 what it says of itself.
redis.call('HINCRBY', P .. 'beats', ARGV[2], 1)
redis.call('HSET', P .. 'processes', ARGV[2], ARGV[3])
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'generation', 'drained', 'frozen', 'digest', 'seq', 'outbox_bytes')
local state = meta[1] == ARGV[1] and meta[3] or 'lost'
return {
  state, meta[2] or '', meta[4] or '', meta[5] or '0', meta[6] or '', meta[7] or '',
  meta[8] or '0', meta[9] or '0', text(now_ms()),
}
