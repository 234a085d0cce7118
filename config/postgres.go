package config

import (
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// plaintextDatabase reports each Postgres server to which connections would be unencrypted, at once or
// when TLS fails, over a network that is not trusted. It asks the driver, which knows both forms of the
// address, several hosts, the default of sslmode, and the PG variables of this process.
func (f *faults) plaintextDatabase(d Database) {
	f.plaintextAddress("DATABASE_URL", d.URL, d.PlaintextHosts)
	f.plaintextAddress("DATABASE_DIRECT_URL", d.DirectURL, d.PlaintextHosts)
}

func (f *faults) plaintextAddress(name string, address Secret, trusted []string) {
	if address == "" {
		return
	}
	driver, err := pgconn.ParseConfig(address.Reveal())
	if err != nil { // its text may contain the password
		f.addf("%s is not an address of Postgres, or names certificates that are not there", name)
		return
	}
	ways := append([]*pgconn.FallbackConfig{{Host: driver.Host, TLSConfig: driver.TLSConfig}}, driver.Fallbacks...)
	var reported []string
	for _, way := range ways {
		if way.TLSConfig != nil || sheltered(way.Host, trusted) || slices.Contains(reported, way.Host) {
			continue
		}
		reported = append(reported, way.Host)
		f.addf("%s reaches %s without TLS: everything learners write, and the password, would travel readable. "+
			"Use sslmode=verify-full, or require at least; name a host of a network of your own in LYO_DATABASE_PLAINTEXT_HOSTS", name, way.Host)
	}
}

// sheltered reports whether a host is local or listed by the operator as trusted.
func sheltered(host string, named []string) bool {
	socket := strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
	return socket || loopback(host) || slices.ContainsFunc(named, func(n string) bool { return strings.EqualFold(n, host) })
}
