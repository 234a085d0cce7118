package rest

import (
	"iter"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"github.com/lyoapp/lyo/models/store"
)

// transform is Huma's last hook before a body is written. It replaces Huma's error documents by
// problem documents, without the offending values.
func (a *API) transform(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := NewProblem(slugOf(m.Status), "The request cannot be read.")
	switch p.slug {
	case SlugValidation:
		p.Detail, p.Errors = "The request breaks one or more rules.", withBroken(faultsOf(m.Errors), RequestInfoOf(ctx.Context()).broken)
	case SlugMalformed:
		if m.Detail == "request body is required" {
			p.Detail = "A JSON body is needed."
		}
	}
	return a.complete(ctx.Context(), p), nil
}

func faultsOf(details []*huma.ErrorDetail) []Fault {
	faults := make([]Fault, 0, len(details))
	for _, d := range details {
		f := faultOf(d)
		// The schema's fault is enough: further rules read the value as absent.
		known := slices.ContainsFunc(faults, func(g Fault) bool { return g.Pointer == f.Pointer && g.Location == f.Location })
		if d != nil && !known {
			faults = append(faults, f)
		}
	}
	return faults
}

// withBroken adds faults for the texts that break their rule, unless the field has a fault already.
func withBroken(faults []Fault, broken []store.Field) []Fault {
	for _, f := range broken {
		if !slices.ContainsFunc(faults, func(g Fault) bool { return g.Pointer == f.Pointer && g.Location == f.Location }) {
			faults = append(faults, Fault{Pointer: f.Pointer, Location: f.Location, Message: f.Message})
		}
	}
	return faults
}

func faultOf(d *huma.ErrorDetail) Fault {
	if d == nil {
		return Fault{}
	}
	location, path, _ := strings.Cut(d.Location, ".")
	if index := strings.IndexByte(location, '['); index >= 0 {
		location, path = location[:index], d.Location[index:]
	}
	f := Fault{Pointer: path, Location: location, Message: plain(d.Message)}
	if location == "body" {
		f.Pointer = pointer(path)
		f.absorbUnfit()
		f.absorbRequired()
	}
	return f
}

// pointer converts items[3].tags to /items/3/tags.
func pointer(path string) string {
	return pointerTo(strings.FieldsFuncSeq(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }))
}

// pointerTo returns the RFC 6901 pointer of the names.
func pointerTo(names iter.Seq[string]) string {
	var out strings.Builder
	for name := range names {
		out.WriteString("/" + escapePointer(name))
	}
	return out.String()
}

func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// absorbRequired assigns a missing property's fault to that property, where Huma assigns it to the
// object.
func (f *Fault) absorbRequired() {
	before, after, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	name, ok := strings.CutPrefix(f.Message, before)
	if name, found := strings.CutSuffix(name, after); ok && found {
		f.Pointer += "/" + escapePointer(name)
		f.Message = "is required"
	}
}

// unfit starts the message of a value that passed its schema but does not fit the field, such as an
// integer of forty digits. A pointer follows.
const unfit = "does not fit: "

func (f *Fault) absorbUnfit() {
	if at, ok := strings.CutPrefix(f.Message, unfit); ok {
		f.Pointer, f.Message = at, "has a value of the wrong type or out of range"
	}
}

// plain removes the part of a message that may repeat the value.
func plain(message string) string {
	for _, start := range []string{"expected string to be ", "expected duration", "invalid value"} {
		if strings.HasPrefix(message, start) {
			head, _, _ := strings.Cut(message, ": ")
			return head
		}
	}
	return message
}
