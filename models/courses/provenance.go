package courses

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/jwk"
	"github.com/lyoapp/lyo/models/manifest"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/store"
)

// ProvenanceKey is a public key of manifests. Rows are never deleted.
type ProvenanceKey struct {
	ID        string  `gorm:"column:kid;primaryKey"`
	JWK       jwk.Key `gorm:"column:jwk;type:jsonb;serializer:json"`
	CreatedAt time.Time
}

// KeepProvenanceKey publishes a key. Publishing it twice is harmless.
func KeepProvenanceKey(ctx context.Context, db *gorm.DB, key jwk.Key, now time.Time) error {
	return db.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&ProvenanceKey{ID: key.ID, JWK: key, CreatedAt: now}).Error
}

// ProvenanceKeys returns all keys that ever signed, the oldest first.
func ProvenanceKeys(ctx context.Context, db *gorm.DB) ([]jwk.Key, error) {
	var rows []ProvenanceKey
	err := db.WithContext(ctx).Order("created_at, kid").Find(&rows).Error
	keys := make([]jwk.Key, len(rows))
	for i, row := range rows {
		keys[i] = row.JWK
	}
	return keys, err
}

// ProviderBuiltin is the writer of study plans.
const ProviderBuiltin = "builtin"

// ByAI reports whether a language model took part in writing the course. Of courses from before that was noted,
// their writer decides.
func (g Generation) ByAI() bool {
	named := g.Model != "" || g.Provider != ""
	return g.AIGenerated || named && !g.Fallback && g.Provider != ProviderBuiltin && g.Provider != WriterExtractive
}

// ByAISQL is Generation.ByAI of a column.
func ByAISQL(generation string) string {
	text := func(member string) string { return "coalesce(" + generation + " ->> '" + member + "', '')" }
	return "(" + text("ai_generated") + " = 'true' OR " + text("model") + " || " + text("provider") + " <> '' AND " + text("fallback") + " <> 'true' AND " +
		text("provider") + " NOT IN ('" + ProviderBuiltin + "', '" + WriterExtractive + "'))"
}

// noteModel marks a course that a language model has written something for, at once.
func noteModel(ctx context.Context, db *gorm.DB, course uuid.UUID) error {
	return db.WithContext(ctx).Exec(`UPDATE courses SET generation = generation || '{"ai_generated": true}'
		WHERE id = ? AND generation ->> 'ai_generated' IS DISTINCT FROM 'true'`, course).Error
}

// Attest gives a course the manifest of what it is made of now. Without a signer, and when it cannot be signed, which
// is an error, it has none. A course that is being written, or has no text, is left alone.
func Attest(ctx context.Context, db *gorm.DB, course uuid.UUID, signer *manifest.Signer, now time.Time) error {
	var unsigned error // says why, once the transaction has committed
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		c, err := locked(tx, course)
		if store.CodeOf(err) == store.NotFound {
			return nil
		}
		if err != nil || c.Status != CourseReady && c.Status != CoursePartial {
			return err
		}
		if signer == nil {
			return setManifest(tx, c, nil)
		}
		if err := tx.Where("course_id = ?", course).Order("position").Find(&c.Lessons).Error; err != nil {
			return err
		}
		m, err := c.manifest(tx)
		if err != nil {
			return err
		}
		var signed string
		if signed, unsigned = signer.Sign(m); unsigned != nil {
			return setManifest(tx, c, nil)
		}
		if err := KeepProvenanceKey(ctx, tx, signer.Key(), now); err != nil {
			return err
		}
		return setManifest(tx, c, &signed)
	})
	return errors.Join(err, unsigned)
}

func setManifest(tx *gorm.DB, c Course, signed *string) error {
	return tx.Model(&Course{}).Where("id = ? AND manifest IS DISTINCT FROM ?", c.ID, signed).UpdateColumn("manifest", signed).Error
}

// manifest returns what a course, with its lessons, is made of.
func (c Course) manifest(tx *gorm.DB) (manifest.Manifest, error) {
	g := c.Generation
	m := manifest.Manifest{
		CourseID: c.ID, Model: g.Model, ModelVersion: g.ModelVersion, Provider: g.Provider, PromptVersion: g.PromptVersion,
		AIGenerated: g.ByAI(), Lessons: []manifest.Lesson{},
	}
	if g.GeneratedAt != nil {
		m.GeneratedAt = g.GeneratedAt.UTC()
	}
	for _, l := range c.Lessons {
		if l.Revision == 0 {
			continue
		}
		m.Lessons = append(m.Lessons, manifest.Lesson{ID: l.ID, N: l.Position, SHA256: manifest.Digest(l.Content)})
		if l.WrittenAt != nil && l.WrittenAt.After(m.GeneratedAt) {
			m.GeneratedAt = l.WrittenAt.UTC()
		}
	}
	quoted, err := passages.Used(tx, c.ID)
	if err != nil {
		return m, err
	}
	m.Sources, m.PrivateSources = sourcesOf(c, quoted)
	err = tx.Model(&ModelCall{}).Where("course_id = ? AND outcome = ? AND model NOT IN ('', ?)", c.ID, OutcomeOK, g.Model).
		Distinct().Order("model").Limit(mostModels).Pluck("model", &m.OtherModels).Error
	return m, err
}

// Bounds of what a manifest names, so that it stays below manifest.MaxSize.
const (
	mostModels  = 10
	mostSources = 50
	mostURL     = 500 // bytes; a longer one is left out
	mostTitle   = 100 // letters; a longer one is cut
)

// sourcesOf returns the public sources that a course's lessons cite, in their order, and how many of its author's
// own it cites. Of those nothing is named: courses are shared. quoted are those whose texts are kept.
func sourcesOf(c Course, quoted []passages.Snapshot) (public []manifest.Source, private int) {
	public = []manifest.Source{}
	urls, own := map[string]bool{}, map[uuid.UUID]bool{}
	digests := map[string]string{}
	for _, s := range quoted {
		if s.OwnerUserID == nil && s.URL != nil {
			digests[*s.URL] = hex.EncodeToString(s.SHA256)
		}
	}
	for _, l := range c.Lessons {
		for _, cited := range l.Citations {
			switch {
			case !cited.Cited:
			case cited.SourceID != nil:
				own[*cited.SourceID] = true
			case cited.URL != "" && len(cited.URL) <= mostURL && !urls[cited.URL] && len(public) < mostSources:
				urls[cited.URL] = true
				title := []rune(cited.Title)
				public = append(public, manifest.Source{URL: cited.URL, Title: string(title[:min(len(title), mostTitle)]), SHA256: digests[cited.URL]})
			}
		}
	}
	return public, len(own)
}

// changedSince returns the numbers of the lessons whose texts differ from a manifest: changed, gone or new.
func (c Course) changedSince(m manifest.Manifest) []int {
	was, changed := map[uuid.UUID]manifest.Lesson{}, []int{}
	for _, l := range m.Lessons {
		was[l.ID] = l
	}
	for _, l := range c.Lessons {
		old, known := was[l.ID]
		delete(was, l.ID)
		if known && old.SHA256 != manifest.Digest(l.Content) || !known && l.Content != "" {
			changed = append(changed, l.Position)
		}
	}
	for _, gone := range was {
		changed = append(changed, gone.N)
	}
	slices.Sort(changed)
	return slices.Compact(changed)
}
