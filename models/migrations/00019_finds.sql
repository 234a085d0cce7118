-- +goose Up

-- Search by pairs of letters in scripts that put no spaces between words, and by signs
-- such as emoji, C++ or .NET. What a parser would lose or take for one long word becomes
-- words of ASCII that every configuration reads alike, in every locale:
--   g0 and two code points of five hex digits   a letter and the next one: 历史 is g0053860053f2
--   g0 and one code point                       the last letter of a run
--   g2 and one code point                       a sign such as an emoji
--   g1, p for +, s for #, d for ., 0, a word    C++ is g1pp0c, C# is g1s0c, .NET is g1d0net
-- Pairs stand in the place of the letters, so that phrases work; signs have no place, so
-- that they move no other word.

-- Letters of scripts without spaces: Thai, Lao, Tibetan, Myanmar, Khmer, Kana, Bopomofo and
-- Han, and Hangul, which joins particles to words. For a bracket of a regular expression.
CREATE FUNCTION search_script() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '\u0E01-\u0E3A\u0E40-\u0E4E\u0E50-\u0E59\u0E80-\u0EDF\u0F00\u0F18-\u0F33\u0F35\u0F37\u0F39\u0F3E-\u0F84\u0F86-\u0FBC'
        || '\u1000-\u1049\u1050-\u109F\uA9E0-\uA9FE\uAA60-\uAA7F\u1780-\u17D3\u17D7\u17DC-\u17E9'
        || '\u1100-\u11FF\u3131-\u318E\uA960-\uA97F\uAC00-\uD7FF\uFFA0-\uFFDC'
        || '\u3041-\u309A\u309D-\u309F\u30A1-\u30FA\u30FC-\u30FF\u31F0-\u31FF\uFF66-\uFF9F\U0001AFF0-\U0001B16F\u3105-\u312F\u31A0-\u31BF'
        || '\u2E80-\u2FDF\u3005-\u3007\u3021-\u3029\U00016FE3\u3038-\u303B\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\U00020000-\U0003FFFF';

-- Signs that are words of their own: currencies, arrows, mathematics, music, chess, emoji;
-- no bullets or lines, which only decorate.
CREATE FUNCTION search_symbols() RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN '\u00A2-\u00A5\u00A7\u00A9\u00AC\u00AE\u00B0\u00B1\u00B6\u00D7\u00F7\u0E3F\u203C\u2049\u20A0-\u20CF\u2190-\u23FF\u2600-\u27EF\u2900-\u2BFF'
        || '\U0001D100-\U0001D1FF\U0001F000-\U0001FAFF';

-- A text with compatible forms made one (ｶﾞ is ガ, Ｃ＋＋ is C++) where it may have any.
CREATE FUNCTION search_even(content text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN content ~ ('[' || search_script() || '\uFF01-\uFFEF]') THEN normalize(content, NFKC) ELSE content END;

-- What follows with queries inside is plpgsql, which plans them once a session and not once a row.
-- +goose StatementBegin
-- The pairs of a run of letters. In a document the last letter follows alone; a query asks
-- for it only where it is the whole run.
CREATE FUNCTION search_pairs(run text, whole boolean) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT string_agg('g0' || code || coalesce(next, ''), ' ' ORDER BY i) FILTER (WHERE whole OR next IS NOT NULL OR i = 1)
        FROM (SELECT i, code, lead(code) OVER (ORDER BY i) AS next
            FROM (SELECT i, lpad(to_hex(ascii(c)), 5, '0') AS code FROM string_to_table(run, NULL) WITH ORDINALITY AS letters (c, i)) AS codes) AS pairs);
END $$;

