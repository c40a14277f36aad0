-- Makes items due that wait for another attempt, those first that are due first; the attempt that this brings is one for
-- nothing. Answers how many.
--
-- ARGV: queue, how many at most, now (milliseconds)
local q, now = queue(ARGV[1]), ARGV[3]
local places = call('ZRANGEBYSCORE', q.delayed, '(' .. now, '+inf', 'LIMIT', 0, ARGV[2])
for _, place in ipairs(places) do
  call('ZADD', q.delayed, now, place)
  local work = work_of(q, place)
  if work then
    uncount(work)
    keep_work(q, place, work)
  end
end
return #places
