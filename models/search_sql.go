package models

import (
	"fmt"
	"strconv"
	"strings"
)

// readings are the configurations that migration 8 makes.
const readings = "{da,de,en,es,fi,fr,hu,it,nl,no,pt,ro,ru,sv,tr,xx}"

// candidates is how many of those that match are weighed, the most liked and newest
// first: as many by their title, and as many by all of their text.
const candidates = 200

// What only belongs to what may be found by this viewer. The blocked are read once.
const mayFind = `(d.visible OR d.owner_user_id = @viewer)
	AND (d.owner_user_id IS NULL OR d.owner_user_id <> ALL (ARRAY(
		SELECT blocked_id FROM blocks WHERE blocker_id = @viewer UNION ALL SELECT blocker_id FROM blocks WHERE blocked_id = @viewer)))`

func (q SearchQuery) filters() (string, map[string]any) {
	sql, args := mayFind, map[string]any{"viewer": q.Viewer, "words": q.Words, "limit": q.Limit, "now": q.Now, "marks": marks(""), "title_marks": marks("HighlightAll=true")}
	add := func(condition, name, value string) {
		if value != "" {
			sql += " AND " + condition
			args[name] = value
		}
	}
	add("d.content_type = @content_type", "content_type", q.ContentType)
	add("d.difficulty_level = @difficulty_level", "difficulty_level", q.DifficultyLevel)
	add("d.language = search_language(@language)", "language", q.Language)
	return sql, args
}

// exactly finds what has all the words; the last one may be the beginning of a word. The
// words are read in every language, and a row is found by the reading of its own. The
// planner does not see what is looked for, so it always takes the indexes.
func (q SearchQuery) exactly() (string, map[string]any) {
	filters, args := q.filters()
	args["head"], args["last"] = q.split()
	half := func(vector string) string {
		return fmt.Sprintf(`(SELECT d.id, r.exact, r.wide FROM readings r JOIN search_documents d ON d.%s @@ r.wide
			WHERE d.reading = ANY (r.codes) AND %s ORDER BY d.prior DESC, d.id LIMIT %d)`, vector, filters, candidates)
	}
	return `WITH read AS MATERIALIZED (
		SELECT code, websearch_to_tsquery(config, @words) AS exact, CASE WHEN @last = '' THEN ''::tsquery
			ELSE websearch_to_tsquery(config, @head) && to_tsquery('lyo_xx', @last || ':*') END AS begun
		FROM (SELECT code, ('lyo_' || code)::regconfig AS config FROM unnest('` + readings + `'::text[]) AS known (code)) AS configs
	), readings AS MATERIALIZED (
		SELECT array_agg(code) AS codes, exact, exact || begun AS wide FROM read GROUP BY exact, exact || begun HAVING numnode(exact || begun) > 0
	), candidates AS MATERIALIZED (` + half("title_tsv") + " UNION ALL " + half("tsv") + `
	), hits AS (
		SELECT d.id, c.wide AS query, d.title_tsv @@ c.wide AS in_title, '' AS alike,
			1 + ts_rank(d.tsv, c.wide, 32) + CASE WHEN d.title_tsv @@ c.exact THEN 1 ELSE 0 END
				+ 0.3 / (1 + exp(date_part('epoch', CAST(@now AS timestamptz)) / (180 * 86400.0) - d.prior)) AS score
		FROM (SELECT DISTINCT ON (id) id, exact, wide FROM candidates) c JOIN search_documents d ON d.id = c.id
	)` + showHits, args
}

