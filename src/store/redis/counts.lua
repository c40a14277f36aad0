-- Counts the items of a queue. Answers how many wait, are retried, are dead, discarded, done; then for each hour how
-- many were done and how many died.
--
-- ARGV: queue, when the first hour begins (milliseconds), how many hours
local q, from = queue(ARGV[1]), tonumber(ARGV[2])
local HOUR = 3600 * 1000
local all = q.inbox and call('XLEN', key('in:log')) or call('ZCARD', key('out:index'))
local done, dead = call('ZCARD', q.done), call('ZCARD', q.dead)
local delayed, discarded = call('ZCARD', q.delayed), call('ZCARD', q.discarded)
local counts = { math.max(0, all - done - dead - delayed), delayed, dead, discarded, done - discarded }
for _ = 1, tonumber(ARGV[3]) do
  for _, times in ipairs({ q.done, q.dead }) do
    counts[#counts + 1] = call('ZCOUNT', times, from, '(' .. from + HOUR)
  end
  from = from + HOUR
end
return counts
