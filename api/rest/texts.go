package rest

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	texts "github.com/lyoapp/lyo/models/text"
)

// textRulesByName are the rules that the tag text of a body's field can name. For a list or a map, the
// rule applies to each text in it. A text without a rule is normalised to NFC, because one letter can
// be written in two ways. Passwords are left as typed, because existing hashes may be of any form.
var textRulesByName = map[string]func(string) (string, error){
	"name":     texts.Name,
	"username": texts.Username,
	"email":    texts.Email,
	"zone":     texts.Zone,
	"line":     texts.Line,                                                           // one line, maybe empty
	"title":    func(s string) (string, error) { return texts.Shown(texts.Line(s)) }, // one line
	"note":     texts.Prose,                                                          // lines, maybe empty
	"prose":    shownProse,                                                           // lines
	"password": verbatim,
	"verbatim": verbatim, // what is compared to the byte
}

func verbatim(s string) (string, error) { return s, nil }

func shownProse(s string) (string, error) { return texts.Shown(texts.Prose(s)) }

// textRules is a node of a body: the rule of its text, and its children.
type textRules struct {
	rule   func(string) (string, error)
	clears bool // an empty text or null takes away what is there
	whole  bool // an integer
	needed bool // a list or an object that cannot be null
	fields map[string]*textRules
	each   *textRules // of a list or a map
}

// textRulesOf reads the rules of a type of body. It panics at start for an unknown rule.
func textRulesOf(t reflect.Type, tag string, above ...reflect.Type) *textRules {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == reflect.TypeFor[json.RawMessage]() {
		return &textRules{}
	}
	switch t.Kind() {
	case reflect.String:
		name, option, _ := strings.Cut(tag, ",")
		rule := textRulesByName[name]
		if name != "" && rule == nil {
			panic("api: no rule for texts is called " + tag)
		}
		return &textRules{rule: rule, clears: option == "clears"}
	case reflect.Slice, reflect.Map:
		if t == reflect.TypeFor[map[string]any]() {
			panic("api: a free object loses digits of its whole numbers: make it a store.Object")
		}
		return &textRules{each: textRulesOf(t.Elem(), tag, above...)}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &textRules{whole: true}
	case reflect.Struct:
		rules := &textRules{fields: map[string]*textRules{}}
		if slices.Contains(above, t) {
			return rules
		}
		for _, field := range reflect.VisibleFields(t) {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !field.IsExported() || name == "" || name == "-" {
				continue
			}
			member := textRulesOf(field.Type, field.Tag.Get("text"), append(above, t)...)
			many := field.Type.Kind() == reflect.Slice && field.Type != reflect.TypeFor[json.RawMessage]() || field.Type.Kind() == reflect.Map
			member.needed = many && !strings.Contains(options, "omit") && field.Tag.Get("nullable") != "true" && field.Tag.Get("required") != "false"
			rules.fields[foldName(name)] = member
		}
		return rules
	default:
		return &textRules{}
	}
}

// foldName returns a member's name in the case-insensitive form that is matched later.
func foldName(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// member returns the child of that name.
func (r *textRules) member(name string) *textRules {
	if r == nil {
		return nil
	}
	if field := r.fields[foldName(name)]; field != nil {
		return field
	}
	return r.each
}

// at returns the child at a position.
func (r *textRules) at() *textRules {
	if r == nil {
		return nil
	}
	return r.each
}

// apply returns a text in its stored form, and the violation of its rule.
func (r *textRules) apply(s string) (string, error) {
	switch {
	case r == nil || r.rule == nil:
		return norm.NFC.String(s), nil
	case r.clears && strings.TrimSpace(s) == "":
		return "", nil
	}
	return r.rule(s)
}

// cleared reports whether null takes away what is there, as an empty text does.
func (r *textRules) cleared() bool { return r != nil && r.clears }

// number returns a number as it is read: an integer without a point or an exponent, which clients whose
// numbers are doubles write.
func (r *textRules) number(n json.Number) json.Number {
	// Further digits than these are out of range for every integer.
	const most = 400
	if r == nil || !r.whole || !strings.ContainsAny(n.String(), ".eE") || len(n) > most {
		return n
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(n.String()), "e"); ok {
		if e, err := strconv.Atoi(exponent); err != nil || e > most || e < -most {
			return n
		}
	}
	exact, ok := new(big.Rat).SetString(n.String())
	if !ok || !exact.IsInt() {
		return n
	}
	return json.Number(exact.Num().String())
}

// rewritten returns a JSON text with every text in its stored form. The input was screened, so it can
// be read.
func (r *textRules) rewritten(body []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, Malformed("The body is not valid JSON.")
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(r.rewrite(v))
	return out.Bytes(), err
}

func (r *textRules) rewrite(v any) any {
	switch v := v.(type) {
	case nil:
		if r.cleared() {
			return ""
		}
	case json.Number:
		return r.number(v)
	case string:
		if stored, err := r.apply(v); err == nil {
			return stored
		}
	case []any:
		for i := range v {
			v[i] = r.at().rewrite(v[i])
		}
	case map[string]any:
		members := make(map[string]any, len(v))
		for name, value := range v {
			members[norm.NFC.String(name)] = r.member(name).rewrite(value)
		}
		return members
	}
	return v
}
