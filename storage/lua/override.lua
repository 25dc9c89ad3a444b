-- Puts the overrides of one rule, or of one value of it, as SQL has them at a version. Older
-- versions that arrive late change nothing.
-- ARGV: 1 run id, 2 base ("counter" or "counter/value"), 3 version, then window ("" until
-- changed, else its start) and limit of each.
local fields = {}
local known = redis.call('HGET', P .. 'override_versions', ARGV[2]) or '0|'
local version, before = string.match(known, '^(%d+)|(.*)$')
if number(version) > number(ARGV[3]) then return { 'older' } end
for field in string.gmatch(before, '[^ ]+') do redis.call('HDEL', P .. 'overrides', field) end
for at = 4, #ARGV, 2 do
  local field = ARGV[2] .. (ARGV[at] == '' and '' or ('@' .. ARGV[at]))
  redis.call('HSET', P .. 'overrides', field, ARGV[at + 1])
  fields[#fields + 1] = field
end
redis.call('HSET', P .. 'override_versions', ARGV[2], ARGV[3] .. '|' .. table.concat(fields, ' '))
return { 'ok' }
