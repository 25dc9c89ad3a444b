-- Refuses every metered call from now on, or lets them pass again ('').
-- ARGV: 1 run id, 2 what is said of the freeze, 3 its audit record (kept until SQL has it).
local before = redis.call('HGET', META, 'frozen') or ''
redis.call('HSET', META, 'frozen', ARGV[2])
if ARGV[3] ~= '' then redis.call('RPUSH', P .. 'audit', ARGV[3]) end
return { before }
