-- +goose Up

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- How a language is read: its own stems and stop words, without accents. lyo_xx is for
-- those without one here: words as they are.
-- +goose StatementBegin
DO $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT * FROM (VALUES
        ('da', 'danish'), ('de', 'german'), ('en', 'english'), ('es', 'spanish'), ('fi', 'finnish'), ('fr', 'french'),
        ('hu', 'hungarian'), ('it', 'italian'), ('nl', 'dutch'), ('no', 'norwegian'), ('pt', 'portuguese'),
        ('ro', 'romanian'), ('ru', 'russian'), ('sv', 'swedish'), ('tr', 'turkish'), ('xx', 'simple')) AS known (code, name)
    LOOP
        EXECUTE format('CREATE TEXT SEARCH CONFIGURATION lyo_%s (COPY = pg_catalog.%I)', r.code, r.name);
        EXECUTE format('ALTER TEXT SEARCH CONFIGURATION lyo_%s ALTER MAPPING FOR hword, hword_part, word WITH unaccent, %I',
            r.code, CASE r.code WHEN 'xx' THEN 'simple' ELSE r.name || '_stem' END);
    END LOOP;
END $$;
-- +goose StatementEnd

-- The language of a tag such as pt-BR, in small letters.
CREATE FUNCTION search_language(tag text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(split_part(replace(tag, '_', '-'), '-', 1));

-- The configuration that reads a language.
CREATE FUNCTION search_reading(language text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN language = ANY ('{da,de,en,es,fi,fr,hu,it,nl,no,pt,ro,ru,sv,tr}') THEN language
        WHEN language IN ('nb', 'nn') THEN 'no' ELSE 'xx' END;

-- The language of a text that does not say: the one whose small words are most often
-- among its first; English where too few tell. It follows from nothing but the text.
CREATE FUNCTION search_guess(content text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
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

-- Small letters without accents, for likeness. The dictionary is named, since only then
-- the answer can never change.
CREATE FUNCTION search_plain(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(unaccent('unaccent', words));

-- Words in a JSON list, with spaces between.
CREATE FUNCTION search_words(list jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN coalesce((SELECT string_agg(word, ' ') FROM jsonb_array_elements_text(list) AS w (word)), '');

-- What an item of a course is in a feed; its own type stays in its metadata.
CREATE FUNCTION search_content_type(type text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN type IN ('video', 'podcast') THEN 'video' WHEN type IN ('quiz', 'assessment') THEN 'quiz'
        WHEN type = 'course' THEN 'course' WHEN type = 'interactive' THEN 'lesson' ELSE 'article' END;

-- What a row is filtered by, as words that no text has: =r/ its reading, =l/ its language,
-- =t/ its content type, =d/ its level. So one walk of an index finds words and filters.
CREATE FUNCTION search_signs(reading text, language text, content_type text, difficulty_level text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(array_remove(ARRAY['=r/' || reading, '=l/' || language, '=t/' || content_type, '=d/' || difficulty_level], NULL));

-- A title as its language reads it and word for word, so that the beginning of a word is
-- found before its stem is whole.
CREATE FUNCTION search_title(reading text, title text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector(('lyo_' || reading)::regconfig, title) || to_tsvector('lyo_xx', title);

-- Everything that is searched, by weight: title A, keywords B, summary C, text D.
CREATE FUNCTION search_text(reading text, title text, keywords text, summary text, content text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN setweight(search_title(reading, title), 'A')
        || setweight(to_tsvector(('lyo_' || reading)::regconfig, keywords), 'B')
        || setweight(to_tsvector(('lyo_' || reading)::regconfig, summary), 'C')
        || setweight(to_tsvector(('lyo_' || reading)::regconfig, left(content, 20000)), 'D');

-- What counts beside the words: the day it was made, and two months for each time that
-- those who liked it or answered are twice as many. Whole numbers, and seldom another
-- one, since each change costs the indexes an entry a word.
CREATE FUNCTION search_prior(likes integer, comments integer, created_at timestamptz) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (floor(date_part('epoch', created_at) / 86400) + 60 * floor(ln(1 + likes + 2 * comments) / ln(2) + 1e-9))::integer;

-- What can be found: courses, their lessons and items, and posts, one row each. Triggers
-- keep it in the transactions of those rows; it is never written otherwise.
CREATE TABLE search_documents (
    id               uuid PRIMARY KEY, -- of the course, lesson, item or post
    kind             text NOT NULL CHECK (kind IN ('course', 'lesson', 'item', 'post')),
    content_type     text NOT NULL CHECK (content_type IN ('course', 'lesson', 'article', 'video', 'quiz', 'post')),
    course_id        uuid, -- NULL: it is a post
    owner_user_id    uuid, -- NULL: the author has left
    visible          boolean NOT NULL, -- false: only its owner finds it
    language         text NOT NULL,
    reading          text NOT NULL, -- the configuration it is read with
    difficulty_level text, -- NULL: it has none
    prior            integer NOT NULL, -- see search_prior
    keywords         text NOT NULL, -- title, topic and tags in small letters without accents
    title_tsv        tsvector NOT NULL,
    tsv              tsvector NOT NULL
);
-- The rows as they should be. Right answers of quizzes are in none.
-- +goose StatementBegin
CREATE FUNCTION search_sources() RETURNS SETOF search_documents LANGUAGE sql STABLE AS $$
    SELECT s.id, s.kind, s.content_type, s.course_id, s.owner_user_id, s.visible, s.language, s.reading, s.difficulty_level, s.prior,
        left(search_plain(s.title || ' ' || s.keywords), 400),
        search_title(s.reading, s.title) || search_signs(s.reading, s.language, s.content_type, s.difficulty_level),
        search_text(s.reading, s.title, s.keywords, s.summary, s.content) || search_signs(s.reading, s.language, s.content_type, s.difficulty_level)
    FROM (
        SELECT c.id, 'course' AS kind, 'course' AS content_type, c.id AS course_id, c.owner_user_id, c.status = 'READY' AS visible,
            search_language(c.locale) AS language, search_reading(search_language(c.locale)) AS reading, c.difficulty_level,
            search_prior(0, 0, c.created_at) AS prior, c.title, c.topic || ' ' || search_words(c.tags) AS keywords, c.summary, c.description AS content
        FROM courses c
        UNION ALL
        SELECT l.id, 'lesson', 'lesson', c.id, c.owner_user_id, c.status = 'READY',
            search_language(c.locale), search_reading(search_language(c.locale)), c.difficulty_level,
            search_prior(0, 0, l.created_at), l.title, '', l.summary, l.content
        FROM lessons l JOIN courses c ON c.id = l.course_id
        UNION ALL
        SELECT i.id, 'item', search_content_type(i.type), c.id, c.owner_user_id, c.status = 'READY',
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

-- Writes one row as it should be, or takes it away.
CREATE FUNCTION search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM search_documents WHERE id = OLD.id;
        RETURN NULL;
    END IF;
    INSERT INTO search_documents SELECT * FROM search_sources() s WHERE s.kind = TG_ARGV[0] AND s.id = NEW.id
    ON CONFLICT (id) DO UPDATE SET
        content_type = excluded.content_type, course_id = excluded.course_id, owner_user_id = excluded.owner_user_id,
        visible = excluded.visible, language = excluded.language, reading = excluded.reading,
        difficulty_level = excluded.difficulty_level, prior = excluded.prior,
        keywords = excluded.keywords, title_tsv = excluded.title_tsv, tsv = excluded.tsv;
    IF NOT FOUND THEN
        DELETE FROM search_documents WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

-- A course hands on to its lessons and items who may see them, and to its lessons how they
-- are read and how hard they are.
CREATE FUNCTION search_keep_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_documents SET visible = NEW.status = 'READY', owner_user_id = NEW.owner_user_id
    WHERE course_id = NEW.id AND id <> NEW.id;
    IF (OLD.locale, OLD.difficulty_level) IS DISTINCT FROM (NEW.locale, NEW.difficulty_level) THEN
        UPDATE search_documents d
        SET difficulty_level = s.difficulty_level, language = s.language, reading = s.reading, title_tsv = s.title_tsv, tsv = s.tsv
        FROM search_sources() s WHERE s.course_id = NEW.id AND s.kind = 'lesson' AND d.id = s.id;
    END IF;
    RETURN NULL;
END $$;

-- Likes and answers move nothing but a number.
CREATE FUNCTION search_keep_prior() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_documents SET prior = search_prior(NEW.likes_count, NEW.comments_count, NEW.created_at) WHERE id = NEW.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE TRIGGER search_course_new AFTER INSERT OR DELETE ON courses FOR EACH ROW EXECUTE FUNCTION search_keep('course');
CREATE TRIGGER search_course_changed AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.title, OLD.topic, OLD.summary, OLD.description, OLD.status, OLD.tags, OLD.difficulty_level, OLD.locale, OLD.created_at)
        IS DISTINCT FROM (NEW.owner_user_id, NEW.title, NEW.topic, NEW.summary, NEW.description, NEW.status, NEW.tags, NEW.difficulty_level, NEW.locale, NEW.created_at))
    EXECUTE FUNCTION search_keep('course');
CREATE TRIGGER search_course_parts AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.status, OLD.difficulty_level, OLD.locale) IS DISTINCT FROM (NEW.owner_user_id, NEW.status, NEW.difficulty_level, NEW.locale))
    EXECUTE FUNCTION search_keep_course();

CREATE TRIGGER search_lesson_new AFTER INSERT OR DELETE ON lessons FOR EACH ROW EXECUTE FUNCTION search_keep('lesson');
CREATE TRIGGER search_lesson_changed AFTER UPDATE ON lessons FOR EACH ROW
    WHEN ((OLD.course_id, OLD.title, OLD.summary, OLD.content, OLD.created_at) IS DISTINCT FROM (NEW.course_id, NEW.title, NEW.summary, NEW.content, NEW.created_at))
    EXECUTE FUNCTION search_keep('lesson');

CREATE TRIGGER search_item_kept AFTER INSERT OR UPDATE OR DELETE ON items FOR EACH ROW EXECUTE FUNCTION search_keep('item');

CREATE TRIGGER search_post_new AFTER INSERT OR DELETE ON posts FOR EACH ROW EXECUTE FUNCTION search_keep('post');
CREATE TRIGGER search_post_changed AFTER UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.author_id, OLD.title, OLD.content, OLD.tags, OLD.status, OLD.created_at)
        IS DISTINCT FROM (NEW.author_id, NEW.title, NEW.content, NEW.tags, NEW.status, NEW.created_at))
    EXECUTE FUNCTION search_keep('post');
CREATE TRIGGER search_post_counted AFTER UPDATE ON posts FOR EACH ROW
    WHEN (search_prior(OLD.likes_count, OLD.comments_count, OLD.created_at) <> search_prior(NEW.likes_count, NEW.comments_count, NEW.created_at))
    EXECUTE FUNCTION search_keep_prior();

-- What is there already; indexes are made of a whole table more quickly.
INSERT INTO search_documents SELECT * FROM search_sources();
-- Words that many rows have are looked for among the first by prior alone, so it stands in
-- the same index as they. What waits to be sorted in is read by every search, so not much may wait.
CREATE INDEX search_documents_title_idx ON search_documents USING gin (prior, title_tsv) WITH (gin_pending_list_limit = 256);
CREATE INDEX search_documents_text_idx ON search_documents USING gin (prior, tsv) WITH (gin_pending_list_limit = 256);
CREATE INDEX search_documents_keywords_idx ON search_documents USING gin (keywords gin_trgm_ops) WITH (gin_pending_list_limit = 256);
CREATE INDEX search_documents_prior_idx ON search_documents (prior);
CREATE INDEX search_documents_course_idx ON search_documents (course_id);
CREATE INDEX search_documents_owner_idx ON search_documents (owner_user_id);

-- +goose Down
DROP TRIGGER search_course_new ON courses;
DROP TRIGGER search_course_changed ON courses;
DROP TRIGGER search_course_parts ON courses;
DROP TRIGGER search_lesson_new ON lessons;
DROP TRIGGER search_lesson_changed ON lessons;
DROP TRIGGER search_item_kept ON items;
DROP TRIGGER search_post_new ON posts;
DROP TRIGGER search_post_changed ON posts;
DROP TRIGGER search_post_counted ON posts;
DROP FUNCTION search_keep(), search_keep_course(), search_keep_prior(), search_sources();
DROP TABLE search_documents;
DROP FUNCTION search_prior(integer, integer, timestamptz), search_text(text, text, text, text, text), search_title(text, text),
    search_signs(text, text, text, text), search_content_type(text), search_words(jsonb), search_plain(text), search_guess(text), search_reading(text), search_language(text);
-- +goose StatementBegin
DO $$
DECLARE
    code text;
BEGIN
    FOREACH code IN ARRAY '{da,de,en,es,fi,fr,hu,it,nl,no,pt,ro,ru,sv,tr,xx}'::text[] LOOP
        EXECUTE 'DROP TEXT SEARCH CONFIGURATION lyo_' || code;
    END LOOP;
END $$;
-- +goose StatementEnd
