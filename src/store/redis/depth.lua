-- How deep a queue is, without looking at what waits in its middle. Answers how many items are urgent, how many are not,
-- how many wait for another attempt, how many are dead; then, or '', when the oldest urgent and the oldest other item
-- came (milliseconds).
--
-- ARGV: queue
--
-- Looked at are the ends of the lanes, the next of the log, and what is in work: what is parked waits behind that.
local q = queue(ARGV[1])
local IN_WORK_MAX, NEXT_MAX = 512, 16

local oldest = {}
local function see(lane, place)
  if place and not (oldest[lane] and order(oldest[lane]) <= order(place)) then
    oldest[lane] = place
  end
end

local all = q.inbox and call('XLEN', key('in:log')) or call('ZCARD', key('out:index'))
local dead, delayed = call('ZCARD', q.dead), call('ZCARD', q.delayed)
local waiting = math.max(0, all - call('ZCARD', q.done) - dead - delayed)
local urgent = call('LLEN', q['ready:u'])
for _, lane in ipairs({ 'u', 'n' }) do
  see(lane, call('LINDEX', q['ready:' .. lane], 0))
  see(lane, call('LINDEX', q['ready:' .. lane], -1))
end
for _, place in ipairs(call('ZRANGE', q.leases, 0, IN_WORK_MAX - 1)) do
  local work = work_of(q, place)
  if work then
    see(work.lane, place)
    urgent = urgent + (work.lane == 'u' and 1 or 0)
  end
end
if q.inbox then
  local cursor = call('GET', key('in:cursor')) or '0-0'
  for _, entry in ipairs(call('XRANGE', key('in:log'), '(' .. cursor, '+', 'COUNT', NEXT_MAX)) do
    local _, _, _, lane = head(entry[2][2])
    if lane ~= 'u' then
      see('n', entry[1])
      break
    end
  end
end

local function came(lane)
  local text = oldest[lane] and text_of(q, oldest[lane])
  return text and string.match(text, '^(%d+)\t') or ''
end
urgent = math.min(urgent, waiting)
return { urgent, waiting - urgent, delayed, dead, came('u'), came('n') }
