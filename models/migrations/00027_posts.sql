-- +goose Up

-- What a new post costs. Its feed item and its search document are made of the new row itself, which is not read again;
-- its language and its terms are decided by the program that writes it and passed along in two columns. What calls SQL with queries
-- inside is plpgsql, which plans them once a session and not once a statement; none gives another answer than before.
SET LOCAL lock_timeout = '300ms';
ALTER TABLE posts
    ADD COLUMN language text, -- NULL: search_guess tells
    ADD COLUMN terms text[];  -- by which feeds match it; NULL: feed_terms tells

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_guess(content text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce((
        SELECT small.code
        FROM regexp_split_to_table(lower(left(content, 400)), '[\s[:punct:]]+') AS said (word)
        JOIN (
            SELECT code, unnest(string_to_array(words, ' ')) AS word FROM (VALUES
                ('da', 'og er det ikke jeg en af til den med på som der hvad hvordan har kan'),
                ('de', 'und der die das ist nicht ich ein eine mit zu den wie was von auf für im'),
                ('en', 'the and is of to in that it for what how with are this on you my do'),
                ('es', 'el los las y es que un una por con para cómo qué del se en lo mi'),
                ('fi', 'ja on ei se että mitä miten kuin hän oli minä ovat mutta tämä'),
                ('fr', 'le les et est des une que qui dans pour avec du je comment pas sur ce la'),
                ('hu', 'és az egy nem hogy van mi ez hogyan meg is de csak mint'),
                ('it', 'il che di è gli una per con come del della sono non cosa ho mi le'),
                ('nl', 'het een en van is niet dat ik hoe wat voor met de op zijn te'),
                ('no', 'og er det ikke jeg en av til som hva hvordan har kan på med'),
                ('pt', 'o os as e é que um uma não com para como do da em se por mais'),
                ('ro', 'și este nu un o care pe cu din ce cum la mai sunt în'),
                ('ru', 'и в не на что я с как это по для но из у то'),
                ('sv', 'och är det inte jag en av till som vad hur har kan på med att'),
                ('tr', 've bir bu ne için nasıl ile de da mi ben çok daha var')) AS languages (code, words)
        ) AS small ON small.word = said.word
        GROUP BY small.code HAVING count(*) >= 2
        ORDER BY count(*) DESC, small.code <> 'en', small.code LIMIT 1), 'en');
END $$;

CREATE OR REPLACE FUNCTION search_plain(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN lower(unaccent('unaccent', words));
END $$;

CREATE OR REPLACE FUNCTION search_words(list jsonb) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN coalesce((SELECT string_agg(word, ' ') FROM jsonb_array_elements_text(list) AS w (word)), '');
END $$;

CREATE OR REPLACE FUNCTION feed_skills(tags jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(DISTINCT text_key(tag)), '{}') FROM jsonb_array_elements_text(tags) AS tag WHERE text_key(tag) <> '');
END $$;

CREATE OR REPLACE FUNCTION feed_terms(texts text[]) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(DISTINCT word ORDER BY word), '{}')
        FROM unnest(texts) AS one, regexp_split_to_table(text_key(one), '[^[:alnum:]+#]+') AS word
        WHERE word <> '' AND word <> ALL (ARRAY['a', 'an', 'and', 'are', 'as', 'at', 'basics', 'be', 'by', 'can', 'course', 'do', 'does', 'first',
            'for', 'from', 'guide', 'how', 'i', 'in', 'introduction', 'is', 'it', 'learn', 'learning', 'lesson', 'me', 'my', 'of', 'on', 'or', 'part',
            'quiz', 'the', 'this', 'to', 'what', 'when', 'where', 'which', 'who', 'why', 'with', 'work', 'works', 'you', 'your']));
END $$;

-- It fills a column that Postgres makes anew when a dump is restored, without a search path: so it has its own.
CREATE OR REPLACE FUNCTION text_keys(list jsonb) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(DISTINCT text_key(t)), '{}') FROM jsonb_array_elements_text(list) t);
END $$;
-- +goose StatementEnd

