-- +goose Up

-- How far a learner is in a course, a row from the first thing they did in it.
CREATE TABLE course_progress (
    user_id           uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course_id         uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    current_lesson_id uuid,
    minutes           integer NOT NULL DEFAULT 0 CHECK (minutes >= 0),
    started_at        timestamptz NOT NULL,
    last_accessed_at  timestamptz NOT NULL,
    completed_at      timestamptz,
    PRIMARY KEY (user_id, course_id)
);
CREATE INDEX course_progress_course_idx ON course_progress (course_id);

CREATE TABLE lesson_completions (
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    lesson_id    uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    course_id    uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    minutes      integer NOT NULL DEFAULT 0 CHECK (minutes >= 0),
    completed_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, lesson_id)
);
CREATE INDEX lesson_completions_course_idx ON lesson_completions (course_id, user_id);

-- Where a learner's clock stood, one row a move. It says what day a deed was on.
CREATE TABLE zone_moves (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    at      timestamptz NOT NULL,
    before  text NOT NULL,
    after   text NOT NULL
);
CREATE INDEX zone_moves_user_idx ON zone_moves (user_id, at, id);

-- The days on which something was learned, numbered from the first of January 1970.
CREATE TABLE learning_days (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day     integer NOT NULL,
    PRIMARY KEY (user_id, day)
);

-- Days that a streak goes over. A week has one.
CREATE TABLE streak_freezes (
    user_id  uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    week     integer NOT NULL, -- the day of its Monday
    day      integer NOT NULL CHECK (day BETWEEN week AND week + 6),
    spent_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, week)
);

