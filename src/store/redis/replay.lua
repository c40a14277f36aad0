-- Makes a settled or delayed item due, as if it had just come. Answers whether there is such an item.
--
-- ARGV: queue, place
local q, place = queue(ARGV[1]), ARGV[2]
local text = text_of(q, place)
if not text then
  return 0
end
local was_settled = call('ZREM', q.done, place) + call('ZREM', q.dead, place)
call('ZREM', q.discarded, place)
if was_settled + call('ZREM', q.delayed, place) > 0 then
  local _, _, _, lane = head(text)
  call('HDEL', q.work, place)
  call('ZADD', q.aside, order(place), place)
  call('RPUSH', q['ready:' .. (lane or 'n')], place)
end
return 1
