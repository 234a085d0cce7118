-- Gives up the lease if the owner holds it, and wakes the others to take it.
-- KEYS: lease. ARGV: owner, channel, task.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