-- Requests with an Idempotency-Key, and what came of them.
CREATE TABLE learning_requests (
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key          text NOT NULL,
    request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    result       jsonb NOT NULL DEFAULT 'null',
    at           timestamptz NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX learning_requests_at_idx ON learning_requests (at);

-- From which share of right answers on a quiz is passed; NULL: seven in ten.
ALTER TABLE items ADD COLUMN pass_mark double precision CHECK (pass_mark > 0 AND pass_mark <= 1);

-- Minutes can be told of without a lesson being completed.
ALTER TABLE learning_events
    DROP CONSTRAINT learning_events_kind_check,
    ADD CONSTRAINT learning_events_kind_check CHECK (kind IN ('lesson_completed', 'course_completed', 'quiz_passed', 'reviewed', 'studied'));

-- What was answered, and how it was graded. Rows never change.
CREATE TABLE quiz_attempts (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course_id uuid NOT NULL, -- no foreign keys: an attempt outlives what it was made at
    lesson_id uuid NOT NULL,
    item_id   uuid NOT NULL,
    score     double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    passed    boolean NOT NULL,
    answers   jsonb NOT NULL,
    results   jsonb NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX quiz_attempts_user_idx ON quiz_attempts (user_id, at DESC, id DESC);
CREATE INDEX quiz_attempts_item_idx ON quiz_attempts (user_id, item_id);

-- Every point there is. Rows are added and never change.
CREATE TABLE ledger (
    id      uuid PRIMARY KEY,
    seq     bigint GENERATED ALWAYS AS IDENTITY, -- the order in which a user's points came
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    rule    text NOT NULL,
    source  text NOT NULL,
    points  integer NOT NULL CHECK (points >= 0), -- 0: the day had no room for more
    day     integer NOT NULL DEFAULT 0, -- the user's own, as in learning_days
    at      timestamptz NOT NULL,
    reason  text -- in words, of points that an administrator gave
);
CREATE UNIQUE INDEX ledger_source_key ON ledger (user_id, rule, source);
CREATE INDEX ledger_user_idx ON ledger (user_id, seq);
CREATE INDEX ledger_at_idx ON ledger (at);

-- What the ledger adds up to, kept in the same transaction.
CREATE TABLE totals (
    user_id         uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    points          bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    updated_at      timestamptz NOT NULL, -- when the points were reached
    level           integer NOT NULL DEFAULT 1,
    level_at        timestamptz NOT NULL, -- when it was reached
    achievements    integer NOT NULL DEFAULT 0,
    achievements_at timestamptz NOT NULL, -- when the last was unlocked
    lessons         integer NOT NULL DEFAULT 0, -- completed, and so on
    courses         integer NOT NULL DEFAULT 0,
    quizzes         integer NOT NULL DEFAULT 0,
    streak          integer NOT NULL DEFAULT 0, -- days in a row up to last_day
    longest_streak  integer NOT NULL DEFAULT 0,
    last_day        integer -- on which something was learned, as in learning_days
);
CREATE INDEX totals_points_idx ON totals (points DESC, updated_at, user_id);
CREATE INDEX totals_level_idx ON totals (level DESC, level_at, user_id);
CREATE INDEX totals_achievements_idx ON totals (achievements DESC, achievements_at, user_id);

-- The same of a month or a week (UTC), for boards.
CREATE TABLE standings (
    period          text NOT NULL, -- 2026-11, or the Monday of a week
    user_id         uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    points          bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    updated_at      timestamptz NOT NULL,
    level           integer NOT NULL DEFAULT 1,
    level_at        timestamptz NOT NULL,
    achievements    integer NOT NULL DEFAULT 0,
    achievements_at timestamptz NOT NULL,
    PRIMARY KEY (period, user_id)
);
CREATE INDEX standings_user_idx ON standings (user_id);
CREATE INDEX standings_points_idx ON standings (period, points DESC, updated_at, user_id);
CREATE INDEX standings_level_idx ON standings (period, level DESC, level_at, user_id);
CREATE INDEX standings_achievements_idx ON standings (period, achievements DESC, achievements_at, user_id);

-- Who is to be brought to the boards in Redis, left by the transaction of the change.
CREATE TABLE board_changes (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL -- no foreign key: who is gone must leave the boards too
);

-- What the boards in Redis must say of themselves to be believed. One row.
CREATE TABLE board_state (
    id         boolean PRIMARY KEY DEFAULT true CHECK (id),
    generation uuid, -- part of their keys; NULL: there are none
    stamp      uuid  -- of the last change to them
);
INSERT INTO board_state DEFAULT VALUES;

ALTER TABLE users ADD COLUMN leaderboard_hidden boolean NOT NULL DEFAULT false;
-- +goose StatementBegin
CREATE FUNCTION board_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO board_changes (user_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER board_change AFTER UPDATE OF is_active, leaderboard_hidden ON users FOR EACH ROW
    WHEN ((OLD.is_active, OLD.leaderboard_hidden) IS DISTINCT FROM (NEW.is_active, NEW.leaderboard_hidden))
    EXECUTE FUNCTION board_change();

CREATE TABLE achievements (
    id               text PRIMARY KEY,
    name             text NOT NULL,
    description      text NOT NULL,
    achievement_type text NOT NULL CHECK (achievement_type IN ('course_completion', 'streak_milestone', 'points_milestone', 'community_engagement', 'learning_consistency', 'skill_mastery')),
    rarity           text NOT NULL CHECK (rarity IN ('common', 'rare', 'epic', 'legendary')),
    points_reward    integer NOT NULL CHECK (points_reward >= 0),
    icon_url         text,
    criteria         jsonb NOT NULL,
    position         integer NOT NULL DEFAULT 0,
    created_at       timestamptz NOT NULL
);
INSERT INTO achievements (id, name, description, achievement_type, rarity, points_reward, criteria, position, created_at) VALUES
    ('first_lesson', 'First Lesson', 'Complete your first lesson.', 'course_completion', 'common', 10, '{"fact": "lessons_completed", "at_least": 1}', 1, '2026-11-01T00:00:00Z'),
    ('first_course', 'First Steps', 'Complete your first course.', 'course_completion', 'common', 100, '{"fact": "courses_completed", "at_least": 1}', 2, '2026-11-01T00:00:00Z'),
    ('course_master_5', 'Course Master', 'Complete five courses.', 'course_completion', 'rare', 500, '{"fact": "courses_completed", "at_least": 5}', 3, '2026-11-01T00:00:00Z'),
    ('streak_week', 'Weekly Warrior', 'Learn on seven days in a row.', 'streak_milestone', 'rare', 300, '{"fact": "longest_streak", "at_least": 7}', 4, '2026-11-01T00:00:00Z'),
    ('streak_month', 'Monthly Master', 'Learn on thirty days in a row.', 'learning_consistency', 'epic', 1000, '{"fact": "longest_streak", "at_least": 30}', 5, '2026-11-01T00:00:00Z'),
    ('points_1000', 'Point Collector', 'Collect a thousand points.', 'points_milestone', 'common', 200, '{"fact": "points", "at_least": 1000}', 6, '2026-11-01T00:00:00Z'),
    ('community_contributor', 'Community Helper', 'Write ten comments on posts of others.', 'community_engagement', 'rare', 400, '{"fact": "comments_on_others", "at_least": 10}', 7, '2026-11-01T00:00:00Z'),
    ('course_creator', 'Course Creator', 'Have your first course written.', 'skill_mastery', 'common', 50, '{"fact": "courses_generated", "at_least": 1}', 8, '2026-11-01T00:00:00Z');

CREATE TABLE unlocks (
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    achievement_id text NOT NULL REFERENCES achievements (id),
    unlocked_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, achievement_id)
);
CREATE INDEX unlocks_at_idx ON unlocks (unlocked_at);

-- Cards for spaced repetition, from quiz questions and key terms.
CREATE TABLE review_cards (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course_id  uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    lesson_id  uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    kind       text NOT NULL DEFAULT 'term' CHECK (kind IN ('question', 'term')),
    front      text NOT NULL,
    back       text NOT NULL,
    due_at     timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    -- What the scheduler knows of it.
    state          text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'learning', 'review', 'relearning')),
    stability      double precision NOT NULL DEFAULT 0,
    difficulty     double precision NOT NULL DEFAULT 0,
    scheduled_days integer NOT NULL DEFAULT 0,
    reps           integer NOT NULL DEFAULT 0,
    lapses         integer NOT NULL DEFAULT 0,
    reviewed_at    timestamptz -- the last time
);
CREATE INDEX review_cards_due_idx ON review_cards (user_id, due_at, id);
CREATE INDEX review_cards_course_idx ON review_cards (course_id);
CREATE INDEX review_cards_lesson_idx ON review_cards (lesson_id);

