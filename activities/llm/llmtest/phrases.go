package llmtest

import (
	"regexp"
	"slices"
	"strings"
)

// phrases are the parts of answers in one language. In a text %s stands for the topic or
// the title, %d for a number.
type phrases struct {
	plans                        []string // titles of lessons
	course, summary, description string
	part, explain, try           string // a lesson's summary and its objectives
	about                        string // a lesson's first paragraph: title, topic
	sections                     []string
	who, does, what              []string
	sentence                     string // who, does, what, place, title, number
	study                        []string
	definition, ask, because     string // of a quiz question: number and title; the right option
	wrong                        []string
}

// phrasesOf returns those of the language that a prompt asks for. For a language without any they are
// invented words, which pass for it if it is written in Latin letters.
func phrasesOf(prompt string) phrases {
	m := regexp.MustCompile(`(?m)^Language(?: of the lesson:|: write (?:every value )?in) ([A-Z]\w+)`).FindStringSubmatch(prompt)
	if m == nil {
		return english
	}
	if p, known := byLanguage[m[1]]; known {
		return p
	}
	return invented
}

var byLanguage = map[string]phrases{
	"English": english, "German": german, "Spanish": spanish, "French": french, "Russian": russian, "Japanese": japanese,
	"Portuguese": portuguese, "Italian": italian, "Dutch": dutch, "Polish": polish, "Ukrainian": ukrainian, "Turkish": turkish,
	"Arabic": arabic, "Persian": persian, "Urdu": urdu, "Hindi": hindi, "Bengali": bengali, "Thai": thai, "Vietnamese": vietnamese,
	"Chinese": chinese, "Korean": korean,
}

// madeUp reports the options that composePractice invents, unlike those from a lesson.
func madeUp(option string) bool {
	begins := func(wrong string) bool { return strings.HasPrefix(option, wrong) }
	for _, p := range byLanguage {
		if slices.ContainsFunc(p.wrong, begins) {
			return true
		}
	}
	return slices.ContainsFunc(invented.wrong, begins)
}

var english = phrases{
	plans:       []string{"First steps in %s", "The parts of %s", "How things fit together in %s", "Putting to use %s"},
	course:      "Learning %s",
	summary:     "A short course on %s.",
	description: "Four lessons that lead from the first words of %s to a use of one's own.",
	part:        "Part %d takes up %s and tries it out.", explain: "Explain part %d of %s", try: "Try it on a small example",
	about:    "This lesson is about %s. It belongs to the study of %s.",
	sections: []string{"What it is", "Why it matters", "How it works", "A worked example", "Summary"},
	who:      []string{"A careful reader", "A beginner", "An engineer", "A teacher", "A curious friend", "A patient learner", "A researcher"},
	does:     []string{"compares", "measures", "sketches", "names", "questions", "rebuilds", "describes", "sorts"},
	what:     []string{"the smallest part", "each visible step", "an early mistake", "the common case", "a hidden limit", "its usual shape", "one clear difference", "the order of things", "a surprising result"},
	sentence: "%s %s %s in part %d of %s, and writes down observation number %d before going on.",
	study: []string{
		"How would you explain %s to a friend?", "Which step of %s would you try first, and why?", "What could go wrong when you use %s?",
	},
	definition: "What this lesson is about.", ask: "Question %d: which of these words stands in the lesson %s?",
	because: "The lesson uses the word %s in its text.", wrong: []string{"nothing of the sort", "only what others say", "whatever is newest"},
}

