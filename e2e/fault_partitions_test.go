package e2e_test

import (
	"net/url"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// link is the connection of one of our processes to a server.
type link struct {
	name string
	wire *toxiproxy.Proxy
}

// damage is what is done to a link. What is lost is lost without a word: the connection
// stays open, and the other direction goes on.
type damage struct{ name, kind, stream, attributes string }

var damages = []damage{
	{"loses what is asked", "timeout", "upstream", `{"timeout":0}`},
	{"loses what is answered", "timeout", "downstream", `{"timeout":0}`},
	{"is slow", "latency", "downstream", `{"latency":700,"jitter":500}`},
}

// TestFaultLinksAreCutOneWay loses the traffic of each link in one direction, then in the
// other, and then delays it, while learners are at work.
func TestFaultLinksAreCutOneWay(t *testing.T) {
	t.Parallel()
	s, links, learners := newWiredStand(t)
	s.pause = sized(2*time.Second, s.pause) // it lasts minutes
	w := s.work(learners)
	var sockets []*followers
	for _, l := range links {
		sockets = append(sockets, s.watched(learners, 1, s.apis[0].base, s.apis[1].base))
		chosen := damages
		if !*full {
			chosen = damages[s.draw(len(damages)):][:1]
		}
		for _, d := range chosen {
			s.spoil(l.wire, d.kind, d.stream, d.attributes)
			s.endure(sized(10*time.Second, 1500*time.Millisecond))
			l.wire.Toxics.ResetToxics(t.Context())
			t.Logf("%s %s", l.name, d.name)
			s.endure(s.drawTime(0, sized(2*time.Second, 200*time.Millisecond)))
		}
	}
	w.endWork()
	for _, f := range sockets {
		s.requireAllEvents(f)
	}
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
}

// newWiredStand is newBusyStand with a proxy between each of the processes and each server.
func newWiredStand(t *testing.T) (*faultEnv, []link, []*learner) {
	t.Helper()
	s := newFaultEnv(t, nil)
	var links []link
	wired := func(who string) (environ []string) {
		between := func(name, upstream string) string {
			p := s.between(who+"-"+name, upstream)
			links = append(links, link{who + "-" + name, p})
			return p.Listen
		}
		return []string{
			"DATABASE_URL=" + via(t, s.database, between("Postgres", hostOf(t, s.database))),
			"REDIS_URL=" + via(t, s.redis, between("Redis", hostOf(t, s.redis))),
			"TEMPORAL_ADDRESS=" + between("Temporal", s.temporal.Address()),
		}
	}
	api := wired("API")
	s.addAPI(api...)
	s.addAPI(api...)
	model := s.between("worker-model", hostOf(t, s.model.BaseURL()))
	links = append(links, link{"worker-model", model})
	s.worker = s.start("worker", 1, append(wired("worker"), "LYO_GEMMA_BASE_URL="+via(t, s.model.BaseURL(), model.Listen))...)
	learners := s.crew(sized(8, 2))
	s.model.Script(func(llmtest.Request) []llmtest.Fault {
		return []llmtest.Fault{llmtest.Delay(s.drawTime(0, 3*time.Millisecond))}
	})
	return s, links, learners
}

// via returns an address with another host in it.
func via(t *testing.T, address, host string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.Host = host
	return u.String()
}
