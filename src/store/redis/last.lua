-- The last records of a table between two keys, in the order of their keys: key, then version, a blank and JSON.
--
-- ARGV: table, key to begin after, key to end before, how many
local names = call('ZREVRANGEBYLEX', key('k:' .. ARGV[1]), '(' .. ARGV[3], '(' .. ARGV[2], 'LIMIT', 0, ARGV[4])
local records = {}
for n, name in ipairs(names) do
  records[#names + 1 - n] = { name, call('HGET', key('t:' .. ARGV[1]), name) }
end
return records
