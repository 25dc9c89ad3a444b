-- A process that has ended all its holds takes its name off the list.
-- ARGV: 1 run id, 2 process.
local open = redis.call('HVALS', P .. 'open')
for _, owner in ipairs(open) do
  if owner == ARGV[2] then return { 'holds' } end
end
redis.call('HDEL', P .. 'beats', ARGV[2])
redis.call('HDEL', P .. 'processes', ARGV[2])
return { 'left' }
