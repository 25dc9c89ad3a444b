-- Removes what SQL has committed from the outbox: entries after `from` up to `to`, once.
-- ARGV: 1 run id, 2 from, 3 to, 4 their bytes.
local meta = redis.call('HMGET', META, 'run_id', 'drained')
if meta[1] ~= ARGV[1] then return { 'unready' } end
if number(meta[2]) ~= number(ARGV[2]) then return { 'moved', meta[2] or '0' } end
redis.call('XTRIM', P .. 'outbox', 'MINID', text(number(ARGV[3]) + 1))
redis.call('HSET', META, 'drained', ARGV[3])
local bytes = number(redis.call('HINCRBY', META, 'outbox_bytes', -number(ARGV[4])))
if bytes < 0 or redis.call('XLEN', P .. 'outbox') == 0 then
  redis.call('HSET', META, 'outbox_bytes', '0')
end
return { 'acknowledged', ARGV[3] }
