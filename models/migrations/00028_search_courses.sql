-- +goose NO TRANSACTION
-- +goose Up

-- A post is of no course, so its search document needs no place in the index of courses' documents.
DROP INDEX CONCURRENTLY IF EXISTS search_documents_of_course_idx;
CREATE INDEX CONCURRENTLY search_documents_of_course_idx ON search_documents (course_id) WHERE course_id IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS search_documents_course_idx;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS search_documents_course_idx;
CREATE INDEX CONCURRENTLY search_documents_course_idx ON search_documents (course_id);
DROP INDEX CONCURRENTLY IF EXISTS search_documents_of_course_idx;
