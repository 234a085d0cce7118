package sources

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
)

// relevance returns how well an item matches the query: fully in its title, partly in its
// summary and tags. The topic's words count twice as much as the lesson's.
func relevance(q Query, item Item) float64 {
	title := toSet(words(item.Title))
	body := toSet(words(item.Summary + " " + strings.Join(item.Tags, " ")))
	var got, all float64
	count := func(text string, weight float64) {
		for word := range toSet(words(text)) {
			all += weight
			switch {
			case title[word]:
				got += weight
			case body[word]:
				got += weight * inBody
			}
		}
	}
	count(q.Topic, 2)
	count(q.Lesson, 1)
	if all == 0 {
		return unknown // nothing to compare with, so the site's ranking is trusted
	}
	return got / all
}

const (
	inBody  = 0.6
	unknown = 0.1
)

func toSet(list []string) map[string]bool {
	out := make(map[string]bool, len(list))
	for _, word := range list {
		out[word] = true
	}
	return out
}

// ranked sets the items' relevance, drops those without a match, and sorts the best first.
// Equal ones keep the site's order.
func ranked(q Query, items []Item) []Item {
	out := make([]Item, 0, len(items))
	for _, item := range items {
		if item.Relevance = relevance(q, item); item.Relevance > 0 {
			out = append(out, item)
		}
	}
	slices.SortStableFunc(out, func(a, b Item) int { return cmp.Compare(b.Relevance, a.Relevance) })
	return out
}

// distinct returns the first of the items with the same address, or the same type and title.
func distinct(items []Item) []Item {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(items), func(item Item) bool {
		address, title := bareURL(item.SourceURL), item.Type+" "+strings.Join(words(item.Title), " ")
		twice := seen[address] || seen[title]
		seen[address], seen[title] = true, true
		return twice
	})
}

// bareURL returns an address without tracking parameters.
func bareURL(address string) string {
	at, err := url.Parse(address)
	if err != nil {
		return address
	}
	values := at.Query()
	for name := range values {
		if strings.HasPrefix(name, "utm_") || name == "uo" || name == "at" {
			values.Del(name)
		}
	}
	return strings.ToLower(at.Host) + strings.TrimRight(at.Path, "/") + "?" + values.Encode()
}