// nearly finds what has of each word the word itself, in the title a word that differs
// by two letters that changed places or by one too many, or in the title or keywords a
// word that shares most of its groups of three letters.
func (q SearchQuery) nearly(typed []string) (string, map[string]any) {
	filters, args := q.filters()
	args["typed"], args["threshold"] = `{"`+strings.Join(typed, `","`)+`"}`, likeness
	var near strings.Builder
	for n := range typed {
		word := func(column string) string {
			return "(SELECT " + column + " FROM typed WHERE n = " + strconv.Itoa(n+1) + ")"
		}
		fmt.Fprintf(&near, "(d.tsv @@ %s OR d.title_tsv @@ %s OR d.keywords %%> %s) AND ", word("itself"), word("slipped"), word("plain"))
	}
	return `WITH threshold AS MATERIALIZED (
		SELECT set_config('pg_trgm.word_similarity_threshold', @threshold, true) AS is_set -- for this statement, before it looks
	), typed AS MATERIALIZED (
		SELECT n, plain,
			(SELECT string_agg(DISTINCT plainto_tsquery(('lyo_' || code)::regconfig, plain)::text, ' | ')::tsquery FROM unnest('` + readings + `'::text[]) AS known (code)) AS itself,
			slips, (SELECT string_agg(quote_literal(slip), '|')::tsquery FROM unnest(slips) AS slip) AS slipped
		FROM (SELECT n, search_plain(word) AS plain FROM threshold, unnest(CAST(@typed AS text[])) WITH ORDINALITY AS words (word, n) WHERE is_set <> '') AS words
		CROSS JOIN LATERAL (SELECT array_agg(DISTINCT slip) AS slips FROM generate_series(1, length(plain)) AS at (i) CROSS JOIN LATERAL (VALUES
			(left(plain, i - 1) || substr(plain, i + 1, 1) || substr(plain, i, 1) || substr(plain, i + 2)),
			(left(plain, i - 1) || substr(plain, i + 1))) AS changed (slip)) AS s
	), near AS MATERIALIZED (
		SELECT d.id, d.keywords, d.prior, d.reading FROM search_documents d WHERE ` + near.String() + filters + ` ORDER BY d.prior DESC, d.id LIMIT ` + strconv.Itoa(candidates) + `
	), weighed AS MATERIALIZED (
		SELECT near.id, near.reading, near.prior, avg(best.likeness) AS likeness, string_agg(DISTINCT best.word, ' ') AS alike
		FROM near CROSS JOIN typed CROSS JOIN LATERAL (
			SELECT word, CASE WHEN word = typed.plain THEN 1 ELSE greatest(similarity(word, typed.plain), CASE WHEN word = ANY (typed.slips) THEN 0.8 ELSE 0 END) END AS likeness
			FROM regexp_split_to_table(near.keywords, '[^[:alnum:]]+') AS word ORDER BY 2 DESC, 1 LIMIT 1) best
		GROUP BY near.id, near.reading, near.prior ORDER BY likeness DESC, prior DESC, near.id LIMIT @limit
	), hits AS (
		SELECT id, websearch_to_tsquery(('lyo_' || reading)::regconfig, replace(alike, ' ', ' or ')) AS query, true AS in_title, alike, likeness * 0.9 AS score FROM weighed
	)` + showHits, args
}

// likeness is the share of a typed word's groups of three letters that have to be there.
const likeness = "0.45"

// marks are options of ts_headline.
func marks(more string) string {
	if more == "" {
		more = "MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter= … "
	}
	return "StartSel=" + MarkStart + ", StopSel=" + MarkEnd + ", " + more
}

// showHits brings the best hits with what is shown of them. An author is looked up here,
// so that nobody is found a moment after their account was switched off.
const showHits = `, page AS MATERIALIZED (
		SELECT h.*, d.kind, d.content_type, d.course_id, d.language, d.reading, d.difficulty_level, d.owner_user_id AS author_id,
			coalesce(a.full_name, '') AS author_name, a.avatar_url AS author_avatar_url
		FROM hits h JOIN search_documents d ON d.id = h.id LEFT JOIN users a ON a.id = d.owner_user_id
		WHERE d.owner_user_id IS NULL OR a.is_active
		ORDER BY h.score DESC, d.prior DESC, h.id LIMIT @limit
	)
	SELECT p.id, p.kind, p.content_type, p.course_id, p.language, p.difficulty_level, p.author_id, p.author_name, p.author_avatar_url,
		p.score, p.in_title, p.alike, c.type, c.title, c.description, c.thumbnail_url, c.source_url, c.views, c.likes, c.comments, c.created_at, c.updated_at,
		ts_headline(('lyo_' || p.reading)::regconfig, translate(c.title, E'\x02\x03', ''), p.query, @title_marks) AS marked_title,
		ts_headline(('lyo_' || p.reading)::regconfig, translate(c.content, E'\x02\x03', ''), p.query, @marks) AS marked_text
	FROM page p CROSS JOIN LATERAL (
		SELECT 'course' AS type, t.title, t.summary AS description, left(t.summary || E'\n' || t.description, 2000) AS content, t.thumbnail_url, NULL AS source_url,
			0 AS views, 0 AS likes, 0 AS comments, t.created_at, t.updated_at FROM courses t WHERE p.kind = 'course' AND t.id = p.id
		UNION ALL
		SELECT 'lesson', t.title, t.summary, left(t.summary || E'\n' || t.content, 2000), NULL, NULL, 0, 0, 0, t.created_at, t.updated_at FROM lessons t WHERE p.kind = 'lesson' AND t.id = p.id
		UNION ALL
		SELECT t.type, t.title, t.summary, left(t.summary || CASE WHEN jsonb_typeof(t.quiz) = 'array' THEN '' ELSE E'\n' || t.content END, 2000), t.thumbnail_url, t.source_url,
			0, 0, 0, t.created_at, t.created_at FROM items t WHERE p.kind = 'item' AND t.id = p.id
		UNION ALL
		SELECT t.post_type, t.title, left(t.content, 400), left(t.content, 2000), NULL, NULL, t.views_count, t.likes_count, t.comments_count, t.created_at, t.updated_at
		FROM posts t WHERE p.kind = 'post' AND t.id = p.id
	) c ORDER BY p.score DESC, p.id`