-- An even text with pairs in place of its runs. Of one text 12,000 letters count: a tsvector
-- has 16,383 places.
CREATE FUNCTION search_spelt(content text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF content !~ ('[' || search_script() || ']') THEN
        RETURN content;
    END IF;
    RETURN (SELECT string_agg(coalesce(m[2], ' ' || search_pairs(left(m[1], greatest(12000 - before, 0)::integer), true) || ' ', ' '), '' ORDER BY n)
        FROM (SELECT m, n, sum(coalesce(length(m[1]), 0)) OVER (ORDER BY n) - coalesce(length(m[1]), 0) AS before
            FROM regexp_matches(content, '([' || search_script() || ']+)|([^' || search_script() || ']+)', 'g') WITH ORDINALITY AS cut (m, n)) AS parts);
END $$;

-- The signs of an even text, 200 at most of each kind.
CREATE FUNCTION search_marks(content text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    IF content !~ ('[+#' || search_symbols() || ']|\.[A-Za-z]') THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        (SELECT DISTINCT 'g2' || lpad(to_hex(ascii(m[1])), 5, '0') FROM regexp_matches(content, '[' || search_symbols() || ']', 'g') AS m LIMIT 200)
        UNION ALL
        (SELECT DISTINCT 'g1' || translate(m[2], '+#', 'ps') || '0' || lower(m[1] COLLATE "C")
            FROM regexp_matches(content, '([A-Za-z0-9]{1,30})(\+\+|\+(?![A-Za-z0-9])|#(?![A-Za-z]))', 'g') AS m LIMIT 200)
        UNION ALL
        (SELECT DISTINCT 'g1d0' || lower(m[1] COLLATE "C") FROM regexp_matches(content, '(?<![A-Za-z0-9.])\.([A-Za-z][A-Za-z0-9]{0,29})', 'g') AS m LIMIT 200));
END $$;

-- A text as a language reads it, with pairs and signs.
CREATE FUNCTION search_read(reading text, content text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    config regconfig := 'lyo_' || reading;
    even   text;
    read   tsvector;
    marks  text[];
BEGIN
    IF octet_length(content) = length(content) AND content !~ '[+#]|\.[A-Za-z]' THEN -- ASCII without signs, as most posts
        RETURN to_tsvector(config, content);
    END IF;
    even := search_even(content);
    read := to_tsvector(config, search_spelt(even));
    marks := search_marks(even);
    RETURN CASE WHEN marks = '{}' THEN read ELSE read || array_to_tsvector(marks) END;
END $$;
-- +goose StatementEnd

CREATE OR REPLACE FUNCTION search_title(reading text, title text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN search_read(reading, title) || search_read('xx', title);

CREATE OR REPLACE FUNCTION search_text(reading text, title text, keywords text, summary text, content text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(search_title(reading, title), 'A') || setweight(search_read(reading, keywords), 'B')
        || setweight(search_read(reading, summary), 'C') || setweight(search_read(reading, left(content, 20000)), 'D');

-- Words between spaces of a query, with pairs as phrases. Of what has a minus before it
-- each part has one, and a run with what surrounds it is one phrase.
-- +goose StatementBegin
CREATE FUNCTION search_asked_word(typed text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    minus text := CASE WHEN typed ~ '^-' THEN '-' ELSE '' END;
    word  text := substr(typed, 1 + length(minus));
BEGIN
    IF word = '' THEN
        RETURN typed;
    END IF;
    IF minus <> '' AND word ~ ('[' || search_script() || ']') THEN
        RETURN '-"' || search_spelt(word) || '"';
    END IF;
    word := regexp_replace(word, '([A-Za-z0-9]{1,30})\+\+', ' g1pp0\1 ', 'g');
    word := regexp_replace(word, '([A-Za-z0-9]{1,30})\+(?![A-Za-z0-9])', ' g1p0\1 ', 'g');
    word := regexp_replace(word, '([A-Za-z0-9]{1,30})#(?![A-Za-z])', ' g1s0\1 ', 'g');
    word := regexp_replace(word, '(?<![A-Za-z0-9.])\.([A-Za-z][A-Za-z0-9]{0,29})', ' g1d0\1 ', 'g');
    word := regexp_replace(word, '([' || search_symbols() || '])[\u200D\uFE0E\uFE0F]*', ' \1 ', 'g');
    RETURN (SELECT string_agg(minus || CASE WHEN m[1] IS NOT NULL THEN '"' || search_pairs(m[1], false) || '"'
            WHEN m[2] IS NOT NULL THEN 'g2' || lpad(to_hex(ascii(m[2])), 5, '0') ELSE m[3] END, ' ' ORDER BY n)
        FROM regexp_matches(word, '([' || search_script() || ']+)|([' || search_symbols() || '])|([^\s' || search_script() || search_symbols() || ']+)', 'g') WITH ORDINALITY AS cut (m, n));
END $$;

-- What was typed, in the grammar of websearch_to_tsquery, with pairs and signs. Signs in a
-- phrase are asked for beside it.
CREATE FUNCTION search_asked(typed text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    typed := search_even(typed);
    IF typed !~ ('[+#' || search_script() || search_symbols() || ']|\.[A-Za-z]') THEN
        RETURN typed;
    END IF;
    RETURN (SELECT string_agg(CASE WHEN n % 2 = 1
            THEN coalesce(' ' || (SELECT string_agg(search_asked_word(m[1]), ' ' ORDER BY k) FROM regexp_matches(part, '\S+', 'g') WITH ORDINALITY AS words (m, k)), '')
                || CASE WHEN part ~ '-$' THEN '' ELSE ' ' END
            ELSE '"' || search_spelt(part) || '"' || CASE WHEN before ~ '-$' THEN '' ELSE ' ' || array_to_string(search_marks(part), ' ') END END, '' ORDER BY n)
        FROM (SELECT part, n, lag(part) OVER (ORDER BY n) AS before FROM string_to_table(typed, '"') WITH ORDINALITY AS parts (part, n)) AS p);
END $$;
-- +goose StatementEnd

-- A query in a configuration. A letter alone is the beginning of every pair with it.
CREATE FUNCTION search_query(config regconfig, asked text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(websearch_to_tsquery(config, asked)::text, '''(g0[0-9a-f]{5})''', '''\1'':*', 'g')::tsquery;

-- What matched by pairs or signs, marked in a text.
-- +goose StatementBegin
CREATE FUNCTION search_marked(content text, typed text, opens text, closes text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    parts text := (SELECT string_agg(DISTINCT regexp_replace(m[1], '([.+#])', '\\\1', 'g'), '|') FROM regexp_matches(typed, '([' || search_script() || ']+|['
        || search_symbols() || ']|[A-Za-z0-9]{1,30}(?:\+\+|\+(?![A-Za-z0-9])|#(?![A-Za-z]))|(?<![A-Za-z0-9.])\.[A-Za-z][A-Za-z0-9]{0,29})', 'g') AS m);
BEGIN
    RETURN CASE WHEN parts IS NULL THEN content ELSE regexp_replace(content, '(' || parts || ')', opens || '\1' || closes, 'gi') END;
END $$;
-- +goose StatementEnd

-- Documents that are read otherwise now. Who writes one waits, lest an older text wins.
LOCK TABLE search_documents IN SHARE ROW EXCLUSIVE MODE;
UPDATE search_documents d SET title_tsv = s.title_tsv, tsv = s.tsv
FROM search_sources() s WHERE s.id = d.id AND (d.title_tsv, d.tsv) IS DISTINCT FROM (s.title_tsv, s.tsv);

-- +goose Down
CREATE OR REPLACE FUNCTION search_title(reading text, title text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector(('lyo_' || reading)::regconfig, title) || to_tsvector('lyo_xx', title);
CREATE OR REPLACE FUNCTION search_text(reading text, title text, keywords text, summary text, content text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(search_title(reading, title), 'A')
        || setweight(to_tsvector(('lyo_' || reading)::regconfig, keywords), 'B')
        || setweight(to_tsvector(('lyo_' || reading)::regconfig, summary), 'C')
        || setweight(to_tsvector(('lyo_' || reading)::regconfig, left(content, 20000)), 'D');
DROP FUNCTION search_marked(text, text, text, text), search_query(regconfig, text), search_asked(text), search_asked_word(text), search_read(text, text),
    search_marks(text), search_spelt(text), search_pairs(text, boolean), search_even(text), search_symbols(), search_script();
LOCK TABLE search_documents IN SHARE ROW EXCLUSIVE MODE;
UPDATE search_documents d SET title_tsv = s.title_tsv, tsv = s.tsv
FROM search_sources() s WHERE s.id = d.id AND (d.title_tsv, d.tsv) IS DISTINCT FROM (s.title_tsv, s.tsv);
