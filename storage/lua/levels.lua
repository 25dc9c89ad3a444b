-- How full each rule is now, and whether a call of these amounts would be refused. Writes nothing.
-- ARGV: 1 run id, 2 epoch, 3 generation, 4-5 charge and provider cost, 6 values at most,
-- 7 digests, then rules as reserve.lua takes them.
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'generation', 'frozen')
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] or meta[3] ~= 'ready' then return { 'unready' } end
if meta[4] ~= ARGV[3] then return { 'stale_config' } end
local now = now_ms()
local rules, stale = rules_asked(8, number(ARGV[6]), now)
if stale then return { stale, text(now) } end

local refused, reason = refusing(rules, number(ARGV[4]), number(ARGV[5]))
local by = refused and refused.name or ''
local blocked = blocked_campaign(ARGV[7])
if blocked then reason, by = 'campaign_' .. blocked, '' end
if meta[5] and meta[5] ~= '' then reason, by = 'frozen', '' end
local found = {}
for index, rule in ipairs(rules) do
  found[index] = {
    rule.name, text(rule.limit), text(rule.posted), text(rule.held), rule.window_start, rule.window_end,
  }
end
return { 'levels', text(now), reason or '', by, found }