CREATE TABLE review_logs (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    card_id   uuid NOT NULL,
    course_id uuid NOT NULL,
    rating    text NOT NULL CHECK (rating IN ('again', 'hard', 'good', 'easy')),
    state     text NOT NULL DEFAULT 'new', -- of the card before
    at        timestamptz NOT NULL
);
CREATE INDEX review_logs_user_idx ON review_logs (user_id, at);

-- Rows of these tables are added and never change. They go with their user only.
-- +goose StatementBegin
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('lyo.erasing', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;
-- +goose StatementEnd
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only_all BEFORE TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON quiz_attempts FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON review_logs FOR EACH ROW EXECUTE FUNCTION append_only();

-- +goose Down
DROP TRIGGER board_change ON users;
DROP FUNCTION board_change();
ALTER TABLE users DROP COLUMN leaderboard_hidden;
DELETE FROM learning_events WHERE kind = 'studied';
ALTER TABLE learning_events
    DROP CONSTRAINT learning_events_kind_check,
    ADD CONSTRAINT learning_events_kind_check CHECK (kind IN ('lesson_completed', 'course_completed', 'quiz_passed', 'reviewed'));
ALTER TABLE items DROP COLUMN pass_mark;
DROP TABLE review_logs, review_cards, unlocks, achievements, board_state, board_changes, standings, totals, ledger, quiz_attempts,
    learning_requests, streak_freezes, learning_days, zone_moves, lesson_completions, course_progress;
DROP FUNCTION append_only();
