package feed

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// readings are the text search configurations of migration 8.
const readings = "{da,de,en,es,fi,fr,hu,it,nl,no,pt,ro,ru,sv,tr,xx}"

// candidates is how many matches are scored, the first by prior: as many by their title,
// and as many by all of their text.
const candidates = 64

// reach is how many documents, the first by prior, are searched before all are. Common
// words are found there, so that no query reads more than a few thousand rows, and one
// for rare words reads only those with them.
const reach = 4000

// arguments returns the arguments of both queries. Filters are words of the documents,
// see search_signs in migration 8.
func (q SearchQuery) arguments() map[string]any {
	var signs []string
	add := func(sign, value string) {
		if value != "" {
			signs = append(signs, sign+value)
		}
	}
	add("=t/", q.ContentType)
	add("=d/", q.DifficultyLevel)
	if language, _, _ := strings.Cut(strings.ReplaceAll(q.Language, "_", "-"), "-"); language != "" {
		add("=l/", strings.ToLower(language))
	}
	head, last := q.split()
	return map[string]any{
		"viewer": q.Viewer, "words": q.Words, "head": head, "last": last, "without": q.without(), "limit": q.Limit, "signs": store.Words(signs),
		"today": q.Now.Unix() / 86400, "title_marks": marks("HighlightAll=true"),
		"marks": marks("MaxFragments=2, MaxWords=30, MinWords=12, FragmentDelimiter=\" \u2026 \""),
	}
}

// withSigns is a tsquery of all filters, empty without one.
const withSigns = `(SELECT coalesce(string_agg(quote_literal(sign), ' & '), '')::tsquery FROM unnest(CAST(@signs AS text[])) AS filters (sign))`

// exactly returns the query for documents with all the words and, where these are too few,
// for those with the last one as a prefix: prefixes are expensive, since all words with them
// are read. The words are parsed in every language, and a row is found by the configuration
// of its own; where that leaves out all of them (the who), as they are typed, which finds
// titles. The planner does not see the words, so it always takes the same plan: by the
// indexes of words. The order is by prior + 0 lest it walks the index of that instead.
func (q SearchQuery) exactly() (string, map[string]any) {
	var levels strings.Builder
	var all []string
	for _, vector := range []string{"title_tsv", "tsv"} {
		enough := ""
		for _, words := range []string{"exact", "begun"} {
			for i, bound := range []string{" AND d.prior >= (SELECT prior FROM reach)", ""} {
				name := fmt.Sprintf("%s_%s%d", vector, words, i)
				fmt.Fprintf(&levels, `, %s AS MATERIALIZED (SELECT d.id FROM search_documents d WHERE d.%s @@ (SELECT %s FROM sought)%s
				AND (NOT @without OR d.tsv @@ (SELECT %s FROM sought)) AND %s%s ORDER BY d.prior + 0 DESC, d.id LIMIT %d)`,
					name, vector, words, bound, words, moderation.DocumentFound("d"), enough, candidates)
				enough += fmt.Sprintf(" AND (SELECT count(*) FROM %s) < %d", name, candidates)
				all = append(all, "SELECT id FROM "+name)
			}
		}
	}
	return `WITH read AS MATERIALIZED (
		SELECT code, code = 'xx' OR numnode(q.exact) = 0 AS as_typed, CASE WHEN numnode(q.exact) = 0 THEN q.typed ELSE q.exact END AS exact,
			CASE WHEN @last = '' THEN ''::tsquery ELSE search_query(config, asked.head) && to_tsquery('lyo_xx', @last || ':*') END AS begun
		FROM (SELECT code, ('lyo_' || code)::regconfig AS config FROM unnest('` + readings + `'::text[]) AS known (code)) AS configs
		CROSS JOIN (SELECT search_asked(@words) AS words, search_asked(@head) AS head OFFSET 0) AS asked
		CROSS JOIN LATERAL (SELECT search_query(config, asked.words) AS exact, search_query('lyo_xx', asked.words) AS typed OFFSET 0) AS q
	), readings AS MATERIALIZED (
		SELECT array_agg(code) AS codes, bool_and(as_typed) AS as_typed, exact, begun, exact || begun AS wide, string_agg(quote_literal('=r/' || code), ' | ')::tsquery AS own
		FROM read GROUP BY exact, begun HAVING numnode(exact || begun) > 0
	), sought AS MATERIALIZED (
		SELECT ` + anyReading("exact") + ` AS exact, ` + anyReading("begun") + ` AS begun FROM readings HAVING count(*) > 0
	), reach AS MATERIALIZED (
		SELECT coalesce((SELECT prior FROM search_documents ORDER BY prior DESC OFFSET ` + strconv.Itoa(reach) + ` LIMIT 1), -2147483648) AS prior
	)` + levels.String() + `, hits AS (
		SELECT doc.id, c.wide AS query, CASE WHEN c.as_typed THEN 'xx' ELSE doc.reading END AS marking, doc.title_tsv @@ c.wide AS in_title, '' AS alike,
			1 + ts_rank(doc.tsv, c.wide, 32) + CASE WHEN doc.title_tsv @@ c.exact THEN 1 ELSE 0 END
				+ 0.3 / (1 + exp(CAST(greatest(-4500, least(4500, CAST(@today AS integer) - doc.prior)) AS double precision) / 90)) AS score
		FROM (` + strings.Join(all, " UNION ") + `) AS candidates JOIN search_documents doc ON doc.id = candidates.id
		JOIN readings c ON doc.reading = ANY (c.codes)
	)` + showHits(), q.arguments()
}

