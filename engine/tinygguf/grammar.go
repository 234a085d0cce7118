package tinygguf

// state is the state of a text after a token, role the effect of a token. The next token depends on the
// state alone, up to the random part of the weights: each state has a dimension of its own in the embedding.
type (
	state int
	role  int
)

const parts = 6 // paragraphs of a free text

const (
	anywhere state = iota // as in the middle of JSON
	quoted                // after a quotation mark, opening or closing
	verb                  // after the first word of a string
	phrase                // after a later word of a string
	begin                 // at the beginning of an answer
	heading
	firstSentence // and one for each paragraph
)

const (
	firstRest = firstSentence + parts // between two sentences of a paragraph
	states    = firstRest + parts
)

func sentence(part int) state { return firstSentence + state(part) }
func rest(part int) state     { return firstRest + state(part) }

const (
	never role = iota
	ends
	quotes
	closes // ends a list, an object or a key
	goesOn
	counts
	spells
	names
	beginsString
	inString
	beginsText
	inHeading
	firstOpens // and one for each paragraph
)

const (
	firstBeginsSentence = firstOpens + parts          // the same
	firstInSentence     = firstBeginsSentence + parts // the same
	firstEndsSentence   = firstInSentence + parts     // the same
)

func opens(part int) role          { return firstOpens + role(part) }
func beginsSentence(part int) role { return firstBeginsSentence + role(part) }
func inSentence(part int) role     { return firstInSentence + role(part) }
func endsSentence(part int) role   { return firstEndsSentence + role(part) }

// impossible is low enough that a thousand such tokens do not matter in a whole answer.
const impossible = -30

// likelihood is the logarithm of the likelihood of a role's token as the next, relative to the
// others. The course of free text depends on the number of tokens of a role, not on differences here,
// so that it has about the same length at every temperature.
type likelihood map[state]map[role]float32

func grammar(o Options) likelihood {
	l := likelihood{
		begin:    {beginsText: 0},
		heading:  {inHeading: 0, opens(0): 0},
		quoted:   {beginsString: 6, closes: 3.5, goesOn: 3, quotes: -3, names: -7, counts: -10, spells: -10},
		verb:     {inString: 0, quotes: -8, spells: -10},
		phrase:   {inString: 0, quotes: 2, spells: -10},
		anywhere: {quotes: 3, closes: 3.5, goesOn: 3, counts: 1, names: -2, spells: -4, beginsString: -6},
	}
	for i := range parts {
		l[sentence(i)] = map[role]float32{inSentence(i): 0, endsSentence(i): 0}
		l[rest(i)] = map[role]float32{beginsSentence(i): 0}
		switch {
		case i < parts-1:
			l[rest(i)][opens(i+1)] = 0
		case o.Endless:
			l[rest(i)][opens(0)] = 0
		default:
			l[rest(i)][ends] = 0.2
		}
	}
	return l
}

// of returns the likelihood of r after s.
func (l likelihood) of(s state, r role) float32 {
	if v, ok := l[s][r]; ok {
		return v
	}
	return impossible
}