var german = phrases{
	plans:       []string{"Erste Schritte in %s", "Die Teile von %s", "Wie alles zusammenpasst in %s", "Anwenden von %s"},
	course:      "Wir lernen %s",
	summary:     "Ein kurzer Kurs über %s.",
	description: "Vier Lektionen, die von den ersten Wörtern zu %s bis zu einer eigenen Anwendung führen.",
	part:        "Teil %d nimmt sich %s vor und probiert es aus.", explain: "Teil %d von %s erklären", try: "Es an einem kleinen Beispiel probieren",
	about:    "In dieser Lektion geht es um %s. Sie gehört zu dem Thema %s.",
	sections: []string{"Was es ist", "Warum es wichtig ist", "Wie es geht", "Ein Beispiel", "Zusammenfassung"},
	who:      []string{"Wer genau liest,", "Eine Anfängerin", "Der Ingenieur", "Die Lehrerin", "Ein neugieriger Freund"},
	does:     []string{"vergleicht", "misst", "zeichnet", "benennt", "beschreibt", "ordnet"},
	what:     []string{"den kleinsten Teil", "jeden sichtbaren Schritt", "einen frühen Fehler", "den üblichen Fall", "eine verborgene Grenze", "die gewohnte Form", "einen klaren Unterschied"},
	sentence: "%s %s %s in Teil %d von %s und schreibt die Beobachtung Nummer %d auf, bevor es weiter geht.",
	study: []string{
		"Wie würdest du %s einem Freund erklären?", "Mit welchem Schritt von %s würdest du beginnen, und warum?", "Was kann bei %s schiefgehen?",
	},
	definition: "Darum geht es in dieser Lektion.", ask: "Frage %d: Welches dieser Wörter steht in der Lektion %s?",
	because: "Die Lektion verwendet das Wort %s in ihrem Text.", wrong: []string{"nichts davon", "nur was andere sagen", "immer das Neueste"},
}

var spanish = phrases{
	plans:       []string{"Primeros pasos en %s", "Las partes de %s", "Cómo encaja todo en %s", "El uso de %s"},
	course:      "Aprender %s",
	summary:     "Un curso corto sobre %s.",
	description: "Cuatro lecciones que llevan de las primeras palabras de %s a un uso propio.",
	part:        "La parte %d trata de %s y lo pone a prueba.", explain: "Explicar la parte %d de %s", try: "Probarlo con un caso sencillo",
	about:    "Esta lección trata de %s. Forma parte del estudio de %s.",
	sections: []string{"Qué es", "Por qué importa", "Cómo funciona", "Un ejemplo", "Resumen"},
	who:      []string{"El lector atento", "La alumna nueva", "El ingeniero", "La profesora", "El amigo curioso"},
	does:     []string{"compara", "mide", "dibuja", "nombra", "describe", "ordena"},
	what:     []string{"la parte más pequeña", "cada paso visible", "un error de los primeros días", "el caso más común", "un límite oculto", "la forma de siempre", "una diferencia clara"},
	sentence: "%s %s %s en la parte %d de %s y escribe la observación número %d antes de seguir.",
	study: []string{
		"¿Cómo explicarías %s a un amigo?", "¿Por qué paso de %s empezarías?", "¿Qué puede salir mal con %s?",
	},
	definition: "De esto trata la lección.", ask: "Pregunta %d: ¿cuál de estas palabras está en la lección %s?",
	because: "La lección usa la palabra %s en su texto.", wrong: []string{"nada de eso", "lo que digan los otros", "lo último que haya"},
}

var french = phrases{
	plans:       []string{"Premiers pas dans %s", "Les parties de %s", "Comment tout se tient dans %s", "Se servir de %s"},
	course:      "Apprendre %s",
	summary:     "Un cours bref sur %s.",
	description: "Quatre leçons qui mènent des premiers mots de %s à un usage à soi.",
	part:        "La partie %d parle de %s et en fait l'essai.", explain: "Expliquer la partie %d de %s", try: "En faire l'essai sur un petit cas",
	about:    "Cette leçon parle de %s. Elle fait partie de l'étude de %s.",
	sections: []string{"Ce que c'est", "Pourquoi c'est important", "Comment cela marche", "Un cas de la vie", "En bref"},
	who:      []string{"Le lecteur attentif", "La débutante", "Le chercheur", "La maîtresse", "Un ami curieux"},
	does:     []string{"compare", "mesure", "dessine", "nomme", "range"},
	what:     []string{"la plus petite partie", "chaque pas visible", "une erreur des premiers jours", "le cas le plus courant", "une limite cachée", "la forme de tous les jours", "une nette différence"},
	sentence: "%s %s %s dans la partie %d de %s et note la remarque numéro %d avant de passer à la suite.",
	study: []string{
		"Comment feriez-vous comprendre %s à un ami ?", "Par quel pas de %s commenceriez-vous ?", "Que peut-il arriver de fâcheux avec %s ?",
	},
	definition: "C'est le sujet de la leçon.", ask: "Question %d : lequel de ces mots est dans la leçon %s ?",
	because: "La leçon se sert du mot %s dans son texte.", wrong: []string{"rien de tel", "ce que disent les autres", "le plus nouveau"},
}

