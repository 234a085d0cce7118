-- +goose Up

-- Deeds that others may see in their feeds.
CREATE TABLE feed_entries (
    id           uuid PRIMARY KEY, -- derived from user, kind and content: a deed is there once
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- whose deed
    kind         text NOT NULL CHECK (kind IN ('published', 'shared', 'unlocked', 'milestone')),
    content_type text NOT NULL CHECK (content_type IN ('course', 'lesson', 'article', 'video', 'quiz', 'post', 'achievement')),
    content_id   uuid NOT NULL,
    title        text NOT NULL,
    metadata     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    at           timestamptz NOT NULL
);
CREATE UNIQUE INDEX feed_entries_deed_key ON feed_entries (user_id, kind, content_id);
CREATE INDEX feed_entries_at_idx ON feed_entries (at DESC, id DESC);
CREATE INDEX feed_entries_user_idx ON feed_entries (user_id, at DESC, id DESC);
CREATE INDEX feed_entries_content_idx ON feed_entries (content_id, kind, at DESC);

-- The words by which things and tastes are matched: lower case, without those that say nothing.
-- +goose StatementBegin
CREATE FUNCTION feed_terms(texts text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT word ORDER BY word), '{}')
    FROM unnest(texts) AS one, regexp_split_to_table(lower(one), '[^[:alnum:]+#]+') AS word
    WHERE word <> '' AND word <> ALL (ARRAY['a', 'an', 'and', 'are', 'as', 'at', 'basics', 'be', 'by', 'can', 'course', 'do', 'does', 'first',
        'for', 'from', 'guide', 'how', 'i', 'in', 'introduction', 'is', 'it', 'learn', 'learning', 'lesson', 'me', 'my', 'of', 'on', 'or', 'part',
        'quiz', 'the', 'this', 'to', 'what', 'when', 'where', 'which', 'who', 'why', 'with', 'work', 'works', 'you', 'your'])
$$;
-- +goose StatementEnd

-- Whole tags in lower case: what a thing teaches.
-- +goose StatementBegin
CREATE FUNCTION feed_skills(tags jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT lower(btrim(tag))), '{}') FROM jsonb_array_elements_text(tags) AS tag WHERE btrim(tag) <> ''
$$;
-- +goose StatementEnd

-- Everything that can stand in a feed, one shape for every kind. Triggers keep it in step with
-- the rows it is made of, in their transactions, so that no writer can forget it.
CREATE TABLE feed_items (
    id               uuid PRIMARY KEY, -- of the post, course, lesson or item; of an achievement, that of the deed
    content_type     text NOT NULL CHECK (content_type IN ('course', 'lesson', 'article', 'video', 'quiz', 'post', 'achievement')),
    group_id         uuid NOT NULL, -- the course it belongs to, else itself
    author_id        uuid REFERENCES users (id) ON DELETE SET NULL,
    title            text NOT NULL,
    description      text NOT NULL DEFAULT '',
    thumbnail_url    text,
    skills           text[] NOT NULL DEFAULT '{}',
    terms            text[] NOT NULL DEFAULT '{}',
    difficulty_level text NOT NULL DEFAULT '', -- '': none
    language         text NOT NULL DEFAULT '',
    quality          double precision CHECK (quality BETWEEN 0 AND 1),
    minutes          integer NOT NULL DEFAULT 0,
    visible          boolean NOT NULL, -- to everybody; blocks and accounts that are off come on top
    views_count      integer NOT NULL DEFAULT 0 CHECK (views_count >= 0), -- of posts, the posts' own rows have these
    likes_count      integer NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    shares_count     integer NOT NULL DEFAULT 0 CHECK (shares_count >= 0),
    metadata         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    published_at     timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL
);
CREATE INDEX feed_items_terms_idx ON feed_items USING gin (terms) WHERE visible;
CREATE INDEX feed_items_new_idx ON feed_items (published_at DESC, id DESC) WHERE visible;
CREATE INDEX feed_items_author_idx ON feed_items (author_id, published_at DESC);
CREATE INDEX feed_items_group_idx ON feed_items (group_id);
CREATE INDEX feed_items_address_idx ON feed_items ((metadata ->> 'source_url')) WHERE metadata ->> 'source_url' IS NOT NULL;

