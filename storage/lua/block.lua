-- Puts the status of one campaign as SQL has it. Older versions that arrive late change nothing.
-- ARGV: 1 run id, 2 digest of the campaign, 3 version, 4 "paused", "completed" or "" (active).
local version = redis.call('HGET', P .. 'blocked_versions', ARGV[2]) or '0'
if number(version) > number(ARGV[3]) then return { 'older' } end
redis.call('HSET', P .. 'blocked_versions', ARGV[2], ARGV[3])
if ARGV[4] == '' then
  redis.call('HDEL', P .. 'blocked', ARGV[2])
else
  redis.call('HSET', P .. 'blocked', ARGV[2], ARGV[4])
end
return { 'ok' }
