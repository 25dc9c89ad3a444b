-- Forgets counters of windows long over and assumed holds whose tombstones are gone.
-- ARGV: 1 run id.
local now = now_ms()
for _, name in ipairs({ 'counters', 'assumed' }) do
  local list = redis.call('HGETALL', P .. name)
  for at = 1, #list, 2 do
    if number(list[at + 1]) + TOMBSTONE_MS + DAY_MS < now then redis.call('HDEL', P .. name, list[at]) end
  end
end
return { 'ok' }
