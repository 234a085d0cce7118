package sources

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// site is the addresses of a provider and of its items.
type site struct {
	name   string
	api    string   // prefix of requests
	page   string   // prefix of links made here
	image  string   // prefix of thumbnails made here
	asked  []string // hosts of the API
	pages  []string // hosts of items
	via    []string // hosts of redirects to pages
	images []string // hosts of thumbnails; a leading dot means subdomains
	moved  *url.URL // the address that replaces all of these, in tests
}

type sites map[string]site

// At returns the BaseURLs of one server that replaces all sites.
func At(address string) map[string]string {
	address = strings.TrimRight(address, "/")
	return map[string]string{
		Wikipedia: address + "/wikipedia/{lang}", Wikibooks: address + "/wikibooks/{lang}", Wikiversity: address + "/wikiversity/{lang}", OpenLibrary: address + "/openlibrary", ArXiv: address + "/arxiv",
		ITunes: address + "/itunes", YouTube: address + "/youtube",
	}
}

func newSites(moved map[string]string) sites {
	all := sites{
		Wikipedia: editionsAt("wikipedia.org", wikipedias), Wikibooks: editionsAt("wikibooks.org", wikibooks), Wikiversity: editionsAt("wikiversity.org", wikiversities),
		OpenLibrary: {
			api: "https://openlibrary.org", page: "https://openlibrary.org", image: "https://covers.openlibrary.org",
			asked: []string{"openlibrary.org"}, pages: []string{"openlibrary.org"}, images: []string{"covers.openlibrary.org"},
		},
		ArXiv: {
			api: "https://export.arxiv.org", asked: []string{"export.arxiv.org"}, pages: []string{"arxiv.org"}, via: []string{"www.arxiv.org"},
		},
		ITunes: {
			api: "https://itunes.apple.com", asked: []string{"itunes.apple.com"}, pages: []string{"podcasts.apple.com", "itunes.apple.com"},
			images: []string{".mzstatic.com"},
		},
		YouTube: {
			api: "https://www.googleapis.com", page: "https://www.youtube.com", asked: []string{"www.googleapis.com"},
			pages: []string{"www.youtube.com"}, via: []string{"consent.youtube.com"}, images: []string{"i.ytimg.com"},
		},
	}
	for name, s := range all {
		s.name = name
		if at, err := url.Parse(moved[name]); err == nil && at.Host != "" {
			s = site{name: name, api: moved[name], page: moved[name], image: moved[name], asked: []string{at.Hostname()}, pages: []string{at.Hostname()}, images: []string{at.Hostname()}, moved: at}
		}
		all[name] = s
	}
	return all
}

// editionsAt returns the addresses of a wiki with an edition for each of the languages.
func editionsAt(domain string, languages []string) site {
	var hosts []string
	for _, language := range languages {
		hosts = append(hosts, language+"."+domain)
	}
	return site{api: "https://{lang}." + domain, asked: hosts, pages: hosts, images: []string{"upload.wikimedia.org"}}
}

// in returns the address of an edition, without a trailing slash.
func (s site) in(edition string) string { return strings.ReplaceAll(s.api, "{lang}", edition) }

// linked returns the hosts that links of items may be followed to.
func (all sites) linked() []string {
	var out []string
	for _, s := range all {
		out = append(append(out, s.pages...), s.via...)
	}
	return out
}

// loopback returns the addresses on this machine that sites were moved to.
func (all sites) loopback() []netip.AddrPort {
	var out []netip.AddrPort
	for _, s := range all {
		if s.moved == nil {
			continue
		}
		if at, err := netip.ParseAddrPort(s.moved.Host); err == nil {
			out = append(out, at)
		}
	}
	return out
}

const maxURL = 2000

// link returns the address of an item if it is on the site's pages, else empty.
func (s site) link(raw string) string { return s.tidy(raw, s.pages) }

// thumbnail is link for a picture.
func (s site) thumbnail(raw string) string { return s.tidy(raw, s.images) }

func (s site) tidy(raw string, hosts []string) string {
	at, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || at.User != nil || at.Opaque != "" {
		return ""
	}
	at.Fragment, at.RawFragment = "", ""
	if s.moved != nil {
		if at.Scheme != s.moved.Scheme || at.Host != s.moved.Host {
			return ""
		}
		return short(at.String())
	}
	if at.Scheme == "http" || at.Scheme == "" {
		at.Scheme = "https" // all sites support it; some of their answers are older
	}
	if at.Scheme != "https" || at.Port() != "" || !among(hosts, strings.ToLower(at.Host)) {
		return ""
	}
	return short(at.String())
}

func short(address string) string {
	if len(address) > maxURL {
		return ""
	}
	return address
}

func among(hosts []string, host string) bool {
	return host != "" && slices.ContainsFunc(hosts, func(h string) bool {
		return h == host || (strings.HasPrefix(h, ".") && strings.HasSuffix(host, h))
	})
}