-- Who did what with a thing, once each, the last time counting. Likes, views and comments of posts come
-- from the community's rows; bookmarks of courses are its favorites.
CREATE TABLE engagements (
    user_id  uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    item_id  uuid NOT NULL REFERENCES feed_items (id) ON DELETE CASCADE,
    action   text NOT NULL CHECK (action IN ('like', 'bookmark', 'share', 'view', 'comment', 'complete', 'skip', 'hide')),
    metadata jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    at       timestamptz NOT NULL,
    PRIMARY KEY (user_id, item_id, action)
);
CREATE INDEX engagements_user_idx ON engagements (user_id, at DESC);
CREATE INDEX engagements_item_idx ON engagements (item_id, action, at DESC);
CREATE INDEX engagements_at_idx ON engagements (at);

-- What trends, as it was counted last. Scores fade all alike, so their order holds until the next count.
CREATE TABLE trending (
    item_id      uuid PRIMARY KEY REFERENCES feed_items (id) ON DELETE CASCADE,
    content_type text NOT NULL,
    score        double precision NOT NULL CHECK (score > 0),
    people       integer NOT NULL CHECK (people > 0),
    last_at      timestamptz NOT NULL, -- the last deed that counted
    counted_at   timestamptz NOT NULL
);
CREATE INDEX trending_score_idx ON trending (score DESC, item_id);
CREATE INDEX trending_type_idx ON trending (content_type, score DESC, item_id);

-- A ranked feed as somebody scrolls through it, until it expires.
CREATE TABLE feed_snapshots (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    entries    bytea NOT NULL,
    made_at    timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX feed_snapshots_user_idx ON feed_snapshots (user_id);
CREATE INDEX feed_snapshots_expiry_idx ON feed_snapshots (expires_at);

-- What learners say of themselves. NULL: nothing was said, and what they did tells.
CREATE TABLE learning_profiles (
    user_id          uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    interests        jsonb CHECK (jsonb_typeof(interests) = 'array'),
    level            text CHECK (level IN ('beginner', 'intermediate', 'advanced')),
    completed_topics jsonb CHECK (jsonb_typeof(completed_topics) = 'array'),
    skills           jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(skills) = 'object'), -- mastery 0 to 1 by skill
    updated_at       timestamptz NOT NULL
);

-- The day's picks for a user, in order.
CREATE TABLE feed_curations (
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day        text NOT NULL CHECK (day ~ '^\d{4}-\d\d-\d\d$'), -- UTC
    picks      jsonb NOT NULL CHECK (jsonb_typeof(picks) = 'array'),
    ordered_by text NOT NULL CHECK (ordered_by IN ('score', 'model')),
    note       text NOT NULL, -- in words for the learner: who ordered it, and why not the model
    made_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, day)
);

-- What can be told of a thing's quality without understanding it, the state of its link, and, apart
-- from both, what the model thought of it.
CREATE TABLE content_checks (
    item_id         uuid PRIMARY KEY REFERENCES feed_items (id) ON DELETE CASCADE,
    readability     double precision NOT NULL DEFAULT 0,
    length          double precision NOT NULL DEFAULT 0,
    structure       double precision NOT NULL DEFAULT 0,
    originality     double precision NOT NULL DEFAULT 0,
    total           double precision NOT NULL DEFAULT 0,
    duplicate_of    uuid,
    link_state      text NOT NULL DEFAULT 'unknown' CHECK (link_state IN ('none', 'unknown', 'ok', 'broken', 'refused')),
    link_failures   integer NOT NULL DEFAULT 0, -- in a row
    link_checked_at timestamptz,
    model_opinion   double precision CHECK (model_opinion BETWEEN 0 AND 1),
    checked_at      timestamptz
);
CREATE INDEX content_checks_link_idx ON content_checks (link_checked_at NULLS FIRST) WHERE link_state <> 'none';

-- Posts.

-- +goose StatementBegin
CREATE FUNCTION feed_posts_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_items (id, content_type, group_id, author_id, title, description, skills, terms, visible, metadata, published_at, updated_at)
    SELECT id, 'post', id, author_id, title, left(content, 300), feed_skills(tags), feed_terms(ARRAY(SELECT jsonb_array_elements_text(tags)) || title),
        status = 'visible', jsonb_build_object('post_type', post_type, 'tags', tags), created_at, updated_at
    FROM added ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION feed_post_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE feed_items SET author_id = NEW.author_id, title = NEW.title, description = left(NEW.content, 300), skills = feed_skills(NEW.tags),
        terms = feed_terms(ARRAY(SELECT jsonb_array_elements_text(NEW.tags)) || NEW.title), visible = NEW.status = 'visible',
        metadata = jsonb_build_object('post_type', NEW.post_type, 'tags', NEW.tags), updated_at = NEW.updated_at
    WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION feed_content_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM feed_items WHERE group_id = OLD.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER feed_added AFTER INSERT ON posts REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION feed_posts_added();
