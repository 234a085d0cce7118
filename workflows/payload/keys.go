package payload

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

// encoding marks an encrypted payload; keyID names the key it was encrypted with.
const (
	encoding = "binary/encrypted"
	keyID    = "lyo-key"
)

// Keys encrypt payloads with AES-256-GCM: the first one encrypts, all of them decrypt.
// To rotate, put a new key before the old one everywhere; remove the old one when no
// history with it is kept any more.
type Keys struct {
	first   string
	ciphers map[string]cipher.AEAD
}

// ParseKeys reads comma-separated id:base64 pairs. It returns nil for an empty text.
func ParseKeys(text string) (*Keys, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // encryption is optional: nil means none
	}
	k := &Keys{ciphers: map[string]cipher.AEAD{}}
	for i, part := range strings.Split(text, ",") {
		id, encoded, _ := strings.Cut(strings.TrimSpace(part), ":")
		key, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil || id == "" || len(key) != 32 {
			return nil, fmt.Errorf("LYO_PAYLOAD_KEYS: key %d is not id:base64 of 32 bytes", i+1) // never the key itself
		}
		if k.ciphers[id] != nil {
			return nil, fmt.Errorf("LYO_PAYLOAD_KEYS: two keys have the id %q", id)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		if k.ciphers[id], err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
		if k.first == "" {
			k.first = id
		}
	}
	return k, nil
}

// Encode encrypts whole payloads, metadata included. The key's id is authenticated with
// them.
func (k *Keys) Encode(payloads []*common.Payload) ([]*common.Payload, error) {
	out := make([]*common.Payload, len(payloads))
	for i, p := range payloads {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encrypt a payload: %w", err)
		}
		gcm := k.ciphers[k.first]
		nonce := make([]byte, gcm.NonceSize())
		_, _ = rand.Read(nonce) // never fails
		out[i] = &common.Payload{
			Metadata: map[string][]byte{converter.MetadataEncoding: []byte(encoding), keyID: []byte(k.first)},
			Data:     gcm.Seal(nonce, nonce, plain, []byte(k.first)),
		}
	}
	return out, nil
}

// Decode decrypts encrypted payloads and leaves others as they are, such as those of
// histories from before there were keys.
func (k *Keys) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	out := make([]*common.Payload, len(payloads))
	for i, p := range payloads {
		if string(p.GetMetadata()[converter.MetadataEncoding]) != encoding {
			out[i] = p
			continue
		}
		var err error
		if out[i], err = k.decrypt(p); err != nil {
			return nil, err
		}
	}
	return out, nil
}

var errSpoiled = errors.New("a payload was spoiled, or encrypted with another key of this id")

func (k *Keys) decrypt(p *common.Payload) (*common.Payload, error) {
	id := string(p.GetMetadata()[keyID])
	gcm := k.ciphers[id]
	if gcm == nil {
		return nil, fmt.Errorf("no key %q in LYO_PAYLOAD_KEYS for a payload", id)
	}
	if len(p.GetData()) < gcm.NonceSize() {
		return nil, errSpoiled
	}
	plain, err := gcm.Open(nil, p.GetData()[:gcm.NonceSize()], p.GetData()[gcm.NonceSize():], []byte(id))
	if err != nil {
		return nil, errSpoiled
	}
	out := &common.Payload{}
	if err := proto.Unmarshal(plain, out); err != nil {
		return nil, errSpoiled
	}
	return out, nil
}
