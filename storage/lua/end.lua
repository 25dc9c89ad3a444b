-- Ends one hold: settled, failed, voided or assumed by its owner. Idempotent by hold id.
-- ARGV: 1 run id, 2 epoch, 3 hold id, 4 status, 5 charge, 6 provider cost, 7 flags, 8 record,
-- 9 admitted, 10 postings (for an unknown id), 11 digests, 12-14 what SQL knows of an unknown
-- id: entry, charge, provider cost ('' where it knows nothing), 15-16 a response id's digest and
-- its tokens, 17 values at most, 18 the generation of rules that the postings follow.
local meta = redis.call('HMGET', META, 'run_id', 'epoch', 'state', 'generation')
if meta[1] ~= ARGV[1] or meta[2] ~= ARGV[2] or meta[3] == 'recovering' or not meta[3] then
  return { 'unready' }
end
local hold_id, status = ARGV[3], ARGV[4]
local charge, provider = number(ARGV[5]), number(ARGV[6])
local now = now_ms()
local seen = hold_of(hold_id)

local function done(what, seq, entry, total_charge, total_provider, list)
  if ARGV[15] ~= '' then
    redis.call('SET', P .. 'response:' .. ARGV[15], ARGV[16], 'EX', 30 * 86400)
  end
  return { what, seq, text(entry), text(total_charge), text(total_provider), tightest(list) }
end

if seen.s == 'held' then
  if status == 'assumed' then charge, provider = number(seen.c), number(seen.v) end
  local list = postings_of(seen.po)
  local seq = first_end(hold_id, seen, status, charge, provider, ARGV[7], ARGV[8], now)
  return done('ended', seq, 0, charge, provider, list)
end

if not seen.s and (status ~= 'voided' or ARGV[12] ~= '') and ARGV[18] ~= (meta[4] or '') then return { 'stale_config' } end
if not seen.s and ARGV[12] == '' then
  if status == 'voided' then
    -- Nothing is known of it: a reserve that is still on its way must find this.
    bury(P .. 'hold:' .. hold_id, 'voided', 0, 0, 0, '', ARGV[9], '', '')
    return { 'tombstone' }
  end
  -- The hold was lost with Redis's tail: what was spent is posted in full.
  local list = postings_of(ARGV[10])
  for _, posting in ipairs(list) do
    posting.value = place(counter_key(posting.counter, posting.window_start), posting.value, number(ARGV[17]))
  end
  local flags = ARGV[7] == '' and 'recovered' or (ARGV[7] .. ',recovered')
  local lost = { a = ARGV[9], c = '0', v = '0', po = packed(list), g = ARGV[11] }
  local seq = first_end(hold_id, lost, status, charge, provider, flags, ARGV[8], now)
  return done('recovered', seq, 0, charge, provider, list)
end

if not seen.s then
  seen = { s = 'assumed', a = ARGV[9], e = ARGV[12], c = ARGV[13], v = ARGV[14], po = ARGV[10], g = ARGV[11] }
end
if seen.s == 'assumed' and status ~= 'assumed' then
  local list = postings_of(seen.po)
  local seq, entry = correction(hold_id, seen, charge, provider, ARGV[7], ARGV[8], now)
  return done('corrected', seq, entry, charge, provider, list)
end

-- It has ended: the same event gets the first answer, anything else is told apart.
local same = seen.s == 'assumed'
  or (seen.s == 'voided' and status == 'voided')
  or (seen.s ~= 'voided' and status ~= 'voided' and status ~= 'assumed'
    and number(seen.c) == charge and number(seen.v) == provider)
  or (seen.s == 'corrected' and status == 'voided' and number(seen.c) == 0 and number(seen.v) == 0)
return { same and 'again' or 'conflict', seen.q or '', seen.e or '0', seen.c, seen.v, '' }
