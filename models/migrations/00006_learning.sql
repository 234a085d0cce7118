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
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    rule    text NOT NULL,
    source  text NOT NULL,
    points  integer NOT NULL CHECK (points >= 0),
    at      timestamptz NOT NULL
);
CREATE UNIQUE INDEX ledger_source_key ON ledger (user_id, rule, source);
CREATE INDEX ledger_user_idx ON ledger (user_id, at);
CREATE INDEX ledger_at_idx ON ledger (at);

-- What the ledger adds up to, kept in the same transaction.
CREATE TABLE totals (
    user_id    uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    points     bigint NOT NULL DEFAULT 0 CHECK (points >= 0),
    updated_at timestamptz NOT NULL -- when the points were reached
);
CREATE INDEX totals_points_idx ON totals (points DESC, updated_at, user_id);

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

CREATE TABLE unlocks (
    user_id        uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    achievement_id text NOT NULL REFERENCES achievements (id),
    unlocked_at    timestamptz NOT NULL,
    PRIMARY KEY (user_id, achievement_id)
);

-- Cards for spaced repetition, from quiz questions and key terms.
CREATE TABLE review_cards (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course_id  uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    lesson_id  uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    front      text NOT NULL,
    back       text NOT NULL,
    due_at     timestamptz NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX review_cards_due_idx ON review_cards (user_id, due_at);

CREATE TABLE review_logs (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    card_id   uuid NOT NULL,
    course_id uuid NOT NULL,
    rating    text NOT NULL CHECK (rating IN ('again', 'hard', 'good', 'easy')),
    at        timestamptz NOT NULL
);
CREATE INDEX review_logs_user_idx ON review_logs (user_id, at);

-- +goose Down
DROP TABLE review_logs, review_cards, unlocks, achievements, totals, ledger, quiz_attempts, lesson_completions, course_progress;
