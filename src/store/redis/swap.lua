-- Changes a note if it is as expected. Answers 1 when it says then what it should, also when it did before: the call
-- may be sent twice.
--
-- ARGV: name, whether a text is expected, which, whether there is to be one, which, until when, now (milliseconds)
local at = key('note:' .. ARGV[1])
local till, text = string.match(call('GET', at) or '', '^(%d+) (.*)$')
local now = tonumber(ARGV[7])
if till and tonumber(till) <= now then
  text = nil
end
local expected = ARGV[2] == '1' and ARGV[3] or nil
local value = ARGV[4] == '1' and ARGV[5] or nil
if text ~= expected then
  return text == value and 1 or 0
end
if not value then
  call('DEL', at)
  return 1
end
-- The server's own clock need not be the caller's, so it has a minute more.
local keep = math.max(tonumber(ARGV[6]) - now, 0) + 60000
call('SET', at, ARGV[6] .. ' ' .. value, 'PX', string.format('%.0f', keep))
return 1
