package llm

import (
	"bytes"
	"encoding/json"
	"slices"
)

// withoutKeywords returns a schema without these keywords, its properties in the original
// order: servers write an answer in that order. Invalid JSON comes back unchanged; so does
// a property with a keyword's name, since its value is no number.
func withoutKeywords(schema json.RawMessage, keywords ...string) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(schema))
	d.UseNumber()
	var out bytes.Buffer
	if err := copyValue(&out, d, keywords); err != nil {
		return schema
	}
	return out.Bytes()
}

// copyValue copies the next value. Maps would lose the order, so it works on tokens.
func copyValue(out *bytes.Buffer, d *json.Decoder, drop []string) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		return copyObject(out, d, drop)
	case json.Delim('['):
		return copyArray(out, d, drop)
	}
	return writeToken(out, token)
}

func copyObject(out *bytes.Buffer, d *json.Decoder, drop []string) error {
	out.WriteByte('{')
	for first := true; d.More(); {
		key, err := d.Token()
		if err != nil {
			return err
		}
		var value bytes.Buffer
		if err := copyValue(&value, d, drop); err != nil {
			return err
		}
		if name, _ := key.(string); slices.Contains(drop, name) && isNumber(value.Bytes()) {
			continue
		}
		comma(out, &first)
		if err := writeToken(out, key); err != nil {
			return err
		}
		out.WriteByte(':')
		out.Write(value.Bytes())
	}
	return closeWith(out, d, '}')
}

func copyArray(out *bytes.Buffer, d *json.Decoder, drop []string) error {
	out.WriteByte('[')
	for first := true; d.More(); {
		comma(out, &first)
		if err := copyValue(out, d, drop); err != nil {
			return err
		}
	}
	return closeWith(out, d, ']')
}

func comma(out *bytes.Buffer, first *bool) {
	if !*first {
		out.WriteByte(',')
	}
	*first = false
}

func closeWith(out *bytes.Buffer, d *json.Decoder, end byte) error {
	out.WriteByte(end)
	_, err := d.Token()
	return err
}

func writeToken(out *bytes.Buffer, token json.Token) error {
	data, err := json.Marshal(token)
	out.Write(data)
	return err
}

func isNumber(value []byte) bool {
	return len(value) > 0 && (value[0] == '-' || value[0] >= '0' && value[0] <= '9')
}
