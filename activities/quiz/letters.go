package quiz

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// Words around the letter of an option, in the languages that are tested. Any ending may follow a label or a
// judgement.
const (
	labels = `answer|option|choice|alternative|letter|antwort|auswahl|lösung|buchstabe|möglichkeit|richtig|correct|respuesta|opción|opcion|alternativa|letra|` +
		`réponse|choix|lettre|proposition|resposta|opção|opçõ|risposta|opzion|lettera|antwoord|optie|keuze|juist|odpowied|opcj|wariant|poprawn|` +
		`ответ|вариант|буква|правильн|відповід|варіант|літера|cevap|yanıt|seçenek|şık|doğru|الإجابة|الجواب|الخيار|الحرف|پاسخ|گزینه|جواب|آپشن|درست|` +
		`उत्तर|विकल्प|जवाब|सही|উত্তর|বিকল্প|সঠিক|đáp án|câu trả lời|phương án|lựa chọn|정답|답|선택지|보기|옵션`
	fillers = `is|are|was|be|would|must|should|the|option|answer|choice|letter|correct|right|best|one|therefore|thus|so|not|ist|sind|wäre|die|der|das|also|richtige|` +
		`antwort|buchstabe|lautet|nicht|es|son|la|el|las|los|opción|letra|correcta|respuesta|est|sont|le|les|lettre|réponse|option|correcte|bonne|donc|é|são|a|as|o|opção|` +
		`resposta|è|sono|lettera|risposta|opzione|corretta|het|de|zijn|optie|niet|to|jest|są|это|вариант|под|буквой|це|літера|هي|هو|الصحيحة|الصحيح|صحیح|درست|است|` +
		`ہے|کا|کی|है|का|सही|विकल्प|হলো|হল|উত্তর|là|đúng|은|는|이|가|올바른`
	joiners  = `and|or|nor|und|oder|noch|y|o|ni|et|ou|e|en|of|i|oraz|lub|и|или|і|та|або|ve|veya|و|أو|یا|اور|और|या|এবং|ও|বা|và|hoặc|과|와|및|和|与|與|或|と|や|และ|หรือ`
	copulas  = `is|are|was|ist|sind|es|son|est|sont|é|são|está|están|estão|è|sono|zijn|to|jest|są`
	articles = `not|the|nicht|die|la|las|le|les|a|as|niet|de|nie`
	// verdicts need a copula, others do without one.
	verdicts = `correct|right|wrong|incorrect|true|false|richtig|falsch|korrekt|incorrect|falsa|juste|fausse|certa|errada|correta|incorreta|giust|corrett|sbagliat|errat|` +
		`juist|onjuist|goed|fout|poprawn|błędn|niepoprawn`
	others = `(?:это )?(?:верн|неверн|правильн|неправильн)|doğru|yanlış|şık|seçene|صحيح|خاطئ|خطأ|درست|نادرست|صحیح|غلط|सही|गलत|সঠিক|ভুল|(?:là )?(?:đúng|sai)|ถูก|ผิด|` +
		`正确|正確|错|錯|が正|は正|が誤|は誤|は間違|是正|是对|是错|不对|(?:이|가|은|는)? ?(?:맞|틀|옳|정답)`
	because = `so|because|hence|thus|therefore|since|daher|also|weil|deshalb|porque|donc|car|portanto|quindi|dus|want|więc|поэтому|тому`
	between = `[\s:：,،、"'“”„«»‘’「」（）()\[\]*_–—=-]+`
)

var (
	letter = `(?-i:[A-D])`
	// named matches what precedes a letter that is said to be an option's.
	named = regexp.MustCompile(`(?i)(?:^|[^\p{L}\p{M}\p{N}])(?:` + labels + `)[\p{L}\p{M}]*(?:` + between + `(?:` + fillers + `|` + joiners + `|` + letter + `))*` + between + `$`)
	// namedUnspaced is named for scripts without spaces, and Korean.
	namedUnspaced = regexp.MustCompile(`(?:正解|答え|解答|選択肢|答案|选项|選項|正确|正確|คำตอบ|ตัวเลือก|ข้อ|정답|답|선택지|보기)(?:ที่|ถูกต้อง|ถูก|คือ|เป็น|[\s:：,，、은는이가はがのも是为為应應选選該该項项「」『』“”"'（）()*A-D]|` + `和|与|與|或|と|や|และ|หรือ){0,14}$`)
	// begins matches what precedes a letter that begins a statement, or other letters there.
	begins = regexp.MustCompile(`(?i)(?:^|[.!?;:(,\n。！？；，।۔])[\s*_"'“(]*(?:(?:` + because + `)\s+)?(?:` + letter + `(?:` + between + `)?(?:(?:` + joiners + `)(?:` + between + `)?)?)*$`)
	// judged matches what follows a letter of which is said that it is right or wrong.
	judged = regexp.MustCompile(`(?i)^(?:` + between + `)?(?:(?:` + letter + `|` + joiners + `)(?:` + between + `))*(?:(?:` + copulas + `)\s+(?:(?:` + articles + `)\s+)?(?:` + verdicts + `)|` + others + `)`)
	// heads matches what follows a letter at the beginning of an explanation that is its option's.
	heads = regexp.MustCompile(`^[*_]*[):：][*_]*\s`)
)

// moveLetters returns a text in which the letters of options are those of their new places.
func (q Question) moveLetters(text string, moved []int) string {
	var out strings.Builder
	for i, r := range text {
		if at := int(r - 'A'); at >= 0 && at < len(moved) && q.names(text, i, at) {
			r = rune('A' + moved[at])
		}
		out.WriteRune(r)
	}
	return out.String()
}

// names reports whether the letter at i stands for the option at a place.
func (q Question) names(text string, i, place int) bool {
	before, after := text[:i], text[i+1:]
	if !alone(before, after) {
		return false
	}
	near := before[max(0, len(before)-160):]
	switch {
	case named.MatchString(near), namedUnspaced.MatchString(near):
		return true
	case begins.MatchString(near) && judged.MatchString(after):
		return true
	case strings.Trim(before, " \t\n*_\"'“(") == "" && heads.MatchString(after):
		return true
	}
	option := texts.Key(strings.Trim(q.Options[place], " ."))
	within := strings.HasSuffix(before, "(") && strings.HasPrefix(after, ")")
	return utf8.RuneCountInString(option) > 2 &&
		(within && strings.HasSuffix(texts.Key(strings.Trim(before, " (*_\"“”")), option) ||
			strings.HasPrefix(strings.TrimLeft(texts.Key(after), " )(:,-–—*_\"“."), option))
}

// alone reports whether a letter between two texts is a word of its own.
func alone(before, after string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, n := utf8.DecodeRuneInString(after)
	if inWord(last) || strings.ContainsRune("-'’.+$\\", last) || inWord(next) || strings.ContainsRune("+#°\\", next) {
		return false
	}
	following, _ := utf8.DecodeRuneInString(after[n:])
	return !strings.ContainsRune("-.", next) || !inWord(following)
}

func inWord(r rune) bool { return unicode.Is(unicode.Latin, r) || unicode.IsDigit(r) || r == '_' }

var anyLetter = regexp.MustCompile(`\b[A-D]\b`)

// everyLetter moves all letters of an option that has nothing else.
func everyLetter(option string, moved []int) string {
	return anyLetter.ReplaceAllStringFunc(option, func(l string) string {
		if at := int(l[0] - 'A'); at < len(moved) {
			return string(rune('A' + moved[at]))
		}
		return l
	})
}
