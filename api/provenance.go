package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/jwk"
	"github.com/lyoapp/lyo/models/manifest"
)

// provenance registers what shows, to anyone, what a course is made of.
func (s *Server) provenance() {
	rest.Register(s.API, huma.Operation{
		OperationID: "check-provenance", Method: http.MethodPost, Path: "/v1/provenance/check", Tags: []string{tagCourses},
		Summary: "Check a manifest or a text",
		Description: "Takes a manifest, the text of a lesson, or both, and says whether it is this service's and unchanged. A manifest is compared with its " +
			"course's lessons as they are now; with a text too, that is looked for among the manifest's lessons instead. Texts are compared to the byte, " +
			"but for one line break at the end.",
		Security: nobody(),
	}, s.checkProvenance, rest.Public, rest.Charging(s.limits.anyone()))
	rest.Register(s.API, huma.Operation{
		OperationID: "get-provenance-keys", Method: http.MethodGet, Path: "/.well-known/lyo-provenance-keys.json", Tags: []string{tagCourses},
		Summary: "List public keys of manifests",
		Description: "The JSON Web Key Set (RFC 7517) that manifests are verified with. Keys are added and never removed; they are not those of access tokens. It may be " +
			"cached for five minutes.",
		Security: nobody(),
	}, s.provenanceKeys, rest.Public, rest.Charging(s.limits.anyone()))
}

// nobody is the security of what needs no token, said aloud.
func nobody() []map[string][]string { return []map[string][]string{} }

// mostText is the maximum length of a checked text in bytes.
const mostText = 200_000

type checkProvenanceInput struct {
	Body struct {
		Manifest *string `json:"manifest,omitempty" nullable:"true" minLength:"1" maxLength:"65536" text:"verbatim" example:"eyJhbGciOiJFZERTQSIs…" doc:"The generation.manifest of a course."`
		Text     *string `json:"text,omitempty" nullable:"true" minLength:"1" maxLength:"200000" text:"verbatim" example:"# How tides work\n\nThe moon pulls on the sea." doc:"The Markdown of a lesson, at most 200,000 bytes."`
	}
}

// Resolve reports the rule violations that the schema cannot express.
func (in *checkProvenanceInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	if in.Body.Manifest == nil && in.Body.Text == nil {
		faults.Add("text", "is needed where there is no manifest")
	}
	if len(rest.TextOf(in.Body.Text)) > mostText {
		faults.Add("text", "must have at most 200,000 bytes")
	}
	return faults
}

// provenanceView is what is known of a manifest or a text. What is not ours has none of the members from course_id on.
type provenanceView struct {
	Ours      bool   `json:"ours" example:"true" doc:"A manifest: this service signed it. A text: a lesson of this service has it."`
	Unchanged *bool  `json:"unchanged" nullable:"true" example:"false" doc:"null: it cannot be told, since it is not ours or the course is gone."`
	Reason    string `json:"reason,omitempty" set:"mismatch" example:"lessons_changed" doc:"Why it is not ours, or not known to be unchanged; absent when it is both."`

	CourseID       *uuid.UUID `json:"course_id" nullable:"true" format:"uuid" doc:"For a text alone, only where everybody may see the course."`
	Lesson         *int       `json:"lesson" nullable:"true" example:"2" doc:"The number of the lesson that the text is."`
	ChangedLessons []int      `json:"changed_lessons" nullable:"false" example:"[2]" doc:"The numbers of the lessons that differ now from the manifest: changed, gone or new."`
	Model          *string    `json:"model" nullable:"true" example:"gemma-3-1b-it"`
	ModelVersion   *string    `json:"model_version" nullable:"true"`
	Provider       *string    `json:"provider" nullable:"true" example:"lyo"`
	AIGenerated    *bool      `json:"ai_generated" nullable:"true" example:"true" doc:"Whether a language model took part in writing the course."`
	GeneratedAt    *time.Time `json:"generated_at" nullable:"true" doc:"When the newest text was written."`
}

func (s *Server) checkProvenance(ctx context.Context, in *checkProvenanceInput) (*rest.Body[provenanceView], error) {
	var found courses.Provenance
	var err error
	if signed := in.Body.Manifest; signed != nil {
		found, err = courses.CheckManifest(ctx, s.DB, *signed, in.Body.Text)
	} else {
		found, err = courses.CheckText(ctx, s.DB, *in.Body.Text)
	}
	if err != nil {
		return nil, err
	}
	return rest.Answer(viewProvenance(found)), nil
}

func viewProvenance(p courses.Provenance) provenanceView {
	v := provenanceView{Ours: p.Ours, Reason: string(p.Mismatch), ChangedLessons: rest.ListOf(p.Changed)}
	if !p.Ours {
		return v
	}
	if p.Mismatch != courses.CourseGone {
		unchanged := p.Mismatch == courses.NoMismatch
		v.Unchanged = &unchanged
	}
	if p.Lesson > 0 {
		v.Lesson = &p.Lesson
	}
	v.CourseID = p.Course
	v.tell(p.Says)
	return v
}

// tell sets how the course was generated.
func (v *provenanceView) tell(m manifest.Manifest) {
	v.Model, v.ModelVersion, v.Provider, v.AIGenerated = &m.Model, &m.ModelVersion, &m.Provider, &m.AIGenerated
	if !m.GeneratedAt.IsZero() {
		v.GeneratedAt = rest.UTC(&m.GeneratedAt)
	}
}

type keySet struct {
	Keys []jwk.Key `json:"keys" nullable:"false"`
}

func (s *Server) provenanceKeys(ctx context.Context, in *rest.Reading) (*rest.Tagged[keySet], error) {
	keys, err := courses.ProvenanceKeys(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	return rest.Shared(in.IfNoneMatch, keySet{keys})
}
