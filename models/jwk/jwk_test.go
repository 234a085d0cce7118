package jwk_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/jwk"
)

// TestThumbprint uses the key and the value of RFC 8037, appendix A.
func TestThumbprint(t *testing.T) {
	t.Parallel()
	public, err := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	require.NoError(t, err)
	require.Equal(t, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", jwk.Thumbprint(public))
}

func TestAKeyIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	text, err := json.Marshal(jwk.Of(public))
	require.NoError(t, err)
	var read jwk.Key
	require.NoError(t, json.Unmarshal(text, &read))
	require.Equal(t, []string{"sig", "EdDSA", "OKP", jwk.Thumbprint(public)}, []string{read.Use, read.Alg, read.Type, read.ID})
	back, err := read.Public()
	require.NoError(t, err)
	require.Equal(t, public, back)
	for _, bad := range []jwk.Key{{}, {Curve: "Ed25519", X: "AAAA"}, {Curve: "P-256", X: read.X}, {Curve: "Ed25519", X: "?"}} {
		_, err := bad.Public()
		require.Error(t, err, bad)
	}
}
