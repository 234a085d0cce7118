-- +goose Up

-- Who sees a course: its owner, and the others whom its visibility lets in unless it is held or hidden.
ALTER TABLE courses
    ADD COLUMN visibility          text NOT NULL DEFAULT 'private' CHECK (visibility IN ('private', 'unlisted', 'public')),
    ADD COLUMN moderation_status   text NOT NULL DEFAULT 'visible' CHECK (moderation_status IN ('visible', 'held', 'hidden')),
    ADD COLUMN hidden_by           text CHECK (hidden_by IN ('decision', 'suspension')), -- of a hidden one
    ADD COLUMN held_for            text NOT NULL DEFAULT '', -- why it waits for an administrator
    ADD COLUMN own_material        boolean NOT NULL DEFAULT false, -- it was written from its owner's uploads, notes or addresses
    ADD COLUMN rights_confirmed_at timestamptz; -- when its owner said that this material may be published

-- Whether a course is in the lists, searches and feeds of others. Blocks and accounts that are off come on top.
CREATE FUNCTION course_listed(status text, visibility text, moderation_status text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN status = 'READY' AND visibility = 'public' AND moderation_status = 'visible';

-- What is there already. The triggers as they are do not look at the new columns, so they stay out of this.
UPDATE courses c SET own_material = true
WHERE EXISTS (SELECT FROM course_sources s WHERE s.course_id = c.id)
    OR c.generation -> 'sources' @> '["own"]'
    OR EXISTS (SELECT FROM lessons l WHERE l.course_id = c.id AND jsonb_path_exists(l.citations, '$[*].source_id'));
UPDATE courses c SET visibility = 'public'
WHERE NOT own_material AND EXISTS (SELECT FROM feed_entries e WHERE e.content_id = c.id AND e.user_id = c.owner_user_id AND e.kind = 'shared');
ALTER TABLE courses ADD CONSTRAINT courses_rights_check CHECK (visibility <> 'public' OR NOT own_material OR rights_confirmed_at IS NOT NULL);

-- +goose StatementBegin
DO $$
DECLARE
    own    integer;
    told   integer;
    shared integer;
    rest   integer;
BEGIN
    INSERT INTO notifications (id, user_id, kind, title, body, data, created_at)
    SELECT gen_random_uuid(), c.owner_user_id, 'moderation', 'A course of yours is private now',
        'Only you see “' || c.title || '” from now on, since it was written from your own material. To show it to others again, share it and confirm that you may.',
        jsonb_build_object('type', 'course_private', 'course_id', c.id::text, 'action', 'open_course'), now()
    FROM courses c
    WHERE c.own_material AND EXISTS (SELECT FROM feed_entries e WHERE e.content_id = c.id AND e.user_id = c.owner_user_id AND e.kind = 'shared');
    GET DIAGNOSTICS told = ROW_COUNT;
    SELECT count(*) FILTER (WHERE own_material), count(*) FILTER (WHERE visibility = 'public'), count(*) FILTER (WHERE NOT own_material AND visibility = 'private')
    INTO own, shared, rest FROM courses;
    RAISE NOTICE '% courses from own material are private now; the owners of % that were shared are told', own, told USING DETAIL = '00010_visibility.sql';
    RAISE NOTICE '% courses that their owners had shared are public', shared USING DETAIL = '00010_visibility.sql';
    RAISE NOTICE '% other courses are private now', rest USING DETAIL = '00010_visibility.sql';
END $$;
-- +goose StatementEnd

-- A course that is not public is in no feed.
DELETE FROM feed_entries e USING courses c
WHERE e.content_id = c.id AND e.user_id = c.owner_user_id AND e.kind IN ('published', 'shared') AND c.visibility <> 'public';
DELETE FROM engagements e USING courses c
WHERE e.item_id = c.id AND e.user_id = c.owner_user_id AND e.action = 'share' AND c.visibility <> 'public';
UPDATE feed_items f SET visible = false FROM courses c
WHERE f.group_id = c.id AND f.visible AND NOT course_listed(c.status, c.visibility, c.moderation_status);
UPDATE search_documents d SET visible = false FROM courses c
WHERE d.course_id = c.id AND d.visible AND NOT course_listed(c.status, c.visibility, c.moderation_status);

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION feed_sync_course(course uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed_items AS f (id, content_type, group_id, author_id, title, description, thumbnail_url, skills, terms, difficulty_level, language,
        quality, minutes, visible, metadata, published_at, updated_at)
    SELECT c.id, 'course', c.id, c.owner_user_id, c.title, c.summary, c.thumbnail_url, feed_skills(c.tags),
        feed_terms(ARRAY(SELECT jsonb_array_elements_text(c.tags)) || c.topic), c.difficulty_level, c.locale,
        (SELECT avg(l.quality_score) FROM lessons l WHERE l.course_id = c.id), coalesce(c.estimated_duration_hours * 60, 0)::integer,
        course_listed(c.status, c.visibility, c.moderation_status), jsonb_build_object('topic', c.topic, 'tags', c.tags), coalesce(c.published_at, c.created_at), c.updated_at
    FROM courses c WHERE c.id = course
    ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id, title = excluded.title, description = excluded.description,
        thumbnail_url = excluded.thumbnail_url, skills = excluded.skills, terms = excluded.terms, difficulty_level = excluded.difficulty_level,
        language = excluded.language, quality = excluded.quality, minutes = excluded.minutes, visible = excluded.visible, metadata = excluded.metadata,
        published_at = excluded.published_at, updated_at = excluded.updated_at
$$;

CREATE OR REPLACE FUNCTION feed_sync_parts(course uuid) RETURNS void LANGUAGE sql AS $$
    DELETE FROM feed_items f WHERE f.group_id = course AND f.id <> course
        AND NOT EXISTS (SELECT FROM lessons l WHERE l.id = f.id) AND NOT EXISTS (SELECT FROM items i WHERE i.id = f.id);
    INSERT INTO feed_items AS f (id, content_type, group_id, author_id, title, description, thumbnail_url, skills, terms, difficulty_level, language,
        quality, minutes, visible, metadata, published_at, updated_at)
    SELECT p.id, p.content_type, c.id, c.owner_user_id, p.title, p.summary, p.thumbnail_url, feed_skills(c.tags),
        feed_terms(ARRAY(SELECT jsonb_array_elements_text(c.tags)) || c.topic || p.title), c.difficulty_level, p.language,
        p.quality_score, p.minutes, course_listed(c.status, c.visibility, c.moderation_status), jsonb_build_object('course_id', c.id, 'course_title', c.title) || p.metadata,
        coalesce(c.published_at, c.created_at), p.updated_at
    FROM courses c CROSS JOIN LATERAL (
        SELECT l.id, 'lesson' AS content_type, l.title, l.summary, NULL AS thumbnail_url, c.locale AS language, l.quality_score,
            l.estimated_duration_minutes AS minutes, jsonb_build_object('order', l.position) AS metadata, l.updated_at
        FROM lessons l WHERE l.course_id = c.id
        UNION ALL
        SELECT i.id, CASE WHEN i.type = 'video' THEN 'video' WHEN i.type IN ('quiz', 'assessment') THEN 'quiz' ELSE 'article' END, i.title, i.summary,
            i.thumbnail_url, i.language, i.quality_score, coalesce(i.duration_sec / 60, i.word_count / 200, 0),
            jsonb_strip_nulls(jsonb_build_object('lesson_id', i.lesson_id, 'type', i.type, 'source', i.source, 'source_url', i.source_url)), i.created_at
        FROM items i WHERE i.course_id = c.id AND (i.source_url IS NOT NULL OR i.type IN ('quiz', 'assessment'))
    ) p WHERE c.id = course AND c.status = 'READY'
    ON CONFLICT (id) DO UPDATE SET content_type = excluded.content_type, title = excluded.title, description = excluded.description,
        thumbnail_url = excluded.thumbnail_url, skills = excluded.skills, terms = excluded.terms, difficulty_level = excluded.difficulty_level,
        language = excluded.language, quality = excluded.quality, minutes = excluded.minutes, visible = excluded.visible,
        metadata = excluded.metadata, updated_at = excluded.updated_at
$$;

CREATE OR REPLACE FUNCTION feed_course_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_entries (id, user_id, kind, content_type, content_id, title, metadata, at)
    SELECT gen_random_uuid(), NEW.user_id, 'milestone', 'course', c.id, 'Completed: ' || c.title, '{}', NEW.completed_at
    FROM courses c WHERE c.id = NEW.course_id AND course_listed(c.status, c.visibility, c.moderation_status) ON CONFLICT DO NOTHING;
    RETURN NULL;
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
        UNION ALL
        SELECT p.id, 'post', 'post', NULL, p.author_id, true,
            g.language, search_reading(g.language), NULL,
            search_prior(p.likes_count, p.comments_count, p.created_at), p.title, search_words(p.tags), '', p.content
        FROM posts p CROSS JOIN LATERAL (SELECT search_guess(p.title || ' ' || p.content) AS language) g
        WHERE p.status = 'visible'
    ) s
$$;

CREATE OR REPLACE FUNCTION search_keep_course() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_documents SET visible = course_listed(NEW.status, NEW.visibility, NEW.moderation_status), owner_user_id = NEW.owner_user_id
    WHERE course_id = NEW.id AND id <> NEW.id;
    IF (OLD.locale, OLD.difficulty_level) IS DISTINCT FROM (NEW.locale, NEW.difficulty_level) THEN
        UPDATE search_documents d
        SET difficulty_level = s.difficulty_level, language = s.language, reading = s.reading, title_tsv = s.title_tsv, tsv = s.tsv
        FROM search_sources() s WHERE s.course_id = NEW.id AND s.kind = 'lesson' AND d.id = s.id;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TRIGGER feed_changed ON courses;
CREATE TRIGGER feed_changed AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.title, OLD.topic, OLD.summary, OLD.status, OLD.visibility, OLD.moderation_status, OLD.difficulty_level, OLD.estimated_duration_hours, OLD.tags, OLD.thumbnail_url, OLD.locale, OLD.published_at)
        IS DISTINCT FROM (NEW.owner_user_id, NEW.title, NEW.topic, NEW.summary, NEW.status, NEW.visibility, NEW.moderation_status, NEW.difficulty_level, NEW.estimated_duration_hours, NEW.tags, NEW.thumbnail_url, NEW.locale, NEW.published_at))
    EXECUTE FUNCTION feed_course_changed();
