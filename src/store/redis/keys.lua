-- Every script but accept.lua begins with this text. The keys are explained in keys.rs.
--
-- KEYS[1]: what every key of the corp begins with. KEYS[2]: a key that never exists.
local call = redis.call

local function key(name)
  return KEYS[1] .. name
end
