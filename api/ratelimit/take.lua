-- Takes what a request costs from each of its limits, or from none of them.
-- KEYS: a counter each, then perhaps the mark of the request's id.
-- ARGV: now, ms to keep the mark, then for each limit: quota, span, lock, cost,
-- cost of a repetition, ms to keep, 1 for soft. Times are microseconds unless said otherwise.
-- A bucket (lock 0) is the time at which it will be full again; a unit takes span.
-- A lock is the list of its failures; each counts for span.
-- A soft bucket never refuses: without room it is charged as far as it goes.
-- Answer: 1 or 0 for taken, then for each limit: units left, time until all are
-- back, time to wait.
-- It is not safe to run twice for one request: callers must not retry.
local fields = 7
local now = tonumber(ARGV[1])
local count = (#ARGV - 2) / fields
local mark = KEYS[count + 1]
local again = mark and redis.call('EXISTS', mark) == 1

local bucket, lock = {}, {}

function bucket.read(l)
  l.full = l.quota * l.span
  local owed = tonumber(redis.call('GET', l.key) or '0') - now
  l.owed = math.min(math.max(owed, 0), l.full) -- a clock that was ahead harms for a window at most
  l.wait = 0
  if l.cost > 0 then l.wait = math.max(0, l.owed + l.cost * l.span - l.full) end
end

function bucket.take(l)
  l.owed = math.min(l.owed + l.cost * l.span, l.full) -- more only where it is soft
  if l.cost > 0 then redis.call('SET', l.key, string.format('%.0f', now + l.owed), 'PX', l.keep) end
end

function bucket.left(l) return math.floor((l.full - l.owed) / l.span), l.owed end

function lock.read(l)
  l.times = redis.call('LRANGE', l.key, 0, -1)
  l.wait = 0
  if #l.times >= l.quota then
    l.wait = math.min(tonumber(l.times[#l.times]), now) + l.lock - now
    if l.wait > 0 then return end
    l.wait, l.times = 0, {}
    redis.call('DEL', l.key)
  end
  while l.times[1] and tonumber(l.times[1]) + l.span <= now do
    table.remove(l.times, 1)
    redis.call('LPOP', l.key)
  end
end

function lock.take(l)
  table.insert(l.times, ARGV[1])
  redis.call('RPUSH', l.key, ARGV[1])
  redis.call('PEXPIRE', l.key, l.keep)
end

function lock.left(l)
  local n = #l.times
  if n == 0 then return l.quota, 0 end
  if n >= l.quota then return 0, tonumber(l.times[n]) + l.lock - now end
  return l.quota - n, tonumber(l.times[1]) + l.span - now
end

local limits, taken = {}, 1
for i = 1, count do
  local at = 2 + (i - 1) * fields
  local l = {
    key = KEYS[i], quota = tonumber(ARGV[at + 1]), span = tonumber(ARGV[at + 2]), lock = tonumber(ARGV[at + 3]),
    cost = tonumber(ARGV[at + (again and 5 or 4)]), keep = ARGV[at + 6], soft = ARGV[at + 7] == '1',
  }
  l.kind = l.lock > 0 and lock or bucket
  l.kind.read(l)
  if l.wait > 0 and not l.soft then taken = 0 end
  limits[i] = l
end

local answer = {taken}
for _, l in ipairs(limits) do
  if taken == 1 then l.kind.take(l) end
  local left, reset = l.kind.left(l)
  if l.wait > 0 then reset = l.wait end
  table.insert(answer, left)
  table.insert(answer, reset)
  table.insert(answer, l.wait)
end
if taken == 1 and mark then redis.call('SET', mark, '1', 'PX', ARGV[2]) end
return answer
