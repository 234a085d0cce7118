package tinygguf

// The words a model knows. Which word may follow which is in grammar.go: free text goes from a heading
// through the paragraphs, each with words of its own, and strings are made of a verb and plain words.
const (
	verbs = `Learn Build Explain Compare Name Sketch Measure Describe Collect Sort Write Read Draw Choose
Repeat Plan Find Test Solve Use Count Mark Show Train Watch List Check Order Move Apply`
	plain = `the of a new old small large clear simple useful plan map rule idea note word table step tool way
part sign form line page list task goal path time place week group answer question example reason
method model pattern habit skill story garden river kitchen market letter number color shape music
and with from into under over before after without between for by on in each every some many two
three`
	headings = `maps notes rules ideas words steps tools signs forms plans goals habits skills stories shapes patterns`
	starts   = `Learning Understanding Exploring Reading Using Building Practising Meeting`
)

// paragraph has the words of one part of a free text.
type paragraph struct {
	openers              []string
	firsts, words, lasts string
}

func paragraphs() []paragraph {
	return []paragraph{
		{
			[]string{"First", "Today", "Imagine"},
			"This Here You We One That Most Some Often Now There People",
			`begin topic known world everyday we you see look around always home school work hand eye mind people child
learner teacher friend often usually know hear think start easy common near familiar daily ordinary the a of and`,
			"closely. carefully. here. today. again.",
		},
		{
			[]string{"Then", "Next", "Second"},
			"It Its They These Each Such What Which When Where Neither Both",
			`means called term defines names kind sort class thing object meaning definition property feature always never
exactly several other another own same different short long full whole single main inner outer to is as`,
			"clearly. exactly. alone. together. enough.",
		},
		{
			[]string{"Consider", "Take", "Look"},
			"Let If Because Since While Once Until Though Whether Unless Hence Thus",
			`case sample cook bakes bread water cup spoon adds mixes waits heats pours tastes compares writes counts draws
moves turns opens closes gives takes gets puts keeps makes warm cold sweet fresh slowly quickly an at it`,
			"twice. slowly. later. inside. outside.",
		},
		{
			[]string{"However", "Still", "But"},
			"Watch Notice Avoid Remember Beware Never Always Perhaps Sometimes Rarely Mostly Even",
			`mistake error trap problem wrong false missing confused forgets skips muddles hurry doubt trouble careful check
repair fix improve correct better worse hard tricky hidden double careless slow late wait stop rest not but or`,
			"quietly. first. instead. anyway. soon.",
		},
		{
			[]string{"Practise", "Try", "Exercise"},
			"Write Say Ask Tell Draw Count Choose Change Cover Compare Answer Explain",
			`your yourself aloud paper pencil notebook minutes hour partner mirror timer card deck quiz drill round score
daily weekly evening morning once again then until harder easier shorter longer by for with memory heart own`,
			"aloud. daily. yourself. tomorrow. weekly.",
		},
		{
			[]string{"## Summary\n\nIn", "## Summary\n\nTo", "Finally"},
			"All Everything Nothing Altogether Together Therefore Later Soon Beyond Within From With",
			`short summary brief sum end result lesson learned remember keep apply goes further connects leads opens grows
stays becomes helps carries main points ideas now ready next future lasting solid firm sure able that this will`,
			"well. forward. onward. further. complete.",
		},
	}
}

// keys of objects that schemas name; known whole so that answers are short.
const keys = `title summary description tags lessons objectives prerequisites minutes study questions quiz prompt
options explanation answer name text count items level true false null`
