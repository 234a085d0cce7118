package models

import "github.com/google/uuid"

// PostQuery is the statement of a page, to be explained.
func PostQuery(f PostFilter, viewer uuid.UUID) (string, map[string]any) { return f.query(viewer) }