-- Of a time since 1970, since only that is IMMUTABLE within: then the function becomes part of the statement.
CREATE OR REPLACE FUNCTION search_prior(likes integer, comments integer, created_at timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (floor(date_part('epoch', created_at - timestamptz '1970-01-01 00:00:00+00') / 86400) + 60 * floor(ln(1 + likes + 2 * comments) / ln(2) + 1e-9))::integer;

-- +goose StatementBegin
-- What was decided of other words is forgotten, unless the writer of these has decided too.
CREATE FUNCTION post_reworded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.language := NULL;
    NEW.terms := NULL;
    RETURN NEW;
END $$;

-- The document of a visible post.
CREATE FUNCTION search_post(p posts) RETURNS search_documents LANGUAGE plpgsql STABLE AS $$
DECLARE
    d     search_documents;
    words text := search_words(p.tags);
    title tsvector; -- read once
    signs tsvector;
BEGIN
    d.id := p.id;
    d.kind := 'post';
    d.content_type := 'post';
    d.owner_user_id := p.author_id;
    d.visible := true;
    d.language := coalesce(p.language, search_guess(p.title || ' ' || p.content));
    d.reading := search_reading(d.language);
    d.prior := search_prior(p.likes_count, p.comments_count, p.created_at);
    d.keywords := left(search_plain(p.title || ' ' || words), 400);
    title := search_title(d.reading, p.title);
    signs := search_signs(d.reading, d.language, 'post', NULL);
    d.title_tsv := title || signs;
    d.tsv := setweight(title, 'A') || setweight(search_read(d.reading, words), 'B') || setweight(search_read(d.reading, left(p.content, 20000)), 'D') || signs;
    RETURN d;
END $$;

CREATE OR REPLACE FUNCTION search_sources() RETURNS SETOF search_documents LANGUAGE sql STABLE AS $$
    SELECT s.id, s.kind, s.content_type, s.course_id, s.owner_user_id, s.visible, s.language, s.reading, s.difficulty_level, s.prior,
        left(search_plain(s.title || ' ' || s.keywords), 400),
        search_title(s.reading, s.title) || search_signs(s.reading, s.language, s.content_type, s.difficulty_level),
        search_text(s.reading, s.title, s.keywords, s.summary, s.content) || search_signs(s.reading, s.language, s.content_type, s.difficulty_level)
    FROM (
        SELECT c.id, 'course' AS kind, 'course' AS content_type, c.id AS course_id, c.owner_user_id, course_listed(c.status, c.visibility, c.moderation_status) AS visible,
            search_language(c.locale) AS language, search_reading(search_language(c.locale)) AS reading, c.difficulty_level,
            search_prior(0, 0, c.created_at) AS prior, c.title, c.topic || ' ' || search_words(c.tags) AS keywords, c.summary, c.description AS content
        FROM courses c
        UNION ALL
        SELECT l.id, 'lesson', 'lesson', c.id, c.owner_user_id, course_listed(c.status, c.visibility, c.moderation_status),
            search_language(c.locale), search_reading(search_language(c.locale)), c.difficulty_level,
            search_prior(0, 0, l.created_at), l.title, '', l.summary, l.content
        FROM lessons l JOIN courses c ON c.id = l.course_id
        UNION ALL
        SELECT i.id, 'item', search_content_type(i.type), c.id, c.owner_user_id, course_listed(c.status, c.visibility, c.moderation_status),
            search_language(i.language), search_reading(search_language(i.language)), i.difficulty_level,
            search_prior(0, 0, i.created_at), i.title, search_words(i.tags), i.summary, CASE WHEN jsonb_typeof(i.quiz) = 'array' THEN '' ELSE i.content END
        FROM items i JOIN courses c ON c.id = i.course_id
    ) s
    UNION ALL
    SELECT d.* FROM posts p CROSS JOIN LATERAL search_post(p) d WHERE p.status = 'visible'
$$;

CREATE FUNCTION search_keep_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    d search_documents;
BEGIN
    IF NEW.status <> 'visible' THEN
        DELETE FROM search_documents WHERE id = NEW.id;
        RETURN NULL;
    END IF;
    d := search_post(NEW);
    INSERT INTO search_documents VALUES (d.*)
    ON CONFLICT (id) DO UPDATE SET
        owner_user_id = excluded.owner_user_id, language = excluded.language, reading = excluded.reading, prior = excluded.prior,
        keywords = excluded.keywords, title_tsv = excluded.title_tsv, tsv = excluded.tsv;
    RETURN NULL;
END $$;

CREATE FUNCTION feed_post_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_items (id, content_type, group_id, author_id, title, description, skills, terms, visible, metadata, published_at, updated_at)
    VALUES (NEW.id, 'post', NEW.id, NEW.author_id, NEW.title, left(NEW.content, 300), array_remove(NEW.tag_list, ''),
        coalesce(NEW.terms, feed_terms(NEW.tag_list || NEW.title)), NEW.status = 'visible',
        jsonb_build_object('post_type', NEW.post_type, 'tags', NEW.tags), NEW.created_at, NEW.updated_at)
    ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION feed_post_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE feed_items SET author_id = NEW.author_id, title = NEW.title, description = left(NEW.content, 300), skills = array_remove(NEW.tag_list, ''),
        terms = coalesce(NEW.terms, feed_terms(NEW.tag_list || NEW.title)), visible = NEW.status = 'visible',
        metadata = jsonb_build_object('post_type', NEW.post_type, 'tags', NEW.tags), updated_at = NEW.updated_at
    WHERE id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER post_reworded BEFORE UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.title, OLD.content, OLD.tags) IS DISTINCT FROM (NEW.title, NEW.content, NEW.tags) AND (OLD.language, OLD.terms) IS NOT DISTINCT FROM (NEW.language, NEW.terms))
    EXECUTE FUNCTION post_reworded();

