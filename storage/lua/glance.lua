-- How Redis stands, what is in flight, and some values of counters, without reading the rest.
-- ARGV: 1 run id, then "counter:window start" and value, in pairs.
local OLDEST_OF = 1000
local meta = redis.call('HMGET', META, 'run_id', 'state', 'seq', 'drained', 'outbox_bytes', 'frozen')
local open = redis.call('HKEYS', P .. 'open')
local oldest, charge = nil, 0
for at = 1, math.min(#open, OLDEST_OF) do
  local seen = redis.call('HMGET', P .. 'hold:' .. open[at], 'a', 'c')
  if seen[1] and (not oldest or number(seen[1]) < oldest) then oldest = number(seen[1]) end
  charge = charge + number(seen[2])
end
local found = {}
for at = 2, #ARGV, 2 do
  local levels = redis.call('HMGET', P .. 'c:' .. ARGV[at], ARGV[at + 1] .. ':p', ARGV[at + 1] .. ':h')
  found[#found + 1] = { levels[1] or '0', levels[2] or '0' }
end
return {
  meta[1] == ARGV[1] and meta[2] or 'lost', meta[3] or '0', meta[4] or '0', meta[5] or '0',
  text(now_ms()), meta[6] or '', #open, oldest and text(oldest) or '', text(charge), found,
}
