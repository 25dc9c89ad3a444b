-- What reserve.lua, manual.lua and levels.lua share: the rules that come with a question, how full
-- each is now, and which of them would refuse.

-- Refusals are counted by minute, reason, rule and caller; the janitor closes the minutes.
local function count_refusal(now, reason, rule, who)
  local field = text(math.floor(now / 60000)) .. '|' .. reason .. '|' .. rule .. '|'
  local full = redis.call('HLEN', P .. 'refused') >= 10000
  redis.call('HINCRBY', P .. 'refused', field .. (full and '' or who), 1)
end

-- 'paused' or 'completed' where the campaign among these digests takes no calls.
local function blocked_campaign(digests)
  return redis.call('HGET', P .. 'blocked', string.match(digests, '^%x*%.(%x*)') or '')
end

-- The rules in ARGV from `at` on: name, counter, mode, value, start and end of the current window,
-- start and end of the next. Second comes why there is no answer: 'stale' or 'stale_config'.
local function rules_asked(at, values_max, now)
  local overridden = redis.call('HLEN', P .. 'overrides') > 0
  local rules = {}
  for first_of = at, #ARGV, 8 do
    local first, last = ARGV[first_of + 4], ARGV[first_of + 5]
    if now >= number(last) then first, last = ARGV[first_of + 6], ARGV[first_of + 7] end
    if now < number(first) or now >= number(last) then return nil, 'stale' end
    local key = counter_key(ARGV[first_of + 1], first)
    local value = place(key, ARGV[first_of + 3], values_max)
    local limit = limit_of(ARGV[first_of + 1], value, first, overridden)
    if not limit then return nil, 'stale_config' end
    local found = redis.call('HMGET', key, value .. ':p', value .. ':h')
    rules[#rules + 1] = {
      name = ARGV[first_of], key = key, counter = ARGV[first_of + 1], mode = ARGV[first_of + 2],
      value = value, window_start = first, window_end = last, limit = limit,
      posted = number(found[1]), held = number(found[2]),
    }
  end
  return rules, nil
end

-- The rule that refuses these amounts, and why. Of several it is the one that stays shut longest.
local function refusing(rules, charge, provider)
  local refused, spent = nil, false
  for _, rule in ipairs(rules) do
    local amount = counted(rule.mode, charge, provider)
    if rule.posted + rule.held + amount > rule.limit then
      local over = rule.posted + amount > rule.limit
      local later = refused and number(rule.window_end) > number(refused.window_end)
      if not refused or (over and not spent) or (over == spent and later) then
        refused, spent = rule, over
      end
    end
  end
  return refused, refused and (spent and 'budget_exceeded' or 'budget_in_flight')
end