DROP TRIGGER search_course_changed ON courses;
DROP TRIGGER search_course_parts ON courses;
CREATE TRIGGER search_course_changed AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.title, OLD.topic, OLD.summary, OLD.description, OLD.status, OLD.visibility, OLD.moderation_status, OLD.tags, OLD.difficulty_level, OLD.locale, OLD.created_at)
        IS DISTINCT FROM (NEW.owner_user_id, NEW.title, NEW.topic, NEW.summary, NEW.description, NEW.status, NEW.visibility, NEW.moderation_status, NEW.tags, NEW.difficulty_level, NEW.locale, NEW.created_at))
    EXECUTE FUNCTION search_keep('course');
CREATE TRIGGER search_course_parts AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.status, OLD.visibility, OLD.moderation_status, OLD.difficulty_level, OLD.locale) IS DISTINCT FROM (NEW.owner_user_id, NEW.status, NEW.visibility, NEW.moderation_status, NEW.difficulty_level, NEW.locale))
    EXECUTE FUNCTION search_keep_course();

-- What is listed, newest first, and what waits for an administrator.
DROP INDEX courses_ready_idx;
CREATE INDEX courses_listed_idx ON courses (created_at DESC, id DESC) WHERE course_listed(status, visibility, moderation_status);
CREATE INDEX courses_held_idx ON courses (created_at, id) WHERE moderation_status = 'held';

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION feed_sync_course(course uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO feed_items AS f (id, content_type, group_id, author_id, title, description, thumbnail_url, skills, terms, difficulty_level, language,
        quality, minutes, visible, metadata, published_at, updated_at)
    SELECT c.id, 'course', c.id, c.owner_user_id, c.title, c.summary, c.thumbnail_url, feed_skills(c.tags),
        feed_terms(ARRAY(SELECT jsonb_array_elements_text(c.tags)) || c.topic), c.difficulty_level, c.locale,
        (SELECT avg(l.quality_score) FROM lessons l WHERE l.course_id = c.id), coalesce(c.estimated_duration_hours * 60, 0)::integer,
        c.status = 'READY', jsonb_build_object('topic', c.topic, 'tags', c.tags), coalesce(c.published_at, c.created_at), c.updated_at
    FROM courses c WHERE c.id = course
    ON CONFLICT (id) DO UPDATE SET author_id = excluded.author_id, title = excluded.title, description = excluded.description,
        thumbnail_url = excluded.thumbnail_url, skills = excluded.skills, terms = excluded.terms, difficulty_level = excluded.difficulty_level,
        language = excluded.language, quality = excluded.quality, minutes = excluded.minutes, visible = excluded.visible, metadata = excluded.metadata,
        published_at = excluded.published_at, updated_at = excluded.updated_at
$$;

CREATE OR REPLACE FUNCTION feed_sync_parts(course uuid) RETURNS void LANGUAGE sql AS $$
    DELETE FROM feed_items f WHERE f.group_id = course AND f.id <> course
        AND NOT EXISTS (SELECT FROM lessons l WHERE l.id = f.id) AND NOT EXISTS (SELECT FROM items i WHERE i.id = f.id);
    INSERT INTO feed_items AS f (id, content_type, group_id, author_id, title, description, thumbnail_url, skills, terms, difficulty_level, language,
        quality, minutes, visible, metadata, published_at, updated_at)
    SELECT p.id, p.content_type, c.id, c.owner_user_id, p.title, p.summary, p.thumbnail_url, feed_skills(c.tags),
        feed_terms(ARRAY(SELECT jsonb_array_elements_text(c.tags)) || c.topic || p.title), c.difficulty_level, p.language,
        p.quality_score, p.minutes, true, jsonb_build_object('course_id', c.id, 'course_title', c.title) || p.metadata,
        coalesce(c.published_at, c.created_at), p.updated_at
    FROM courses c CROSS JOIN LATERAL (
        SELECT l.id, 'lesson' AS content_type, l.title, l.summary, NULL AS thumbnail_url, c.locale AS language, l.quality_score,
            l.estimated_duration_minutes AS minutes, jsonb_build_object('order', l.position) AS metadata, l.updated_at
        FROM lessons l WHERE l.course_id = c.id
        UNION ALL
        SELECT i.id, CASE WHEN i.type = 'video' THEN 'video' WHEN i.type IN ('quiz', 'assessment') THEN 'quiz' ELSE 'article' END, i.title, i.summary,
            i.thumbnail_url, i.language, i.quality_score, coalesce(i.duration_sec / 60, i.word_count / 200, 0),
            jsonb_strip_nulls(jsonb_build_object('lesson_id', i.lesson_id, 'type', i.type, 'source', i.source, 'source_url', i.source_url)), i.created_at
        FROM items i WHERE i.course_id = c.id AND (i.source_url IS NOT NULL OR i.type IN ('quiz', 'assessment'))
    ) p WHERE c.id = course AND c.status = 'READY'
    ON CONFLICT (id) DO UPDATE SET content_type = excluded.content_type, title = excluded.title, description = excluded.description,
        thumbnail_url = excluded.thumbnail_url, skills = excluded.skills, terms = excluded.terms, difficulty_level = excluded.difficulty_level,
        language = excluded.language, quality = excluded.quality, minutes = excluded.minutes, metadata = excluded.metadata, updated_at = excluded.updated_at
$$;

CREATE OR REPLACE FUNCTION feed_course_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_entries (id, user_id, kind, content_type, content_id, title, metadata, at)
    SELECT gen_random_uuid(), NEW.user_id, 'milestone', 'course', c.id, 'Completed: ' || c.title, '{}', NEW.completed_at
    FROM courses c WHERE c.id = NEW.course_id AND c.status = 'READY' ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION search_sources() RETURNS SETOF search_documents LANGUAGE sql STABLE AS $$
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

CREATE OR REPLACE FUNCTION search_keep_course() RETURNS trigger LANGUAGE plpgsql AS $$
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
-- +goose StatementEnd
DROP TRIGGER feed_changed ON courses;
CREATE TRIGGER feed_changed AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.title, OLD.topic, OLD.summary, OLD.status, OLD.difficulty_level, OLD.estimated_duration_hours, OLD.tags, OLD.thumbnail_url, OLD.locale, OLD.published_at)
        IS DISTINCT FROM (NEW.owner_user_id, NEW.title, NEW.topic, NEW.summary, NEW.status, NEW.difficulty_level, NEW.estimated_duration_hours, NEW.tags, NEW.thumbnail_url, NEW.locale, NEW.published_at))
    EXECUTE FUNCTION feed_course_changed();
