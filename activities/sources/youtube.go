package sources

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// youTube searches videos and reads their details by the Data API. The key goes into a
// header, so that no address and no error can contain it. A search costs one of a hundred
// a day, so a second, more general one is not made.
type youTube struct {
	site site
	key  string
	*getter
}

func (y *youTube) Name() string { return YouTube }

func (y *youTube) Find(ctx context.Context, q Query) ([]Item, error) {
	searches := q.searches()
	if len(searches) == 0 {
		return nil, nil
	}
	ids, err := y.search(ctx, q, searches[0])
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	values := url.Values{"part": {"snippet,contentDetails,status"}, "id": {strings.Join(ids, ",")}}
	body, err := y.ask(ctx, "/youtube/v3/videos?"+values.Encode())
	if err != nil {
		return nil, err
	}
	return y.items(body)
}

func (y *youTube) search(ctx context.Context, q Query, text string) ([]string, error) {
	values := url.Values{
		"part": {"snippet"}, "type": {"video"}, "q": {text}, "maxResults": {strconv.Itoa(q.Limit)},
		"relevanceLanguage": {baseLanguage(q.Language)}, "safeSearch": {"strict"}, "videoEmbeddable": {"true"},
	}
	body, err := y.ask(ctx, "/youtube/v3/search?"+values.Encode())
	if err != nil {
		return nil, err
	}
	return youTubeIDs(body)
}

func (y *youTube) ask(ctx context.Context, path string) ([]byte, error) {
	body, err := y.get(ctx, y.site.api+path, http.Header{"X-Goog-Api-Key": {y.key}})
	if f, ok := errors.AsType[*fault](err); ok && f.status == http.StatusForbidden && youTubeQuota(f.body) {
		y.hold(maxRetryAfter)
		return nil, &fault{state: Limited, reason: reasonLimited, status: f.status, after: maxRetryAfter}
	}
	return body, err
}

// youTubeQuota distinguishes a used-up quota from other refusals.
func youTubeQuota(body []byte) bool {
	var answer struct {
		Error struct {
			Errors []struct {
				Reason string `json:"reason"`
			} `json:"errors"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return false
	}
	for _, e := range answer.Error.Errors {
		switch e.Reason {
		case "quotaExceeded", "dailyLimitExceeded", "rateLimitExceeded", "userRateLimitExceeded":
			return true
		}
	}
	return false
}

var youTubeID = regexp.MustCompile(`^[A-Za-z0-9_-]{11}$`)

func youTubeIDs(body []byte) ([]string, error) {
	var answer struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, senseless(err)
	}
	type result struct {
		ID struct {
			VideoID string `json:"videoId"`
		} `json:"id"`
	}
	var out []string
	for _, r := range each[result](answer.Items) {
		if youTubeID.MatchString(r.ID.VideoID) {
			out = append(out, r.ID.VideoID)
		}
	}
	return out, nil
}

type youTubeVideo struct {
	ID      string `json:"id"`
	Snippet struct {
		Title         string   `json:"title"`
		Description   string   `json:"description"`
		Channel       string   `json:"channelTitle"`
		Published     string   `json:"publishedAt"`
		Tags          []string `json:"tags"`
		Language      string   `json:"defaultLanguage"`
		AudioLanguage string   `json:"defaultAudioLanguage"`
		Thumbnails    map[string]struct {
			URL string `json:"url"`
		} `json:"thumbnails"`
	} `json:"snippet"`
	Details struct {
		Duration string `json:"duration"`
	} `json:"contentDetails"`
	Status struct {
		Privacy    string `json:"privacyStatus"`
		License    string `json:"license"`
		Embeddable *bool  `json:"embeddable"`
	} `json:"status"`
}

func (y *youTube) items(body []byte) ([]Item, error) {
	var answer struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, senseless(err)
	}
	return usable(answer.Items, y.item), nil
}

func (y *youTube) item(v youTubeVideo) (Item, bool) {
	title := plain(v.Snippet.Title, maxTitle)
	hidden := v.Status.Privacy != "public" || (v.Status.Embeddable != nil && !*v.Status.Embeddable)
	if title == "" || !youTubeID.MatchString(v.ID) || hidden {
		return Item{}, false
	}
	license := "Standard YouTube License"
	if v.Status.License == "creativeCommon" {
		license = "CC BY"
	}
	item := Item{
		Type: TypeVideo, Title: title, Source: YouTube, SourceURL: y.site.link(y.site.page + "/watch?v=" + v.ID),
		Summary:     plain(v.Snippet.Description, maxSummary),
		Attribution: joined(", ", "“"+title+"”", plain(v.Snippet.Channel, maxName), "YouTube"),
		License:     license, Tags: tags(v.Snippet.Tags), IsFree: true, ExternalID: v.ID, PublishedAt: moment(v.Snippet.Published),
		Language:    known(first(v.Snippet.AudioLanguage, v.Snippet.Language)),
		DurationSec: positive(int(isoDuration(v.Details.Duration) / time.Second)),
	}
	for _, size := range []string{"high", "medium", "default"} {
		if item.ThumbnailURL == "" {
			item.ThumbnailURL = y.site.thumbnail(v.Snippet.Thumbnails[size].URL)
		}
	}
	return item, item.SourceURL != ""
}

var isoParts = regexp.MustCompile(`^P(?:([0-9]{1,3})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,7})S)?)?$`)

// isoDuration parses YouTube's durations, such as PT1H2M3S; anything else is 0.
func isoDuration(text string) time.Duration {
	found := isoParts.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	var sum time.Duration
	for i, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if n, err := strconv.Atoi(found[i+1]); err == nil {
			sum += time.Duration(n) * unit
		}
	}
	return sum
}
