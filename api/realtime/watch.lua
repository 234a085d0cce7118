-- Takes or renews the lease on querying a task, and reads what was shared.
-- KEYS: lease, events (a sorted set, score = seq).
-- ARGV: owner, lease ms, since, keep ms, limit.
-- Answer: 1 if the owner holds the lease, ms it has left, highest seq shared, events after since.
-- Running it twice does no harm.
local owner = redis.call('GET', KEYS[1])
local mine = 0
if not owner or owner == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  mine = 1
elseif redis.call('PTTL', KEYS[1]) > tonumber(ARGV[2]) then -- the clock has gone back since
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
local top = redis.call('ZREVRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local events = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[3], '+inf', 'LIMIT', 0, ARGV[5])
return {mine, redis.call('PTTL', KEYS[1]), tonumber(top[2] or '0'), events}
