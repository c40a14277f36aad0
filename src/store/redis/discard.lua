-- Ends a dead item for good and adds the reason to its history. Answers whether it was dead.
--
-- ARGV: queue, place, the entry for its history, entries kept, now (milliseconds)
local q, place = queue(ARGV[1]), ARGV[2]
if call('ZREM', q.dead, place) == 0 then
  return 0
end
local work = work_of(q, place) or fresh(place)
remember(work, ARGV[3], tonumber(ARGV[4]))
keep_work(q, place, work)
call('ZREM', q.aside, place)
call('ZADD', q.done, ARGV[5], place)
call('ZADD', q.discarded, order(place), place)
return 1
