-- The text of a note, unless its time is over. A note is a line `until text`.
--
-- ARGV: name, now (milliseconds)
local till, text = string.match(call('GET', key('note:' .. ARGV[1])) or '', '^(%d+) (.*)$')
return till and tonumber(ARGV[2]) < tonumber(till) and text