DROP TRIGGER search_post_new ON posts;
DROP TRIGGER search_post_changed ON posts;
CREATE TRIGGER search_post_new AFTER INSERT ON posts FOR EACH ROW WHEN (NEW.status = 'visible') EXECUTE FUNCTION search_keep_post();
CREATE TRIGGER search_post_changed AFTER UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.author_id, OLD.title, OLD.content, OLD.tags, OLD.language, OLD.status, OLD.created_at)
        IS DISTINCT FROM (NEW.author_id, NEW.title, NEW.content, NEW.tags, NEW.language, NEW.status, NEW.created_at))
    EXECUTE FUNCTION search_keep_post();
CREATE TRIGGER search_post_gone AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION search_keep('post');

DROP TRIGGER feed_added ON posts;
DROP TRIGGER feed_changed ON posts;
DROP FUNCTION feed_posts_added();
CREATE TRIGGER feed_added AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION feed_post_added();
CREATE TRIGGER feed_changed AFTER UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.author_id, OLD.title, OLD.content, OLD.post_type, OLD.tags, OLD.terms, OLD.status) IS DISTINCT FROM (NEW.author_id, NEW.title, NEW.content, NEW.post_type, NEW.tags, NEW.terms, NEW.status))
    EXECUTE FUNCTION feed_post_changed();

