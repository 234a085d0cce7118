package text

import (
	"slices"

	"golang.org/x/text/unicode/norm"
)

// Password returns a password in the form that is hashed, NFC: keyboards and
// systems differ in whether they compose letters with their accents.
func Password(s string) string { return norm.NFC.String(s) }

// PasswordForms returns the forms in which a password may have been hashed: that of
// Password first, then as it came, then decomposed; each once.
func PasswordForms(s string) []string {
	forms := make([]string, 0, 3)
	for _, form := range []string{Password(s), s, norm.NFD.String(s)} {
		if !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	return forms
}
