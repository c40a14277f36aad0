-- Records as they are at one moment. Answers two lists: for each key its version, a blank and its JSON, or nothing; for
-- each table the first records whose keys lie between two texts: key, then version, a blank and JSON.
--
-- ARGV: how many keys, for each: table, key; then the two texts, how many of a table at most, the tables
local records, pages = {}, {}
local at = 2
for _ = 1, tonumber(ARGV[1]) do
  records[#records + 1] = call('HGET', key('t:' .. ARGV[at]), ARGV[at + 1])
  at = at + 2
end
local after, before, max = '(' .. ARGV[at], '(' .. ARGV[at + 1], ARGV[at + 2]
for place = at + 3, #ARGV do
  local page = {}
  for n, name in ipairs(call('ZRANGEBYLEX', key('k:' .. ARGV[place]), after, before, 'LIMIT', 0, max)) do
    page[n] = { name, call('HGET', key('t:' .. ARGV[place]), name) }
  end
  pages[#pages + 1] = page
end
return { records, pages }