-- +goose Down
-- The functions that were only written otherwise stay as they are.
DROP TRIGGER post_reworded ON posts;
DROP TRIGGER search_post_new ON posts;
DROP TRIGGER search_post_changed ON posts;
DROP TRIGGER search_post_gone ON posts;
DROP TRIGGER feed_added ON posts;
DROP TRIGGER feed_changed ON posts;
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_sources() RETURNS SETOF search_documents LANGUAGE sql STABLE AS $$
    SELECT s.id, s.kind, s.content_type, s.course_id, s.owner_user_id, s.visible, s.language, s.reading, s.difficulty_level, s.prior,
        left(search_plain(s.title || ' ' || s.keywords), 400),
        search_title(s.reading, s.title) || search_signs(s.reading, s.language, s.content_type, s.difficulty_level),
        search_text(s.reading, s.title, s.keywords, s.summary, s.content) || search_signs(s.reading, s.language, s.content_type, s.difficulty_level)
    FROM (
        SELECT c.id, 'course' AS kind, 'course' AS content_type, c.id AS course_id, c.owner_user_id, course_listed(c.status, c.visibility, c.moderation_status) AS visible,
            search_language(c.locale) AS language, search_reading(search_language(c.locale)) AS reading, c.difficulty_level,
            search_prior(0, 0, c.created_at) AS prior, c.title, c.topic || ' ' || search_words(c.tags) AS keywords, c.summary, c.description AS content
        FROM courses c
        UNION ALL
        SELECT l.id, 'lesson', 'lesson', c.id, c.owner_user_id, course_listed(c.status, c.visibility, c.moderation_status),
            search_language(c.locale), search_reading(search_language(c.locale)), c.difficulty_level,
            search_prior(0, 0, l.created_at), l.title, '', l.summary, l.content
        FROM lessons l JOIN courses c ON c.id = l.course_id
        UNION ALL
        SELECT i.id, 'item', search_content_type(i.type), c.id, c.owner_user_id, course_listed(c.status, c.visibility, c.moderation_status),
            search_language(i.language), search_reading(search_language(i.language)), i.difficulty_level,
            search_prior(0, 0, i.created_at), i.title, search_words(i.tags), i.summary, CASE WHEN jsonb_typeof(i.quiz) = 'array' THEN '' ELSE i.content END
        FROM items i JOIN courses c ON c.id = i.course_id
        UNION ALL
        SELECT p.id, 'post', 'post', NULL, p.author_id, true,
            g.language, search_reading(g.language), NULL,
            search_prior(p.likes_count, p.comments_count, p.created_at), p.title, search_words(p.tags), '', p.content
        FROM posts p CROSS JOIN LATERAL (SELECT search_guess(p.title || ' ' || p.content) AS language) g
        WHERE p.status = 'visible'
    ) s
$$;
CREATE FUNCTION feed_posts_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_items (id, content_type, group_id, author_id, title, description, skills, terms, visible, metadata, published_at, updated_at)
    SELECT id, 'post', id, author_id, title, left(content, 300), feed_skills(tags), feed_terms(ARRAY(SELECT jsonb_array_elements_text(tags)) || title),
        status = 'visible', jsonb_build_object('post_type', post_type, 'tags', tags), created_at, updated_at
    FROM added ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION feed_post_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE feed_items SET author_id = NEW.author_id, title = NEW.title, description = left(NEW.content, 300), skills = feed_skills(NEW.tags),
        terms = feed_terms(ARRAY(SELECT jsonb_array_elements_text(NEW.tags)) || NEW.title), visible = NEW.status = 'visible',
        metadata = jsonb_build_object('post_type', NEW.post_type, 'tags', NEW.tags), updated_at = NEW.updated_at
    WHERE id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP FUNCTION search_keep_post(), feed_post_added(), post_reworded();
DROP FUNCTION search_post(posts);
CREATE TRIGGER search_post_new AFTER INSERT OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION search_keep('post');
CREATE TRIGGER search_post_changed AFTER UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.author_id, OLD.title, OLD.content, OLD.tags, OLD.status, OLD.created_at)
        IS DISTINCT FROM (NEW.author_id, NEW.title, NEW.content, NEW.tags, NEW.status, NEW.created_at))
    EXECUTE FUNCTION search_keep('post');
CREATE TRIGGER feed_added AFTER INSERT ON posts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION feed_posts_added();
CREATE TRIGGER feed_changed AFTER UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.author_id, OLD.title, OLD.content, OLD.post_type, OLD.tags, OLD.status) IS DISTINCT FROM (NEW.author_id, NEW.title, NEW.content, NEW.post_type, NEW.tags, NEW.status))
    EXECUTE FUNCTION feed_post_changed();
ALTER TABLE posts DROP COLUMN language, DROP COLUMN terms;
