-- Adds what a counter lacks. Differences commute with what is posted meanwhile, so nothing stops.
-- ARGV: 1 run id, 2 epoch, then for each: counter, window start, window end, value, held, posted.
local meta = redis.call('HMGET', META, 'run_id', 'epoch')
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] then return { 'unready' } end
local now = now_ms()
for at = 3, #ARGV, 6 do
  post({ counter = ARGV[at], window_start = ARGV[at + 1], window_end = ARGV[at + 2], value = ARGV[at + 3] },
    number(ARGV[at + 4]), number(ARGV[at + 5]), now)
end
return { 'repaired' }
