-- Counts the items of a queue. Answers how many wait, are retried, are dead, discarded, done; then for each hour how
-- many were done and how many died; then, for the inbox, for each hour how many came.
--
-- ARGV: queue, when the first hour begins (milliseconds), how many hours
local q, from = queue(ARGV[1]), tonumber(ARGV[2])
local HOUR = 3600 * 1000
local NEXT_MAX = 1000
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
if q.inbox then
  -- Those that were looked at are counted already; what comes next is not.
  local came = {}
  local cursor = call('GET', key('in:cursor')) or '0-0'
  for _, entry in ipairs(call('XRANGE', key('in:log'), '(' .. cursor, '+', 'COUNT', NEXT_MAX)) do
    local hour = hour_of(entry[2][2])
    came[hour] = (came[hour] or 0) + 1
  end
  local hour = math.floor(tonumber(ARGV[2]) / HOUR)
  for n = 0, tonumber(ARGV[3]) - 1 do
    local name = string.format('%.0f', hour + n)
    counts[#counts + 1] = tonumber(call('HGET', q.came, name) or 0) + (came[name] or 0)
  end
end
return counts
