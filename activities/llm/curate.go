package llm

import (
	"context"
	"fmt"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// MostCurated is how many items a model is given to order at once.
const MostCurated = 10

// CurateRequest requests an order of items for a learner. Only the first MostCurated
// count.
type CurateRequest struct {
	Brief Brief // of the learner: interests, level and locale
	Items []CurateItem
}

// CurateItem is third-party content: its words reach the model only as quoted data.
type CurateItem struct {
	Title, Description, Kind, Level string
}

// Curated is one of the given items, at its position in the model's order.
type Curated struct {
	Index int // into the request's Items
	Why   string
	Worth int // the model's opinion of the item itself, 0 to 10
}

// Curate orders r.Items, with a reason for each. Every answer has each item exactly once:
// one that invents, drops or repeats any is refused, as every bad answer is.
func (c *Client) Curate(ctx context.Context, r CurateRequest, session *Session) ([]Curated, Usage, error) {
	if len(r.Items) == 0 {
		return nil, Usage{}, nil
	}
	r.Items = r.Items[:min(len(r.Items), MostCurated)]
	t := c.exactTask("curate", len(r.Items), curateView(r), 0.2)
	return ask(ctx, c, t, nil, session, r.read)
}

func curateView(r CurateRequest) view {
	v := baseView(r.Brief)
	v.Count = len(r.Items)
	for _, interest := range lines(r.Brief.Interests) {
		v.add(quoteLine("Interest", interest, 80))
	}
	for i, item := range r.Items {
		v.add(quoteLine(fmt.Sprintf("Item %d", i+1), item.Title, 160), quoteLine("Its kind", strings.TrimSpace(item.Level+" "+item.Kind), 60))
		if text := texts.CleanLine(item.Description); text != "" {
			v.add(quoteLine("It says", text, 240))
		}
	}
	return v
}

// read parses an answer's text into an order, or returns what is wrong with it.
func (r CurateRequest) read(t task, text string) ([]Curated, []string) {
	var a struct {
		Order []struct {
			Item  int    `json:"item"`
			Why   string `json:"why"`
			Worth int    `json:"worth"`
		} `json:"order"`
	}
	if problems := t.form.parse(text, &a); len(problems) > 0 {
		return nil, problems
	}
	var found problems
	var order []Curated
	seen := map[int]bool{}
	for _, one := range a.Order {
		switch {
		case one.Item < 1 || one.Item > len(r.Items):
			found.addf("item %d was not given", one.Item)
		case seen[one.Item]:
			found.addf("item %d comes twice", one.Item)
		}
		seen[one.Item] = true
		order = append(order, Curated{Index: one.Item - 1, Why: texts.CleanLine(unmarked(one.Why)), Worth: one.Worth})
	}
	for i := range r.Items {
		if !seen[i+1] {
			found.addf("item %d is left out", i+1)
		}
	}
	return order, append(found, r.proseProblems(order)...)
}

func (r CurateRequest) proseProblems(order []Curated) []string {
	whys := make([]string, len(order))
	var found problems
	for i, one := range order {
		whys[i] = one.Why
		if one.Why == "" {
			found.addf("why is blank")
		}
	}
	if p := refuseTask(whys); p != "" {
		return []string{p}
	}
	return append(found, proseProblems(strings.Join(whys, "\n"), r.Brief)...)
}
