-- Corrects a call that has ended, by an admin's word. Applied once: `entry` must be the last one.
-- ARGV: 1 run id, 2 hold id, 3 last entry known, 4-5 totals known by SQL, 6-7 new totals,
-- 8 record, 9 admitted, 10 postings, 11 digests.
local meta = redis.call('HMGET', META, 'run_id', 'state')
if meta[1] ~= ARGV[1] or meta[2] ~= 'ready' then return { 'unready' } end
local seen = hold_of(ARGV[2])
if seen.s == 'held' then return { 'held' } end
if seen.s and seen.e ~= ARGV[3] then return { 'moved', seen.e } end
local totals = {
  a = ARGV[9], e = ARGV[3], c = ARGV[4], v = ARGV[5], g = ARGV[11],
  po = seen.po and seen.po ~= '' and seen.po or ARGV[10],
}
local seq, entry =
  correction(ARGV[2], totals, number(ARGV[6]), number(ARGV[7]), '', ARGV[8], now_ms())
return { 'corrected', seq, text(entry) }
