CREATE FUNCTION texts_of(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(t), '{}') FROM jsonb_array_elements_text(list) t
$$;
ALTER TABLE posts DROP COLUMN tag_list;
ALTER TABLE posts ADD COLUMN tag_list text[] NOT NULL GENERATED ALWAYS AS (texts_of(tags)) STORED;
CREATE INDEX posts_tags_idx ON posts USING gin (tag_list) WHERE status = 'visible';
ALTER TABLE users DROP COLUMN username_key;
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE OR REPLACE FUNCTION feed_terms(texts text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT word ORDER BY word), '{}')
    FROM unnest(texts) AS one, regexp_split_to_table(lower(one), '[^[:alnum:]+#]+') AS word
    WHERE word <> '' AND word <> ALL (ARRAY['a', 'an', 'and', 'are', 'as', 'at', 'basics', 'be', 'by', 'can', 'course', 'do', 'does', 'first',
        'for', 'from', 'guide', 'how', 'i', 'in', 'introduction', 'is', 'it', 'learn', 'learning', 'lesson', 'me', 'my', 'of', 'on', 'or', 'part',
        'quiz', 'the', 'this', 'to', 'what', 'when', 'where', 'which', 'who', 'why', 'with', 'work', 'works', 'you', 'your'])
$$;
CREATE OR REPLACE FUNCTION feed_skills(tags jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT lower(btrim(tag))), '{}') FROM jsonb_array_elements_text(tags) AS tag WHERE btrim(tag) <> ''
$$;
DROP FUNCTION text_keys(jsonb), text_key(text);
