package moderation

import (
	"context"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/store"
)

// HelpResources are what is shown in a language in place of a course.
type HelpResources struct {
	Locale    string               `gorm:"primaryKey"` // BCP 47
	Resources []store.HelpResource `gorm:"type:jsonb;serializer:json"`
	UpdatedAt time.Time
}

//go:embed help.json
var builtInHelpFile []byte

// builtInHelp are the resources of a language that hold where the operator gave none. It
// panics on a broken file, which is part of the program.
var builtInHelp = sync.OnceValue(func() map[string][]store.HelpResource {
	help := map[string][]store.HelpResource{}
	if err := json.Unmarshal(builtInHelpFile, &help); err != nil {
		panic(err)
	}
	return help
})

// helpFor returns the resources of the first of the locales that has any, with or without its
// region, else the English ones; the operator's in any of them come before the built-in ones.
func helpFor(ctx context.Context, db *gorm.DB, locales ...string) ([]store.HelpResource, error) {
	var rows []HelpResources
	if err := db.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, err
	}
	given := make(map[string][]store.HelpResource, len(rows))
	for _, r := range rows {
		given[r.Locale] = r.Resources
	}
	locales = append(locales, "en")
	if found := firstHelp(given, locales); len(found) > 0 {
		return found, nil
	}
	return firstHelp(builtInHelp(), locales), nil
}

func firstHelp(help map[string][]store.HelpResource, locales []string) []store.HelpResource {
	for _, locale := range locales {
		for more := locale != ""; more; locale, more = cutSubtag(locale) {
			if found := help[locale]; len(found) > 0 {
				return found
			}
		}
	}
	return nil
}

// cutSubtag returns a language tag without its last part; more is false when none is left.
func cutSubtag(tag string) (shorter string, more bool) {
	at := strings.LastIndexByte(tag, '-')
	return tag[:max(at, 0)], at > 0
}

// SetHelpResources replaces what the operator shows in a language; none brings the
// built-in texts back.
func SetHelpResources(ctx context.Context, db *gorm.DB, help HelpResources, entry store.AuditEntry) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var err error
		if len(help.Resources) == 0 {
			err = tx.Delete(&HelpResources{}, "locale = ?", help.Locale).Error
		} else {
			err = tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&help).Error
		}
		if err != nil {
			return err
		}
		entry.Action, entry.Details = store.AuditHelpChanged, map[string]any{"locale": help.Locale, "resources": len(help.Resources)}
		return store.Audit(ctx, tx, entry)
	})
}

// ListHelpResources returns what is shown in each language, the operator's in place of the
// built-in ones, in the order of the languages; of built-in ones UpdatedAt is zero.
func ListHelpResources(ctx context.Context, db *gorm.DB) ([]HelpResources, error) {
	var rows []HelpResources
	if err := db.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, err
	}
	for locale, resources := range builtInHelp() {
		if !slices.ContainsFunc(rows, func(r HelpResources) bool { return r.Locale == locale }) {
			rows = append(rows, HelpResources{Locale: locale, Resources: resources})
		}
	}
	slices.SortFunc(rows, func(a, b HelpResources) int { return strings.Compare(a.Locale, b.Locale) })
	return rows, nil
}
