package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/storetest"
)

// certify writes a certificate for the loopback, which is its own authority, and its key.
func certify(t *testing.T) (certificate, key string, roots *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "redis"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "redis.crt"), filepath.Join(dir, "redis.key")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	roots = x509.NewCertPool()
	roots.AddCert(parsed)
	return certificate, key, roots
}

// TestRedisWithTLSAndItsOwnUser speaks TLS to a server whose user may neither ask what it is nor use other databases'
// commands of administration.
func TestRedisWithTLSAndItsOwnUser(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	certificate, key, roots := certify(t)
	file := filepath.Join(t.TempDir(), "redis.conf")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, "port 0\ntls-port %d\ntls-cert-file %s\ntls-key-file %s\ntls-auth-clients no\nsave \"\"\n"+
		"user default off\nuser lyo on >w0rd ~* &* +@all -@dangerous\n", port, certificate, key), 0o600))
	trusting := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	storetest.RedisServer(t, port, &redis.Options{Addr: redisAt(port), TLSConfig: trusting, Username: "lyo", Password: "w0rd"}, file)
	require.Error(t, redisOf(t, "rediss://lyo:w0rd@"+redisAt(port)).Ping(t.Context()).Err(), "its certificate is not trusted here")
	client := redisOf(t, "rediss://lyo:w0rd@"+redisAt(port)+"/0")
	client.(*redis.Client).Options().TLSConfig.RootCAs = roots // as SSL_CERT_FILE would for the whole process
	require.NoError(t, client.Set(t.Context(), "k", "v", time.Minute).Err())
	require.ErrorContains(t, client.Info(t.Context()).Err(), "NOPERM")
	other := redisOf(t, "rediss://lyo:other@"+redisAt(port)+"/0")
	other.(*redis.Client).Options().TLSConfig.RootCAs = roots
	require.ErrorContains(t, other.Ping(t.Context()).Err(), "WRONGPASS")
}
