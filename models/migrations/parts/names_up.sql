-- User names are unique by their key. Those that were alike have been told apart before.
DROP INDEX users_username_key;
ALTER TABLE users ADD COLUMN username_key text GENERATED ALWAYS AS (text_key(username)) STORED;
CREATE UNIQUE INDEX users_username_key ON users (username_key);

-- Posts are found by the keys of their tags.
ALTER TABLE posts DROP COLUMN tag_list;
ALTER TABLE posts ADD COLUMN tag_list text[] NOT NULL GENERATED ALWAYS AS (text_keys(tags)) STORED;
CREATE INDEX posts_tags_idx ON posts USING gin (tag_list) WHERE status = 'visible';
DROP FUNCTION texts_of(jsonb);

-- Whole tags by their keys: what a thing teaches.
CREATE OR REPLACE FUNCTION feed_skills(tags jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT text_key(tag)), '{}') FROM jsonb_array_elements_text(tags) AS tag WHERE text_key(tag) <> ''
$$;

-- The words by which things and tastes are matched: of keys, without those that say nothing.
CREATE OR REPLACE FUNCTION feed_terms(texts text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT word ORDER BY word), '{}')
    FROM unnest(texts) AS one, regexp_split_to_table(text_key(one), '[^[:alnum:]+#]+') AS word
    WHERE word <> '' AND word <> ALL (ARRAY['a', 'an', 'and', 'are', 'as', 'at', 'basics', 'be', 'by', 'can', 'course', 'do', 'does', 'first',
        'for', 'from', 'guide', 'how', 'i', 'in', 'introduction', 'is', 'it', 'learn', 'learning', 'lesson', 'me', 'my', 'of', 'on', 'or', 'part',
        'quiz', 'the', 'this', 'to', 'what', 'when', 'where', 'which', 'who', 'why', 'with', 'work', 'works', 'you', 'your'])
$$;

-- The keys of ASCII are what stood there before, so only other rows change.
UPDATE feed_items f SET skills = feed_skills(p.tags), terms = feed_terms(ARRAY(SELECT jsonb_array_elements_text(p.tags)) || p.title)
FROM posts p WHERE f.id = p.id AND octet_length(p.tags::text || p.title) <> char_length(p.tags::text || p.title);
UPDATE feed_items f SET skills = feed_skills(c.tags),
    terms = feed_terms(array_remove(ARRAY(SELECT jsonb_array_elements_text(c.tags)) || c.topic || CASE WHEN f.id <> c.id THEN f.title END, NULL))
FROM courses c WHERE f.group_id = c.id AND f.content_type NOT IN ('post', 'achievement')
    AND octet_length(c.tags::text || c.topic || f.title) <> char_length(c.tags::text || c.topic || f.title);
UPDATE learning_profiles SET skills = (SELECT jsonb_object_agg(text_key(key), value ORDER BY key) FROM jsonb_each(skills) WHERE text_key(key) <> '')
WHERE skills <> '{}' AND octet_length(skills::text) <> char_length(skills::text)
    AND EXISTS (SELECT FROM jsonb_object_keys(skills) AS key WHERE text_key(key) <> '');
