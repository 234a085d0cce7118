package courses

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/manifest"
	"github.com/lyoapp/lyo/models/moderation"
)

// Mismatch is why a manifest or a text is not ours, or not unchanged.
type Mismatch string

// The mismatches.
const (
	NoMismatch   Mismatch = ""               // ours, and unchanged
	NoManifest   Mismatch = "not_a_manifest" // it cannot be read as one
	UnknownKey   Mismatch = "unknown_key"    // no key of ours has signed it
	BadSignature Mismatch = "bad_signature"  // it was changed after it was signed
	LessonsDiff  Mismatch = "lessons_changed"
	CourseGone   Mismatch = "course_gone" // so nothing can be compared
	TextDiffers  Mismatch = "text_differs"
	UnknownText  Mismatch = "unknown_text" // no lesson has it
)

// Provenance is what is known of a manifest or a text.
type Provenance struct {
	Ours     bool
	Mismatch Mismatch
	// Says is what the manifest says or, for a text, what is known of its course. It is empty for what is not ours.
	Says manifest.Manifest
	// Course is set where the caller may know it: they showed its manifest, or everybody may see it.
	Course  *uuid.UUID
	Lesson  int   // the number of the lesson that the text is; 0: none, or no text was shown
	Changed []int // the numbers of lessons that differ from the manifest now
}

// CheckManifest says whether a text is a manifest of ours, and whether the course's lessons still are as it says. With
// the text of a lesson too, it says instead whether that is one of the manifest's.
func CheckManifest(ctx context.Context, db *gorm.DB, signed string, lesson *string) (Provenance, error) {
	db = db.WithContext(ctx)
	m, err := manifest.Open(signed, func(kid string) (ed25519.PublicKey, error) {
		var keys []ProvenanceKey
		if err := db.Limit(1).Find(&keys, "kid = ?", kid).Error; err != nil {
			return nil, err
		}
		if len(keys) == 0 {
			return nil, manifest.ErrUnknownKey
		}
		return keys[0].JWK.Public()
	})
	for fault, why := range map[error]Mismatch{manifest.ErrMalformed: NoManifest, manifest.ErrUnknownKey: UnknownKey, manifest.ErrSignature: BadSignature} {
		if errors.Is(err, fault) {
			return Provenance{Mismatch: why}, nil
		}
	}
	if err != nil {
		return Provenance{}, err
	}
	p := Provenance{Ours: true, Says: m, Course: &m.CourseID}
	c, err := FindWhole(db, m.CourseID)
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		p.Mismatch = CourseGone
	case err != nil:
		return Provenance{}, err
	default:
		if p.Changed = c.changedSince(m); len(p.Changed) > 0 {
			p.Mismatch = LessonsDiff
		}
	}
	if lesson != nil {
		p.Mismatch = NoMismatch
		if p.Lesson = m.LessonOf(*lesson); p.Lesson == 0 {
			p.Mismatch = TextDiffers
		}
	}
	return p, nil
}

// CheckText says whether a text is a lesson of ours, to the byte but for one line break at its end. Of several such
// lessons it is one that everybody may see, if there is any.
func CheckText(ctx context.Context, db *gorm.DB, text string) (Provenance, error) {
	db = db.WithContext(ctx)
	var found []struct {
		CourseID uuid.UUID
		Position int
		Listed   bool
	}
	args := map[string]any{"digests": digests(text), "viewer": uuid.Nil}
	err := db.Raw(textSQL, args).Scan(&found).Error
	if err != nil || len(found) == 0 {
		return Provenance{Mismatch: UnknownText}, err
	}
	c, err := FindWhole(db, found[0].CourseID)
	if errors.Is(err, gorm.ErrRecordNotFound) { // it went at this moment
		return Provenance{Mismatch: UnknownText}, nil
	}
	if err != nil {
		return Provenance{}, err
	}
	p := Provenance{Ours: true}
	if p.Says, err = c.manifest(db); err != nil {
		return Provenance{}, err
	}
	if found[0].Listed {
		p.Course, p.Lesson = &c.ID, found[0].Position
	}
	return p, nil
}

// textSQL finds lessons by the digests of their texts, for nobody in particular.
var textSQL = `SELECT l.course_id, l.position, ` + moderation.CourseListed("c") + ` AS listed
	FROM lessons l JOIN courses c ON c.id = l.course_id
	WHERE content_digest(l.content) IN @digests AND l.content <> '' ORDER BY listed DESC, l.written_at, l.id LIMIT 1`

func digests(text string) [][]byte {
	var all [][]byte
	for _, spelling := range manifest.Spellings(text) {
		sum := sha256.Sum256([]byte(spelling))
		all = append(all, sum[:])
	}
	return all
}
