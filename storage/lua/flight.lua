-- The calls in flight that were admitted first, as they asked, without reading the rest.
-- ARGV: 1 run id, 2 how many at most.
local LOOKED_AT = 1000
local meta = redis.call('HMGET', META, 'run_id', 'state')
local open = redis.call('HKEYS', P .. 'open')
local found = {}
for at = 1, math.min(#open, LOOKED_AT) do
  local seen = redis.call('HMGET', P .. 'hold:' .. open[at], 'a', 'c', 'r')
  if seen[1] then found[#found + 1] = { open[at], seen[1], seen[2], seen[3] } end
end
table.sort(found, function(one, other)
  if one[2] == other[2] then return one[1] < other[1] end
  return number(one[2]) < number(other[2])
end)
local oldest = {}
for at = 1, math.min(#found, number(ARGV[2])) do oldest[at] = found[at] end
return { meta[1] == ARGV[1] and meta[2] or 'lost', text(now_ms()), #open, oldest }
