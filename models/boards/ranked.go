package boards

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/models/learning"
)

// readScript reads a range of a board in one call, so that all of it is of one moment.
// It returns nothing unless the stamp is the expected one, or that of the batch that came right after it, and no key has lost anything.
//
// KEYS: stamp, users, ranking. ARGV: the expected stamp, the viewer's field, which of a
// record's members the ranking has (from 0), ranks to skip, how many, 1 for around the
// viewer, the database that they must be of, 1 if the members are known under the expected stamp. Answer: size, the viewer's
// rank (0: none), ranks skipped, and unless the members are known: members, their records, 1 if the stamp is the expected one.
var readScript = redis.NewScript(`
local stamps = redis.call('HMGET', KEYS[1], 'stamp', 'before', 'database')
if stamps[3] ~= ARGV[7] or stamps[1] ~= ARGV[1] and stamps[2] ~= ARGV[1] then return false end
local size = redis.call('ZCARD', KEYS[3])
if size ~= tonumber(redis.call('HGET', KEYS[1], KEYS[3]) or '0') then return false end
if redis.call('HLEN', KEYS[2]) ~= tonumber(redis.call('HGET', KEYS[1], KEYS[2]) or '0') then return false end
local rank = 0
local record = redis.call('HGET', KEYS[2], ARGV[2])
if record then
  local at = tonumber(ARGV[3]) * 24
  local r = redis.call('ZREVRANK', KEYS[3], string.sub(record, at + 1, at + 24))
  if r then rank = r + 1 end
end
local skip, limit = tonumber(ARGV[4]), tonumber(ARGV[5])
if ARGV[6] == '1' and rank > 0 then
  skip = math.max(0, math.min(rank - 1 - math.floor(limit / 2), size - limit))
end
local latest = stamps[1] == ARGV[1] and 1 or 0
if ARGV[8] == '1' and latest == 1 then return {size, rank, skip} end
local members = redis.call('ZREVRANGE', KEYS[3], skip, skip + limit - 1)
if #members == 0 then return {size, rank, skip, {}, {}, latest} end
local fields = {}
for i, m in ipairs(members) do fields[i] = string.sub(m, 9, 24) end
return {size, rank, skip, members, redis.call('HMGET', KEYS[2], unpack(fields)), latest}
`)

func (b *Boards) ranked(ctx context.Context, q Query, now learning.BoardNow) (Page, error) {
	k, around, isKnown := keysOf(*now.Generation), 0, 0
	key := pageKey{*now.Stamp, now.Database, q.Board, q.Skip, q.Limit}
	known, ok := b.known.recall(key)
	switch {
	case q.Around:
		around = 1
	case ok:
		isKnown = 1
	}
	var answer []any
	err := b.exchange(ctx, func(ctx context.Context) (err error) {
		answer, err = readScript.Run(ctx, b.Redis, []string{k.stamp(), k.users(q.Period), k.ranking(q.Board)},
			now.Stamp.String(), field(q.Viewer), place(q.Kind), q.Skip, q.Limit, around, now.Database, isKnown).Slice()
		if errors.Is(err, redis.Nil) {
			return errUnbelieved
		}
		return err
	})
	if err != nil {
		return Page{}, err
	}
	if len(answer) == 3 {
		size, _ := answer[0].(int64)
		rank, _ := answer[1].(int64)
		return Page{Places: known.places, Size: size, Rank: rank, Number: known.number}, nil
	}
	page, err := readAnswer(answer)
	if err == nil && !q.Around && answer[5] == int64(1) {
		page.Number = b.known.remember(key, page.Places)
	}
	return page, err
}

func readAnswer(answer []any) (page Page, err error) {
	if len(answer) != 6 {
		return page, fmt.Errorf("redis answers with %d values", len(answer))
	}
	size, _ := answer[0].(int64)
	rank, _ := answer[1].(int64)
	skip, _ := answer[2].(int64)
	members, _ := answer[3].([]any)
	records, _ := answer[4].([]any)
	page = Page{Size: size, Rank: rank, Places: make([]learning.LeaderboardEntry, len(members))}
	for i := range members {
		m, isMember := members[i].(string)
		if !isMember || len(m) != memberBytes || i >= len(records) {
			return page, errUnbelieved
		}
		text, isRecord := records[i].(string)
		if !isRecord {
			return page, errUnbelieved
		}
		p := &page.Places[i]
		p.Rank = skip + int64(i) + 1
		if p.UserID, err = userOf(m[8:]); err != nil {
			return page, err
		}
		if err := readRecord(text, p); err != nil {
			return page, err
		}
	}
	return page, nil
}
