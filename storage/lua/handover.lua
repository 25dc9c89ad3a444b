-- Passes a hold from its proxy process to a job: from here on no missed beat ends it.
-- ARGV: 1 run id, 2 hold id, 3 job ("kind:provider id"), 4 what is known of the job.
local meta = redis.call('HMGET', META, 'run_id', 'state')
if meta[1] ~= ARGV[1] or meta[2] == 'recovering' or not meta[2] then return { 'unready' } end
local hold = P .. 'hold:' .. ARGV[2]
local state = redis.call('HGET', hold, 's')
-- One that was assumed meanwhile is still a job: what it truly cost corrects it.
if state ~= 'held' and state ~= 'assumed' then return { 'ended', state or '' } end
redis.call('HSET', hold, 'j', ARGV[3])
redis.call('HSET', P .. 'jobs', ARGV[3], ARGV[4])
if state == 'held' then redis.call('HSET', P .. 'open', ARGV[2], 'job:' .. ARGV[3]) end
return { state }
