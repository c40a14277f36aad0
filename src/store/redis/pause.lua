-- Lets a bucket give nothing out for a while. A pause that ends later stays.
--
-- ARGV: bucket, now, when the pause ends (microseconds)
local at = key('limit:' .. ARGV[1])
local now, till = tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at, since, ends = string.match(call('GET', at) or '', '^(%d+) (%d+) (%d+)$')
full_at, since, ends = tonumber(full_at or 0), tonumber(since or 0), tonumber(ends or 0)
if since <= now and ends > till then
  return 0
end
local keep = math.ceil((math.max(full_at, till) - now) / 1000) + 60000
call('SET', at, string.format('%.0f %.0f %.0f', full_at, now, till), 'PX', string.format('%.0f', keep))
return 1