DROP TRIGGER search_course_changed ON courses;
DROP TRIGGER search_course_parts ON courses;
CREATE TRIGGER search_course_changed AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.title, OLD.topic, OLD.summary, OLD.description, OLD.status, OLD.tags, OLD.difficulty_level, OLD.locale, OLD.created_at)
        IS DISTINCT FROM (NEW.owner_user_id, NEW.title, NEW.topic, NEW.summary, NEW.description, NEW.status, NEW.tags, NEW.difficulty_level, NEW.locale, NEW.created_at))
    EXECUTE FUNCTION search_keep('course');
CREATE TRIGGER search_course_parts AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.status, OLD.difficulty_level, OLD.locale) IS DISTINCT FROM (NEW.owner_user_id, NEW.status, NEW.difficulty_level, NEW.locale))
    EXECUTE FUNCTION search_keep_course();
DROP INDEX courses_listed_idx, courses_held_idx;
CREATE INDEX courses_ready_idx ON courses (created_at DESC, id DESC) WHERE status = 'READY';
UPDATE feed_items f SET visible = true FROM courses c WHERE f.group_id = c.id AND NOT f.visible AND c.status = 'READY';
UPDATE search_documents d SET visible = true FROM courses c WHERE d.course_id = c.id AND NOT d.visible AND c.status = 'READY';
DROP FUNCTION course_listed(text, text, text);
ALTER TABLE courses
    DROP COLUMN visibility, DROP COLUMN moderation_status, DROP COLUMN hidden_by, DROP COLUMN held_for, DROP COLUMN own_material, DROP COLUMN rights_confirmed_at;
