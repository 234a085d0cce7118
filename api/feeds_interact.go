package api

import (
	"context"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/store"
)

type interactInput struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body interactBody
}

type interactBody struct {
	Action   string       `json:"action" enum:"like,unlike,bookmark,unbookmark,share,view,complete,skip,hide"`
	Metadata store.Object `json:"metadata,omitempty" nullable:"true" doc:"Stored with the interaction; 4 kB at most."`
	ConfirmRights
}

// Resolve reports the rule violations that the schema cannot express.
func (in *interactInput) Resolve(huma.Context) []error {
	faults := rest.FieldFaults{}
	checkInteractionMetadata(&faults, "metadata", in.Body.Metadata)
	return faults
}

const maxInteractionMetadata = 4 << 10

func checkInteractionMetadata(f *rest.FieldFaults, path string, m store.Object) {
	if m != nil && sizeAsJSON(m) > maxInteractionMetadata {
		f.Add(path, "must be at most 4 kB")
	}
}

type interactOutput struct {
	Body struct {
		Message string    `json:"message"`
		ItemID  uuid.UUID `json:"item_id" format:"uuid"`
		Action  string    `json:"action" enum:"like,unlike,bookmark,unbookmark,share,view,complete,skip,hide"`
	}
}

func (s *Server) interact(ctx context.Context, in *interactInput) (*interactOutput, error) {
	interaction := feed.Interaction{ItemID: in.ID, Action: in.Body.Action, Metadata: in.Body.Metadata, ConfirmRights: in.Body.confirmed()}
	if err := feed.Interact(ctx, s.DB, rest.PrincipalOf(ctx).UserID, interaction, s.Now()); err != nil {
		return nil, err
	}
	out := &interactOutput{}
	out.Body.Message, out.Body.ItemID, out.Body.Action = "Noted.", in.ID, in.Body.Action
	return out, nil
}

type interactAllInput struct {
	Body struct {
		Interactions []interactionBody `json:"interactions" minItems:"1" maxItems:"100"`
	}
}

type interactionBody struct {
	ItemID   uuid.UUID    `json:"item_id" format:"uuid"`
	Action   string       `json:"action" enum:"like,unlike,bookmark,unbookmark,share,view,complete,skip,hide"`
	Metadata store.Object `json:"metadata,omitempty" nullable:"true" doc:"Stored with the interaction; 4 kB at most."`
	ConfirmRights
}

// Resolve reports the rule violations that the schema cannot express.
func (in *interactAllInput) Resolve(huma.Context) []error {
	faults := rest.FieldFaults{}
	for i, one := range in.Body.Interactions {
		checkInteractionMetadata(&faults, "interactions["+strconv.Itoa(i)+"].metadata", one.Metadata)
	}
	return faults
}

type interactionResult struct {
	ItemID uuid.UUID `json:"item_id" format:"uuid"`
	Action string    `json:"action" enum:"like,unlike,bookmark,unbookmark,share,view,complete,skip,hide"`
	Status string    `json:"status" enum:"noted,not_found"`
}

type interactAllOutput struct {
	Body struct {
		Message string              `json:"message"`
		Noted   int                 `json:"noted"`
		Results []interactionResult `json:"results" nullable:"false" doc:"One for each interaction, in request order."`
	}
}

func (s *Server) interactAll(ctx context.Context, in *interactAllInput) (*interactAllOutput, error) {
	all := make([]feed.Interaction, len(in.Body.Interactions))
	for i, one := range in.Body.Interactions {
		all[i] = feed.Interaction{ItemID: one.ItemID, Action: one.Action, Metadata: one.Metadata, ConfirmRights: one.confirmed()}
	}
	found, err := feed.InteractAll(ctx, s.DB, rest.PrincipalOf(ctx).UserID, all, s.Now())
	if err != nil {
		return nil, err
	}
	out := &interactAllOutput{}
	for i, one := range all {
		result := interactionResult{one.ItemID, one.Action, "not_found"}
		if found[i] {
			result.Status = "noted"
			out.Body.Noted++
		}
		out.Body.Results = append(out.Body.Results, result)
	}
	out.Body.Message = strconv.Itoa(out.Body.Noted) + " of " + strconv.Itoa(len(all)) + " noted."
	return out, nil
}