var russian = phrases{
	plans:       []string{"Первые шаги: %s", "Части целого: %s", "Как всё связано: %s", "Применение: %s"},
	course:      "Изучаем: %s",
	summary:     "Короткий курс на тему «%s».",
	description: "Четыре урока, которые ведут от первых слов темы «%s» к собственному применению.",
	part:        "Часть %d рассказывает про «%s» и даёт попробовать.", explain: "Объяснить часть %d темы «%s»", try: "Попробовать на простом случае",
	about:    "Этот урок рассказывает про «%s». Он относится к теме «%s».",
	sections: []string{"Что это такое", "Почему это важно", "Как это работает", "Пример", "Итог"},
	who:      []string{"Внимательный читатель", "Новая ученица", "Инженер", "Учительница", "Любопытный друг"},
	does:     []string{"сравнивает", "измеряет", "рисует", "называет", "описывает"},
	what:     []string{"самую малую часть", "каждый видимый шаг", "раннюю ошибку", "обычный случай", "скрытую границу", "привычную форму", "ясное различие"},
	sentence: "%s %s %s в части %d урока «%s» и записывает наблюдение номер %d, прежде чем идти дальше.",
	study: []string{
		"Как бы вы объяснили другу тему «%s»?", "С какого шага темы «%s» вы бы начали?", "Что может пойти не так в теме «%s»?",
	},
	definition: "Об этом рассказывает урок.", ask: "Вопрос %d: какое из этих слов есть в уроке «%s»?",
	because: "В тексте урока есть слово «%s».", wrong: []string{"ничего подобного", "только чужие слова", "самое новое"},
}

var japanese = phrases{
	plans:       []string{"%sのはじめの一歩", "%sの部分", "%sのつながり", "%sを使ってみる"},
	course:      "%sを学ぶ",
	summary:     "%sについての短いコースです。",
	description: "%sの最初の言葉から、自分で使えるようになるまでの四つのレッスンです。",
	part:        "第%d部では%sを取り上げて試します。", explain: "第%d部の%sを説明する", try: "小さな例で試す",
	about:    "このレッスンは%sについてです。%sの学習の一部です。",
	sections: []string{"それは何か", "なぜ大切か", "どのように働くか", "例", "まとめ"},
	who:      []string{"注意深い読者は", "初めて学ぶ人は", "技術者は", "先生は", "好奇心のある友人は"},
	does:     []string{"静かに", "丁寧に", "もう一度", "ゆっくりと"},
	what:     []string{"一番小さい部分を比べ", "見える手順を測り", "初めの誤りを描き", "よくある場合を並べ", "隠れた限界を調べ"},
	sentence: "%s%s%s、第%d部の%sで観察%d番を書き留めてから先へ進みます。",
	study: []string{
		"%sを友人にどう説明しますか。", "%sのどの手順から始めますか。", "%sで何がうまくいかないことがありますか。",
	},
	definition: "このレッスンの主題です。", ask: "質問%d：レッスン「%s」にある言葉はどれですか。",
	because: "レッスンの本文に「%s」という言葉があります。", wrong: []string{"どれでもない", "他人の言うことだけ", "一番新しいもの"},
}

var invented = phrases{
	plans:       []string{"Bavo kelu %s", "Dimar sotu %s", "Felo garin %s", "Hupo julek %s"},
	course:      "Kalim %s",
	summary:     "Lomi narup %s.",
	description: "Pirok %s sumel tavir.",
	part:        "Vokil %d zabur %s.", explain: "Bakom %d dolir %s", try: "Fumel garik",
	about:      "Hovil %s junor. Kipal %s lozum.",
	sections:   []string{"Mavor", "Nipul", "Pokar", "Rusim", "Sagol"},
	who:        []string{"Tivur", "Vapol", "Zomik", "Bedur", "Dafil"},
	does:       []string{"fogur", "gimal", "hurop", "jaket", "kovim"},
	what:       []string{"lumar piso", "mibol tadu", "nurik vefo", "pamol zuri", "rodik belu", "sikum dapo"},
	sentence:   "%s %s %s tozim %d vulap %s, zefor bidak %d gomul.",
	study:      []string{"Hadir %s kulom?", "Jorip %s lamek?", "Kumil %s nopar?"},
	definition: "Pevor rimal.", ask: "Sudok %d tebil %s?",
	because: "Vimor %s zapel.", wrong: []string{"bulok dafir", "fopem gulat", "himor kaneb"},
}
