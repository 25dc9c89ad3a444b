-- Records a cost told by hand: posts it in every rule and writes its entry, once for each id.
-- With `enforce` it is refused where a call of that cost would be; nothing is written then but
-- a refusal count.
-- ARGV: 1 run id, 2 epoch, 3 generation, 4 hold id, 5 digest of what was told, 6-7 charge and
-- provider cost, 8 '1' to enforce, 9 execution whose proxied calls stand against it or '',
-- 10 outbox bytes at most, 11 values at most, 12 digests, 13 record, 14 who is refused, then
-- rules as reserve.lua takes them.
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'generation', 'frozen', 'outbox_bytes')
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] or meta[3] ~= 'ready' then return { 'unready' } end
if meta[4] ~= ARGV[3] then return { 'stale_config' } end

local now = now_ms()
local hold = P .. 'hold:' .. ARGV[4]
local seen = redis.call('HMGET', hold, 's', 'b', 'c', 'v', 'q', 'a', 'x')
if seen[1] then
  return { 'again', seen[2] or '', seen[3], seen[4], seen[5] or '', seen[6], seen[7] or '' }
end
if ARGV[9] ~= '' then
  local call = redis.call('GET', P .. 'execution:' .. ARGV[9])
  if call then return { 'metered', call } end
end
if number(meta[6]) >= number(ARGV[10]) then return { 'outbox_full' } end
local rules, stale = rules_asked(15, number(ARGV[11]), now)
if stale then return { stale, text(now) } end

local charge, provider = number(ARGV[6]), number(ARGV[7])
local enforce = ARGV[8] == '1'
if enforce then
  local reason = meta[5] and meta[5] ~= '' and 'frozen'
  local blocked = not reason and blocked_campaign(ARGV[12])
  if blocked then reason = 'campaign_' .. blocked end
  if reason then
    count_refusal(now, reason, '', ARGV[14])
    return { 'refused', reason, '', '0', '0', '0', '0', '', text(now) }
  end
  local refused, why = refusing(rules, charge, provider)
  if refused then
    count_refusal(now, why, refused.name, ARGV[14])
    return {
      'refused', why, refused.name, text(refused.limit), text(refused.posted), text(refused.held),
      text(counted(refused.mode, charge, provider)), refused.window_end, text(now),
    }
  end
end

local over = {}
for _, rule in ipairs(rules) do
  local amount = counted(rule.mode, charge, provider)
  post(rule, 0, amount, now)
  if rule.posted + rule.held + amount > rule.limit then over[#over + 1] = rule.name end
end
local list = packed(rules)
local seq = append({
  hold_id = ARGV[4], entry = 0, status = 'manual', admitted = text(now), posted = now,
  charge = charge, provider = provider, dearer = math.max(charge, provider), held = 0,
  flags = #over > 0 and 'over_budget' or '', overflow = overflow_of(rules), digests = ARGV[12],
  count = '1', record = ARGV[13],
})
bury(hold, 'manual', charge, provider, 0, seq, text(now), '', '')
redis.call('HSET', hold, 'b', ARGV[5], 'x', table.concat(over, ','))
return { 'recorded', seq, text(now), list, table.concat(over, ','), tightest(rules) }
