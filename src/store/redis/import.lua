-- Takes pieces of another store in. Bears being run twice.
--
-- ARGV: now (milliseconds), how many seconds a set of seen contents lives on, then the pieces, each begun by its name:
--   put table key json · seen hour hash ·
--   item queue place text state attempts at failures, one per line, each after a line's end
local now, keep = ARGV[1], ARGV[2]
local token = string.format('%.0f', call('INCRBY', key('numbers'), 1))

local take = {}

function take.put(kind, name, json)
  call('HSET', key('t:' .. kind), name, token .. ' ' .. json)
  call('ZADD', key('k:' .. kind), 0, name)
  return 3
end

function take.seen(hour, hash)
  local set = key('seen:' .. hour)
  call('SADD', set, hash)
  call('EXPIRE', set, keep)
  return 2
end

function take.item(name, place, text, state, attempts, at, failures)
  local q = queue(name)
  if text_of(q, place) then
    return 7
  end
  local source, kind, subject, lane = head(text)
  local work = fresh(place, subject, lane)
  work.attempts, work.failures = tonumber(attempts), failures
  if q.inbox then
    call('XADD', key('in:log'), place, 'd', text)
    -- It stands in a lane or aside, so it is not looked for in the log.
    call('SET', key('in:cursor'), place)
    call('HINCRBY', q.came, hour_of(text), 1)
    if source == 'service' and state ~= 'dead' then
      call('HSET', key('marks'), kind .. ' ' .. work.subject, place)
    end
  else
    call('HSET', key('out:items'), place, text)
    call('ZADD', key('out:index'), order(place), place)
  end
  call('ZADD', q.aside, order(place), place)
  if state == 'waiting' then
    if work.attempts > 0 then
      -- More than one claim would make it one that is tried again.
      work.attempts = 1
      keep_work(q, place, work)
    end
    call('RPUSH', q['ready:' .. work.lane], place)
    return 7
  end
  keep_work(q, place, work)
  call('ZADD', state == 'dead' and q.dead or q.delayed, at, place)
  return 7
end

local at = 3
while at <= #ARGV do
  at = at + 1 + take[ARGV[at]](unpack(ARGV, at + 1, math.min(at + 7, #ARGV)))
end
return 'ok'
