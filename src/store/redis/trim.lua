-- Forgets items that were done before a time. Answers how many.
--
-- ARGV: queue, before (milliseconds), how many at most
local q = queue(ARGV[1])
local old = call('ZRANGEBYSCORE', q.done, '-inf', '(' .. ARGV[2], 'LIMIT', 0, ARGV[3])
for _, place in ipairs(old) do
  if q.inbox then
    call('XDEL', key('in:log'), place)
  else
    call('HDEL', key('out:items'), place)
    call('ZREM', key('out:index'), place)
  end
  call('HDEL', q.work, place)
  call('ZREM', q.done, place)
  call('ZREM', q.discarded, place)
end
return #old