// anyReading returns a tsquery of a column's in all configurations, each for the rows of its
// own languages, and of all filters; an empty one matches nothing.
func anyReading(column string) string {
	return `coalesce((string_agg('(' || (` + column + ` && own)::text || ')', ' | ') FILTER (WHERE numnode(` + column + `) > 0))::tsquery && ` + withSigns + `, ''::tsquery)`
}

// nearly returns the query for documents that have of each word the word itself, in
// the title a word that differs by two swapped letters or by one extra, or in the
// title or keywords a word that shares most of its trigrams.
func (q SearchQuery) nearly(typed []string) (string, map[string]any) {
	args := q.arguments()
	args["typed"], args["threshold"] = store.Words(typed), similarity
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
			(SELECT string_agg(DISTINCT nullif(plainto_tsquery(('lyo_' || code)::regconfig, search_asked(plain))::text, ''), ' | ')::tsquery FROM unnest('` + readings + `'::text[]) AS known (code)) AS itself,
			slips, (SELECT string_agg(quote_literal(slip), '|')::tsquery FROM unnest(slips) AS slip) AS slipped
		FROM (SELECT n, search_plain(word) AS plain FROM threshold, unnest(CAST(@typed AS text[])) WITH ORDINALITY AS words (word, n) WHERE is_set <> '') AS words
		CROSS JOIN LATERAL (SELECT array_agg(DISTINCT slip) AS slips FROM generate_series(1, length(plain)) AS at (i) CROSS JOIN LATERAL (VALUES
			(left(plain, i - 1) || substr(plain, i + 1, 1) || substr(plain, i, 1) || substr(plain, i + 2)),
			(left(plain, i - 1) || substr(plain, i + 1))) AS changed (slip)) AS s
	), near AS MATERIALIZED (
		SELECT d.id, d.keywords, d.prior, d.reading FROM search_documents d WHERE (cardinality(CAST(@signs AS text[])) = 0 OR d.title_tsv @@ ` + withSigns + `) AND ` + near.String() + moderation.DocumentFound("d") + ` ORDER BY d.prior + 0 DESC, d.id LIMIT ` + strconv.Itoa(candidates) + `
	), weighed AS MATERIALIZED (
		SELECT near.id, near.reading, near.prior, avg(best.similarity_score) AS similarity_score, coalesce(string_agg(DISTINCT best.word, ' ') FILTER (WHERE best.similarity_score >= 0.3), '') AS alike
		FROM near CROSS JOIN typed CROSS JOIN LATERAL (
			SELECT word, CASE WHEN word = typed.plain THEN 1 ELSE greatest(similarity(word, typed.plain), CASE WHEN word = ANY (typed.slips) THEN 0.8 ELSE 0 END) END AS similarity_score
			FROM regexp_split_to_table(near.keywords, '[^[:alnum:]]+') AS word ORDER BY 2 DESC, 1 LIMIT 1) best
		GROUP BY near.id, near.reading, near.prior ORDER BY similarity_score DESC, prior DESC, near.id LIMIT @limit
	), hits AS (
		SELECT id, websearch_to_tsquery(('lyo_' || reading)::regconfig, replace(alike, ' ', ' or ')) AS query, reading AS marking, alike <> '' AS in_title, alike, similarity_score * 0.9 AS score FROM weighed
	)` + showHits(), args
}

// similarity is the share of a typed word's trigrams that must match.
const similarity = "0.45"

// marks returns options of ts_headline.
func marks(more string) string {
	return "StartSel=" + MarkStart + ", StopSel=" + MarkEnd + ", " + more
}

// showHits adds the displayed columns to the best hits. The author is joined here, so
// that no hit is found after their account was switched off.
func showHits() string {
	return `, page AS MATERIALIZED (
		SELECT h.*, doc.kind, doc.content_type, doc.course_id, doc.language, doc.difficulty_level, doc.owner_user_id AS author_id,
			coalesce(a.full_name, '') AS author_name, a.avatar_url AS author_avatar_url
		FROM hits h JOIN search_documents doc ON doc.id = h.id LEFT JOIN users a ON a.id = doc.owner_user_id
		WHERE doc.owner_user_id IS NULL OR ` + accounts.IsOn("a") + `
		ORDER BY h.score DESC, doc.prior DESC, h.id LIMIT @limit
	)
	SELECT p.id, p.kind, p.content_type, p.course_id, p.language, p.difficulty_level, p.author_id, p.author_name, p.author_avatar_url,
		p.score, p.in_title, p.alike, c.type, c.title, c.description, c.thumbnail_url, c.source_url, c.views, c.likes, c.comments, c.created_at, c.updated_at,
		search_marked(ts_headline(('lyo_' || p.marking)::regconfig, translate(c.title, E'\x02\x03', ''), p.query, @title_marks), CASE WHEN p.alike = '' THEN @words ELSE '' END, E'\x02', E'\x03') AS marked_title,
		search_marked(ts_headline(('lyo_' || p.marking)::regconfig, translate(c.content, E'\x02\x03', ''), p.query, @marks), CASE WHEN p.alike = '' THEN @words ELSE '' END, E'\x02', E'\x03') AS marked_text
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
}
