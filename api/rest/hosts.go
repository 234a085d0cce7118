package rest

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// hosts are the host names of this service, and the origins whose pages may open sockets. They prevent
// DNS rebinding and refuse proxies that forward arbitrary host names.
type hosts struct {
	open    bool     // development: any Host is accepted
	names   []string // lower case, without port
	origins []string
}

func newHosts(o Options) (hosts, error) {
	public, err := url.Parse(o.PublicURL)
	if err != nil {
		return hosts{}, err
	}
	h := hosts{open: o.AnyHost, names: []string{hostName(public.Host)}, origins: []string{originOf(public)}}
	for _, name := range o.HostNames {
		h.names = append(h.names, hostName(name))
	}
	for _, origin := range o.Origins {
		if parsed, err := url.Parse(origin); err == nil && origin != "*" {
			origin = originOf(parsed)
		}
		h.origins = append(h.origins, origin)
	}
	return h, nil
}

// known reports whether a Host field names this service.
func (h hosts) known(host string) bool {
	name := hostName(host)
	return h.open || name != "" && slices.Contains(h.names, name)
}

// MayOpenSockets reports whether pages of an origin may open sockets. In development, pages served
// from the request's own host may, whatever its name is.
func (a *API) MayOpenSockets(origin, host string) bool {
	h := a.hosts
	from, err := url.Parse(origin)
	if err != nil || from.Host == "" {
		return slices.Contains(h.origins, "*")
	}
	return slices.Contains(h.origins, originOf(from)) || slices.Contains(h.origins, "*") || h.open && strings.EqualFold(from.Host, host)
}

// hostName returns a host in lower case without port, brackets and a trailing dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// originOf returns the origin of an address as browsers write it: without the default port of its
// scheme.
func originOf(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	for implied, port := range map[string]string{"http": ":80", "https": ":443"} {
		if scheme == implied {
			host = strings.TrimSuffix(host, port)
		}
	}
	return scheme + "://" + host
}

// refuseStrangeHosts refuses requests whose Host does not name this service. Health checks are exempt,
// because load balancers and kubelets use addresses.
func (a *API) refuseStrangeHosts(c *gin.Context) {
	if a.options.HealthPath(c.FullPath()) || a.hosts.known(c.Request.Host) {
		c.Next()
		return
	}
	a.Fail(c, Malformed("The Host field does not name this service."))
}
