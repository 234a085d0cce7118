package guard

import (
	"context"
	"net/netip"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAddressesThatAreNotPublic(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"100.64.0.1", "100.100.100.200", "169.254.169.254", "168.63.129.16", "192.0.0.192", "192.0.2.1",
		"198.18.0.1", "198.51.100.7", "203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
		"::ffff:10.0.0.1", "::ffff:127.0.0.1", "::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
		"2002:a00:1::1", "2001::1", "2001:db8::1", "3fff::1", "5f00::1",
	} {
		require.False(t, public(netip.MustParseAddr(text)), text)
	}
	require.False(t, public(netip.Addr{}))
	for _, text := range []string{"8.8.8.8", "208.80.154.224", "::ffff:8.8.8.8", "2620:0:861:ed1a::1", "2a00:1450:4001:830::200e"} {
		require.True(t, public(netip.MustParseAddr(text)), text)
	}
}

func TestAddressesAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	r := newRules(Options{})
	for _, address := range []string{
		"http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://0x7f.1/", "http://127.1/", "http://010.0.0.1/", "http://1.2.3.0x4/",
		"http://127.0.0.1/", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://[fe80::1%25eth0]/", "http://169.254.169.254/latest/meta-data/",
		"http://localhost/", "http://LOCALHOST./", "http://postgres/", "http://metadata.google.internal/", "http://a.b.svc/", "http://printer.local/",
		"ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "javascript:alert(1)", "//example.com/", "example.com",
		"http://user:pass@example.com/", "http://user@example.com/", "http://example.com:8080/", "http://example.com:22/", "http:///path", "http:example.com",
	} {
		at, err := url.Parse(address)
		require.NoError(t, err, address)
		require.NotNil(t, r.url(at), address)
	}
	for _, address := range []string{"http://example.com", "https://EXAMPLE.com./a?b=c#d", "https://example.com:443/", "http://8.8.8.8/", "https://bücher.example.com/", "https://1.example1.com"} {
		at, err := url.Parse(address)
		require.NoError(t, err, address)
		require.Nil(t, r.url(at), address)
	}
}

func TestOnlyTheHostsNamed(t *testing.T) {
	t.Parallel()
	r := newRules(Options{Hosts: []string{"en.wikipedia.org"}, HTTPSOnly: true})
	for address, allowed := range map[string]bool{
		"https://en.wikipedia.org/wiki/Go": true, "https://EN.wikipedia.org./": true,
		"http://en.wikipedia.org/": false, "https://de.wikipedia.org/": false, "https://wikipedia.org/": false,
		"https://en.wikipedia.org.evil.example.com/": false, "https://8.8.8.8/": false,
	} {
		at, err := url.Parse(address)
		require.NoError(t, err)
		require.Equal(t, allowed, r.url(at) == nil, address)
	}
}

func TestSecondBelt(t *testing.T) {
	t.Parallel()
	d := &dialer{rules: newRules(Options{})}
	require.ErrorIs(t, d.control("tcp4", "10.0.0.1:80", nil), ErrRefused)
	require.ErrorIs(t, d.control("tcp6", "[::ffff:10.0.0.1]:443", nil), ErrRefused)
	require.ErrorIs(t, d.control("tcp4", "8.8.8.8:25", nil), ErrRefused)
	require.ErrorIs(t, d.control("tcp4", "nonsense", nil), ErrRefused)
	require.NoError(t, d.control("tcp4", "8.8.8.8:443", nil))
}

func TestLoopbackOfTestsIsExact(t *testing.T) {
	t.Parallel()
	r := newRules(Options{AllowLoopback: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:4001"), netip.MustParseAddrPort("10.0.0.1:4002")}})
	require.Nil(t, r.address(netip.MustParseAddrPort("127.0.0.1:4001")))
	require.NotNil(t, r.address(netip.MustParseAddrPort("127.0.0.1:4003")))
	require.NotNil(t, r.address(netip.MustParseAddrPort("127.0.0.2:4001")))
	require.NotNil(t, r.address(netip.MustParseAddrPort("10.0.0.1:4002")), "only loopback can be allowed")
	require.NotNil(t, r.address(netip.MustParseAddrPort("8.8.8.8:4001")), "the port is the test's, not the world's")
}

type answers map[string][]string

func (a answers) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, text := range a[host] {
		out = append(out, netip.MustParseAddr(text))
	}
	return out, nil
}

func TestNamesAreJudgedByAllTheirAddresses(t *testing.T) {
	t.Parallel()
	for _, found := range [][]string{
		{"127.0.0.1"},
		{"169.254.169.254"},
		{"::1"},
		{"fd00::1"},
		{"::ffff:10.0.0.1"},
		{"64:ff9b::7f00:1"},
		{"8.8.8.8", "10.0.0.1"},
		{"10.0.0.1", "8.8.8.8"},
		{"2a00:1450:4001:830::200e", "::1"},
	} {
		d := &dialer{rules: newRules(Options{}), resolver: answers{"evil.example.com": found}}
		_, err := d.dial(t.Context(), "tcp", "evil.example.com:80")
		require.ErrorIs(t, err, ErrRefused, found)
	}
	d := &dialer{rules: newRules(Options{}), resolver: answers{"two.example.com": {"2a00:1450:4001:830::200e", "8.8.8.8"}}}
	sorted, err := d.lookup(t.Context(), "two.example.com", 443)
	require.NoError(t, err)
	require.Equal(t, "8.8.8.8:443", sorted[0].String())
	_, err = d.dial(t.Context(), "tcp", "nobody.example.com:80")
	require.ErrorIs(t, err, ErrRefused, "the error is that of names inside")
}
