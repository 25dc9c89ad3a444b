-- Holds the worst case of one call in every rule at once, or writes nothing but a refusal count.
-- ARGV: 1 run id, 2 epoch, 3 generation, 4 hold id, 5 process, 6-7 base amounts, 8-9 amounts of
-- one output token, 10 full ceiling, 11 least ceiling, 12-13 amounts at the full ceiling,
-- 14 implicit share (per mille), 15 outbox bytes at most, 16 values at most, 17 digests,
-- 18 record, 19 who is refused, then for each rule: name, counter, mode, value, start and end of
-- its current window, start and end of its next.
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'generation', 'frozen', 'outbox_bytes')
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] or meta[3] ~= 'ready' then return { 'unready' } end
if meta[4] ~= ARGV[3] then return { 'stale_config' } end

local hold = P .. 'hold:' .. ARGV[4]
local seen = redis.call('HMGET', hold, 's', 'a', 'l', 'c', 'v', 'po')
if seen[1] == 'held' then
  return { 'granted', seen[2], seen[3], seen[4], seen[5], seen[6], tightest(postings_of(seen[6])) }
elseif seen[1] then
  return { 'ended', seen[1] }
end

local now = now_ms()
local function refuse(reason, rule) count_refusal(now, reason, rule, ARGV[19]) end
if meta[5] and meta[5] ~= '' then
  refuse('frozen', '')
  return { 'frozen', text(now) }
end
local blocked = blocked_campaign(ARGV[17])
if blocked then
  refuse('campaign_' .. blocked, '')
  return { 'blocked', blocked, text(now) }
end
if number(meta[6]) >= number(ARGV[15]) then return { 'outbox_full' } end

local rules, stale = rules_asked(20, number(ARGV[16]), now)
if stale then return { stale, text(now) } end

-- A ceiling that the client did not set may be lowered, so that one hold takes at most its share
-- of what is left in the tightest rule.
local ceiling, least = number(ARGV[10]), number(ARGV[11])
local charge, provider = number(ARGV[12]), number(ARGV[13])
if least < ceiling then
  local function fitting(allowed, base, each)
    if each > 0 then return math.floor((allowed - base) / each) end
    return ceiling
  end
  local granted = ceiling
  for _, rule in ipairs(rules) do
    local left = math.max(0, rule.limit - rule.posted - rule.held)
    local allowed = math.floor(left / 1000) * number(ARGV[14])
    if rule.mode ~= 'provider' then
      granted = math.min(granted, fitting(allowed, number(ARGV[6]), number(ARGV[8])))
    end
    if rule.mode ~= 'charge' then
      granted = math.min(granted, fitting(allowed, number(ARGV[7]), number(ARGV[9])))
    end
  end
  granted = math.max(least, granted)
  if granted < ceiling then
    ceiling = granted
    charge = number(ARGV[6]) + ceiling * number(ARGV[8])
    provider = number(ARGV[7]) + ceiling * number(ARGV[9])
  end
end

local refused, reason = refusing(rules, charge, provider)
if refused then
  refuse(reason, refused.name)
  return {
    reason, refused.name, text(refused.limit), text(refused.posted), text(refused.held),
    text(counted(refused.mode, charge, provider)), refused.window_end, text(now),
  }
end

local remaining = nil
for _, rule in ipairs(rules) do
  local amount = counted(rule.mode, charge, provider)
  open_place(rule.key, rule.counter, rule.window_start, rule.window_end, rule.value)
  add(rule.key, rule.value .. ':h', amount)
  local left = rule.limit - rule.posted - rule.held - amount
  if not remaining or left < remaining then remaining = left end
end
local list = packed(rules)
redis.call('HSET', hold, 's', 'held', 'pid', ARGV[5], 'a', text(now), 'l', text(ceiling),
  'c', text(charge), 'v', text(provider), 'e', '0', 'po', list, 'g', ARGV[17], 'r', ARGV[18])
redis.call('HSET', P .. 'open', ARGV[4], ARGV[5])
return {
  'granted', text(now), text(ceiling), text(charge), text(provider), list,
  remaining and text(remaining) or '',
}
