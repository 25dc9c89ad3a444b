-- Purser's own keys as every proxy reads them, and when each was last used.
-- ARGV: 1 run id, 2 step, then by step. A key is "version|forget at|JSON" under its digest.
local step, keys, uses = ARGV[2], P .. 'keys', P .. 'key_uses'

if step == 'publish' then
  -- Digest, version and the whole of each key. An older version never replaces a newer one:
  -- what was revoked does not come back.
  for at = 3, #ARGV, 3 do
    local found = redis.call('HGET', keys, ARGV[at])
    if not found or number(string.match(found, '^(%d+)|')) < number(ARGV[at + 1]) then
      redis.call('HSET', keys, ARGV[at], ARGV[at + 2])
    end
  end
elseif step == 'complete' then
  redis.call('HSET', keys, 'complete', '1')
elseif step == 'forget' then
  for at = 3, #ARGV do
    redis.call('HDEL', keys, ARGV[at])
    redis.call('HDEL', uses, ARGV[at])
  end
elseif step == 'used' then
  -- 3 digest, 4 when
  if number(redis.call('HGET', uses, ARGV[3])) < number(ARGV[4]) then
    redis.call('HSET', uses, ARGV[3], ARGV[4])
  end
elseif step == 'written' then
  -- Digest and time of each use that SQL has now; a later use stays.
  for at = 3, #ARGV, 2 do
    if redis.call('HGET', uses, ARGV[at]) == ARGV[at + 1] then redis.call('HDEL', uses, ARGV[at]) end
  end
end
return { 'ok' }
