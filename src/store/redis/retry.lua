-- Gives a claimed item back until its next attempt is due; or changes nothing and answers 'lost'. Without a failure this
-- attempt counts as none.
--
-- ARGV: queue, place, token, when it is due, the failure ('' for none), failures kept, now (milliseconds)
local q, place = queue(ARGV[1]), ARGV[2]
local work = held_work(q, place, ARGV[3])
if not work then
  return 'lost'
end
if ARGV[5] ~= '' then
  remember(work, ARGV[5], tonumber(ARGV[6]))
end

local source, kind, subject = head(text_of(q, place) or '')
if q.inbox and source == 'service' then
  local mark = kind .. ' ' .. subject
  local newer = call('HGET', key('marks'), mark)
  if newer and newer ~= place then
    -- A later refresh waits and will do this work.
    finish(q, place, work, ARGV[7])
    return 'ok'
  end
  call('HSET', key('marks'), mark, place)
end

if ARGV[5] == '' then
  uncount(work)
end
put_aside(q, place, work)
call('ZADD', q.delayed, ARGV[4], place)
return 'ok'
