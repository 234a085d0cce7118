package gbnf

import (
	"fmt"
	"strconv"
	"strings"
)

// expr is the right side of a rule.
type expr interface {
	// write appends the expression as GBNF; inside means that it is part of a sequence or repeated.
	write(out *strings.Builder, inside bool)
}

type (
	literal  string   // the text itself
	class    string   // a set of characters as GBNF writes it, without the brackets
	sequence []expr   // one after the other
	choice   []expr   // one of them
	ref      string   // another rule, by name
	repeat   struct { // least to most times; most < 0: unlimited
		of          expr
		least, most int
	}
)

type rule struct {
	name string
	body expr
}

// rules are a grammar, which starts at the rule named root.
type rules []rule

// String writes the grammar for llama.cpp.
func (r rules) String() string {
	var out strings.Builder
	for _, one := range r {
		out.WriteString(one.name + " ::= ")
		one.body.write(&out, false)
		out.WriteByte('\n')
	}
	return out.String()
}

func (l literal) write(out *strings.Builder, _ bool) {
	out.WriteByte('"')
	for _, r := range string(l) {
		switch {
		case r == '"' || r == '\\':
			out.WriteString(`\` + string(r))
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(out, `\x%02X`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}

func (c class) write(out *strings.Builder, _ bool) { out.WriteString("[" + string(c) + "]") }

func (r ref) write(out *strings.Builder, _ bool) { out.WriteString(string(r)) }

func (s sequence) write(out *strings.Builder, inside bool) { list(out, s, " ", inside) }

func (c choice) write(out *strings.Builder, inside bool) { list(out, c, " | ", inside) }

func list(out *strings.Builder, parts []expr, between string, inside bool) {
	if inside {
		out.WriteByte('(')
	}
	for i, p := range parts {
		if i > 0 {
			out.WriteString(between)
		}
		p.write(out, true)
	}
	if inside {
		out.WriteByte(')')
	}
}

func (r repeat) write(out *strings.Builder, _ bool) {
	r.of.write(out, true)
	switch {
	case r.least == 0 && r.most == 1:
		out.WriteByte('?')
	case r.least == 0 && r.most < 0:
		out.WriteByte('*')
	case r.most < 0:
		out.WriteString("{" + strconv.Itoa(r.least) + ",}")
	case r.least == r.most:
		out.WriteString("{" + strconv.Itoa(r.least) + "}")
	default:
		out.WriteString("{" + strconv.Itoa(r.least) + "," + strconv.Itoa(r.most) + "}")
	}
}
