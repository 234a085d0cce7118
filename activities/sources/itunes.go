package sources

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"
)

// iTunes searches episodes in Apple's directory of podcasts, in the store of the
// query's language. The directory has no language of an episode.
type iTunes struct {
	site site
	*getter
}

func (t *iTunes) Name() string { return ITunes }

func (t *iTunes) Find(ctx context.Context, q Query) ([]Item, error) {
	return firstFound(q.searches(), func(text string) ([]Item, error) {
		values := url.Values{
			"media": {"podcast"}, "entity": {"podcastEpisode"}, "term": {text}, "country": {store(q.Language)},
			"limit": {strconv.Itoa(q.Limit)}, "explicit": {"No"},
		}
		body, err := t.get(ctx, t.site.api+"/search?"+values.Encode(), nil)
		if err != nil {
			return nil, err
		}
		return t.items(body)
	})
}

type iTunesEpisode struct {
	Kind        string            `json:"kind"`
	TrackID     int64             `json:"trackId"`
	Title       string            `json:"trackName"`
	Podcast     string            `json:"collectionName"`
	Artist      string            `json:"artistName"`
	Address     string            `json:"trackViewUrl"`
	Description string            `json:"description"`
	Short       string            `json:"shortDescription"`
	Millis      float64           `json:"trackTimeMillis"`
	Art600      string            `json:"artworkUrl600"`
	Art160      string            `json:"artworkUrl160"`
	Art100      string            `json:"artworkUrl100"`
	Released    string            `json:"releaseDate"`
	Rating      string            `json:"contentAdvisoryRating"`
	Genres      []json.RawMessage `json:"genres"` // texts, or objects with a name
}

func (t *iTunes) items(body []byte) ([]Item, error) {
	var answer struct {
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, senseless(err)
	}
	return usable(answer.Results, t.item), nil
}

func (t *iTunes) item(e iTunesEpisode) (Item, bool) {
	title, address := plain(e.Title, maxTitle), t.site.link(e.Address)
	if e.Kind != "podcast-episode" || title == "" || address == "" || e.TrackID <= 0 || e.Rating == "Explicit" {
		return Item{}, false
	}
	item := Item{
		Type: TypePodcast, Title: title, Source: ITunes, SourceURL: address,
		ThumbnailURL: t.site.thumbnail(first(e.Art600, e.Art160, e.Art100)),
		Summary:      plain(first(e.Description, e.Short), maxSummary),
		Attribution:  joined(", ", "“"+title+"”", plain(e.Podcast, maxName), plain(e.Artist, maxName), "Apple Podcasts"),
		License:      "All rights reserved by the publisher, free to hear", Tags: tags(genres(e.Genres)), IsFree: true,
		ExternalID: strconv.FormatInt(e.TrackID, 10), PublishedAt: moment(e.Released),
	}
	if e.Millis >= 1000 && e.Millis < 1e9 {
		item.DurationSec = positive(int(e.Millis / 1000))
	}
	return item, true
}

func genres(raw []json.RawMessage) []string {
	out := each[string](raw)
	for _, genre := range each[struct {
		Name string `json:"name"`
	}](raw) {
		out = append(out, genre.Name)
	}
	return out
}
