-- The hours of whose contents some came. For a store that rests: all names of keys are looked at.
local pattern = string.gsub(key('seen:'), '[%[%]%*%?\\]', '\\%0') .. '*'
local hours = {}
for n, name in ipairs(call('KEYS', pattern)) do
  hours[n] = string.match(name, '%d+$')
end
table.sort(hours)
return hours
