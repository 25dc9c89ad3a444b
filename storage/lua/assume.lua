-- Assumes the holds of a process that has missed its beats; never while it beats.
-- ARGV: 1 run id, 2 process, 3 the beat at which it stopped, 4 holds at most in one step.
local meta = redis.call('HMGET', META, 'run_id', 'state')
if meta[1] ~= ARGV[1] or meta[2] == 'recovering' or not meta[2] then return { 'unready' } end
if (redis.call('HGET', P .. 'beats', ARGV[2]) or '') ~= ARGV[3] then return { 'alive' } end

local now, ended, more = now_ms(), 0, false
local open = redis.call('HGETALL', P .. 'open')
for at = 1, #open, 2 do
  if open[at + 1] == ARGV[2] then
    if ended >= number(ARGV[4]) then
      more = true
      break
    end
    local seen = hold_of(open[at])
    if seen.s == 'held' then
      first_end(open[at], seen, 'assumed', number(seen.c), number(seen.v), 'estimated', seen.r, now)
      ended = ended + 1
    else
      redis.call('HDEL', P .. 'open', open[at])
    end
  end
end
if not more then
  redis.call('HDEL', P .. 'beats', ARGV[2])
  redis.call('HDEL', P .. 'processes', ARGV[2])
end
return { 'assumed', text(ended), more and 'more' or 'all' }