CREATE TRIGGER feed_changed AFTER UPDATE ON posts FOR EACH ROW
    WHEN ((OLD.author_id, OLD.title, OLD.content, OLD.post_type, OLD.tags, OLD.status) IS DISTINCT FROM (NEW.author_id, NEW.title, NEW.content, NEW.post_type, NEW.tags, NEW.status))
    EXECUTE FUNCTION feed_post_changed();
CREATE TRIGGER feed_gone AFTER DELETE ON posts FOR EACH ROW EXECUTE FUNCTION feed_content_gone();

-- Courses, and once they are READY their lessons, quizzes and what was found outside for them.

-- +goose StatementBegin
CREATE FUNCTION feed_sync_course(course uuid) RETURNS void LANGUAGE sql AS $$
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
CREATE FUNCTION feed_sync_parts(course uuid) RETURNS void LANGUAGE sql AS $$
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
CREATE FUNCTION feed_course_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM feed_sync_course(NEW.id);
    IF NEW.status = 'READY' THEN
        PERFORM feed_sync_parts(NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION feed_parts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM feed_sync_parts(c.id) FROM courses c WHERE c.status = 'READY' AND c.id IN (SELECT course_id FROM changed);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER feed_added AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION feed_course_changed();
CREATE TRIGGER feed_changed AFTER UPDATE ON courses FOR EACH ROW
    WHEN ((OLD.owner_user_id, OLD.title, OLD.topic, OLD.summary, OLD.status, OLD.difficulty_level, OLD.estimated_duration_hours, OLD.tags, OLD.thumbnail_url, OLD.locale, OLD.published_at)
        IS DISTINCT FROM (NEW.owner_user_id, NEW.title, NEW.topic, NEW.summary, NEW.status, NEW.difficulty_level, NEW.estimated_duration_hours, NEW.tags, NEW.thumbnail_url, NEW.locale, NEW.published_at))
    EXECUTE FUNCTION feed_course_changed();
CREATE TRIGGER feed_gone AFTER DELETE ON courses FOR EACH ROW EXECUTE FUNCTION feed_content_gone();
CREATE TRIGGER feed_added AFTER INSERT ON lessons REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_parts_changed();
CREATE TRIGGER feed_changed AFTER UPDATE ON lessons REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_parts_changed();
CREATE TRIGGER feed_gone AFTER DELETE ON lessons REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_parts_changed();
CREATE TRIGGER feed_added AFTER INSERT ON items REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_parts_changed();
CREATE TRIGGER feed_changed AFTER UPDATE ON items REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_parts_changed();
CREATE TRIGGER feed_gone AFTER DELETE ON items REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_parts_changed();

-- Deeds: an achievement or a milestone is a thing of its own in feeds, what is published or shared is the thing itself.

-- +goose StatementBegin
CREATE FUNCTION feed_entries_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_items (id, content_type, group_id, author_id, title, visible, metadata, published_at, updated_at)
    SELECT id, 'achievement', id, user_id, title, true, metadata || jsonb_build_object('kind', kind, 'content_id', content_id, 'about', content_type), at, at
    FROM added WHERE kind IN ('unlocked', 'milestone') ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $$;
-- A completed course is a milestone that others may see, if they may see the course.
CREATE FUNCTION feed_course_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO feed_entries (id, user_id, kind, content_type, content_id, title, metadata, at)
    SELECT gen_random_uuid(), NEW.user_id, 'milestone', 'course', c.id, 'Completed: ' || c.title, '{}', NEW.completed_at
    FROM courses c WHERE c.id = NEW.course_id AND c.status = 'READY' ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER feed_added AFTER INSERT ON feed_entries REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION feed_entries_added();
CREATE TRIGGER feed_gone AFTER DELETE ON feed_entries FOR EACH ROW EXECUTE FUNCTION feed_content_gone();
CREATE TRIGGER feed_milestone AFTER INSERT OR UPDATE OF completed_at ON course_progress FOR EACH ROW
    WHEN (NEW.completed_at IS NOT NULL) EXECUTE FUNCTION feed_course_completed();

-- Engagements with posts.

-- +goose StatementBegin
CREATE FUNCTION feed_reactions_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO engagements (user_id, item_id, action, at) SELECT user_id, post_id, TG_ARGV[0], created_at FROM changed ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION feed_reactions_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM engagements e USING changed c WHERE e.user_id = c.user_id AND e.item_id = c.post_id AND e.action = TG_ARGV[0];
    RETURN NULL;
END $$;
CREATE FUNCTION feed_comments_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO engagements AS e (user_id, item_id, action, at)
    SELECT author_id, post_id, 'comment', max(created_at) FROM added WHERE status = 'visible' AND author_id IS NOT NULL GROUP BY author_id, post_id
    ON CONFLICT (user_id, item_id, action) DO UPDATE SET at = greatest(e.at, excluded.at);
    RETURN NULL;
END $$;
-- The last visible comment of the author counts; without one, none does.
CREATE FUNCTION feed_comment_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last timestamptz;
BEGIN
    IF OLD.author_id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT max(created_at) INTO last FROM comments WHERE post_id = OLD.post_id AND author_id = OLD.author_id AND status = 'visible';
    IF last IS NULL THEN
        DELETE FROM engagements WHERE user_id = OLD.author_id AND item_id = OLD.post_id AND action = 'comment';
    ELSE
        INSERT INTO engagements (user_id, item_id, action, at) VALUES (OLD.author_id, OLD.post_id, 'comment', last)
        ON CONFLICT (user_id, item_id, action) DO UPDATE SET at = excluded.at;
    END IF;
    RETURN NULL;
END $$;
-- Counters of a thing equal its rows. Posts keep their own, but for shares.
CREATE FUNCTION feed_count() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    step integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
    one  engagements := CASE TG_OP WHEN 'INSERT' THEN NEW ELSE OLD END;
BEGIN
    UPDATE feed_items SET
        likes_count = likes_count + CASE one.action WHEN 'like' THEN step ELSE 0 END,
        views_count = views_count + CASE one.action WHEN 'view' THEN step ELSE 0 END,
        shares_count = shares_count + CASE one.action WHEN 'share' THEN step ELSE 0 END
    WHERE id = one.item_id AND (content_type <> 'post' OR one.action = 'share');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER feed_added AFTER INSERT ON post_likes REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_reactions_added('like');
CREATE TRIGGER feed_gone AFTER DELETE ON post_likes REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_reactions_gone('like');
CREATE TRIGGER feed_added AFTER INSERT ON post_views REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_reactions_added('view');
CREATE TRIGGER feed_gone AFTER DELETE ON post_views REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION feed_reactions_gone('view');
CREATE TRIGGER feed_added AFTER INSERT ON comments REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION feed_comments_added();
CREATE TRIGGER feed_changed AFTER UPDATE ON comments FOR EACH ROW
    WHEN ((OLD.status, OLD.author_id) IS DISTINCT FROM (NEW.status, NEW.author_id)) EXECUTE FUNCTION feed_comment_changed();
CREATE TRIGGER feed_gone AFTER DELETE ON comments FOR EACH ROW EXECUTE FUNCTION feed_comment_changed();
CREATE TRIGGER feed_counted AFTER INSERT ON engagements FOR EACH ROW WHEN (NEW.action IN ('like', 'view', 'share')) EXECUTE FUNCTION feed_count();
CREATE TRIGGER feed_uncounted AFTER DELETE ON engagements FOR EACH ROW WHEN (OLD.action IN ('like', 'view', 'share')) EXECUTE FUNCTION feed_count();

-- What was there before.
SELECT feed_sync_course(id), CASE WHEN status = 'READY' THEN feed_sync_parts(id) END FROM courses;

-- +goose Down
DROP TRIGGER feed_added ON posts;
DROP TRIGGER feed_changed ON posts;
DROP TRIGGER feed_gone ON posts;
DROP TRIGGER feed_added ON courses;
DROP TRIGGER feed_changed ON courses;
DROP TRIGGER feed_gone ON courses;
DROP TRIGGER feed_added ON lessons;
DROP TRIGGER feed_changed ON lessons;
DROP TRIGGER feed_gone ON lessons;
DROP TRIGGER feed_added ON items;
DROP TRIGGER feed_changed ON items;
DROP TRIGGER feed_gone ON items;
DROP TRIGGER feed_milestone ON course_progress;
DROP TRIGGER feed_added ON post_likes;
DROP TRIGGER feed_gone ON post_likes;
DROP TRIGGER feed_added ON post_views;
DROP TRIGGER feed_gone ON post_views;
DROP TRIGGER feed_added ON comments;
DROP TRIGGER feed_changed ON comments;
DROP TRIGGER feed_gone ON comments;
DROP TABLE content_checks, feed_curations, learning_profiles, feed_snapshots, trending, engagements, feed_items, feed_entries;
DROP FUNCTION feed_posts_added, feed_post_changed, feed_content_gone, feed_sync_course, feed_sync_parts, feed_course_changed, feed_parts_changed,
    feed_entries_added, feed_course_completed, feed_reactions_added, feed_reactions_gone, feed_comments_added, feed_comment_changed, feed_count,
    feed_terms, feed_skills;
