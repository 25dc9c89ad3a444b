-- Closes the minutes that are over: one ledger entry for each line of refusals, with its count.
-- ARGV: 1 run id, 2 lines at most. The hold id is made of what is counted, so it is the same
-- whoever closes it.
local meta = redis.call('HMGET', META, 'run_id', 'state')
if meta[1] ~= ARGV[1] or meta[2] ~= 'ready' then return { 'unready' } end
local now = now_ms()
local minute = math.floor(now / 60000)
local closed, more = 0, 0
local lines = redis.call('HGETALL', P .. 'refused')
for at = 1, #lines, 2 do
  local field, count = lines[at], lines[at + 1]
  local first = string.match(field, '^(%d+)|')
  if number(first) < minute then
    if closed >= number(ARGV[2]) then
      more = 1
      break
    end
    append({
      hold_id = 'refused-' .. redis.sha1hex(field), entry = 0, status = 'refused',
      admitted = text(number(first) * 60000), posted = now, charge = 0, provider = 0, dearer = 0,
      held = 0, flags = '', overflow = '', digests = '', count = count, record = field,
    })
    redis.call('HDEL', P .. 'refused', field)
    closed = closed + 1
  end
end
return { 'closed', text(closed), text(more) }
