package quiz

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// how is how a language speaks of other options: by words for how many of them, together with words for
// options, or by a phrase that says it all.
type how struct {
	first          bool // the words for how many come first
	many, options  []string
	phrases, whole []string // contained, and all there is
}

var languages = sync.OnceValue(func() []how {
	return []how{
		{first: true, many: list("all,none,neither,both,any,either"), options: list("above,these,options,answers,choices,statements,them,others"), whole: list("all,none,both,neither")},
		{first: true, many: list("alle,alles,keine,keiner,keines,nichts,beide,weder"), options: list("genannt,obig,oben,davon,antworten,aussagen,optionen,möglichkeiten,beiden"), whole: list("alle,keine,beide")},
		{first: true, many: list("todas,todos,todo,ninguna,ninguno,nada,ambas,ambos"), options: list("anterior,opciones,respuestas,ellas,ellos,estas,estos,mencionad,son correctas"), whole: list("todas,ninguna,ambas")},
		{first: true, many: list("toutes,tous,tout,aucune,aucun,rien,les deux"), options: list("ci-dessus,réponses,précédent,propositions,options,d'elles,d'entre,de cela,ces")},
		{first: true, many: list("todas,todos,nenhuma,nenhum,ambas,ambos,nada"), options: list("anterior,acima,opções,respostas,alternativas,delas,deles,dessas,disso"), whole: list("nenhuma")},
		{first: true, many: list("tutte,tutti,nessuna,nessuno,nessun,entrambe,entrambi,niente"), options: list("precedent,sopra,risposte,opzioni,queste,loro,elencat"), whole: list("tutte,nessuna,entrambe")},
		{first: true, many: list("alle,al,geen,beide,niets,alles"), options: list("bovenstaand,antwoorden,opties,deze,hiervan,ervan,daarvan,genoemd")},
		{first: true, many: list("wszystkie,żadna,żadne,żaden,obie,oba,nic"), options: list("powyż,odpowied,wymienion,nich,tych"), whole: list("wszystkie,żadna")},
		{first: true, many: list("все,всё,ни один,ни одно,ни одна,ни одного,ничего,оба,обе"), options: list("выше,вариант,ответ,перечисл,этого,из них")},
		{first: true, many: list("усі,всі,все,жоден,жодна,жодне,жодного,нічого,обидва,обидві"), options: list("вище,варіант,відповід,перелічен,з них,із цього")},
		{many: list("hepsi,hiçbiri,tümü,ikisi"), options: list("yukarı,bunlar,şık,seçenek"), whole: list("hepsi,hiçbiri,her ikisi,her ikisi de,tümü")},
		{first: true, many: list("كل,جميع,لا شيء,كلا,كلتا,ليس أي,لا أحد"), options: list("سبق,أعلاه,الإجابات,الخيارات,ذلك,المذكور,مما")},
		{many: list("همه,همهٔ,همه\u200cی,هیچ,هیچ\u200cکدام,هیچکدام,هیچ\u200cیک,هیچیک,هر دو"), options: list("بالا,موارد,گزینه,این\u200cها,اینها,فوق"), whole: list("همه,هیچ\u200cکدام,هیچکدام,هر دو")},
		{many: list("سب,تمام,سبھی,کوئی,دونوں"), options: list("بالا,اوپر,ان میں,جوابات,مذکورہ,اختیارات")},
		{many: list("सभी,सब,कोई,दोनों"), options: list("उपर्युक्त,उपरोक्त,ऊपर,इनमें,विकल्प,उत्तर")},
		{many: list("সব,সবগুলো,সবগুলি,সবকটি,কোনোটি,কোনোটিই,কোনোটাই,কোনটিই,উভয়"), options: list("উপরের,উপরোক্ত,এর,বিকল্প,উত্তর,এগুলো")},
		{phrases: list("ทุกข้อ,ไม่มีข้อ,ข้างต้น,ทั้งสองข้อ")},
		{first: true, many: list("tất cả,không có,cả hai,cả ba"), options: list("trên,đáp án,phương án,các ý,câu trả lời,đều đúng,đều sai")},
		{phrases: list("以上都,以上皆,以上全,以上所有,以上答案,以上选项,以上均,上述,都不是,都不对,都正确,皆是,皆非"), whole: list("都是,都对")},
		{phrases: list("上記,すべて正しい,全て正しい,どれでもない,いずれでもない,どれも,いずれも,以上すべて"), whole: list("すべて,該当なし")},
		{phrases: list("위의 모든,위의 모두,모두 맞,모두 옳,모두 정답,해당 없음,정답 없음,위의 어느,어느 것도,모두 아니"), whole: list("모두,둘 다,없음")},
	}
})

// list returns words in the form in which options are compared.
func list(words string) []string {
	all := strings.Split(words, ",")
	for i, word := range all {
		all[i] = texts.Key(word)
	}
	return all
}

const longestAboutOthers = 60 // characters

// aboutOthers reports whether an option speaks of the others, such as "none of these" or "both A and B".
func aboutOthers(option string) bool {
	if lettersOnly(option) {
		return true
	}
	key := strings.Trim(texts.Key(option), " .!\"“”'()。।۔")
	if utf8.RuneCountInString(key) > longestAboutOthers {
		return false
	}
	words := " " + strings.Join(strings.Fields(key), " ") + " "
	return slices.ContainsFunc(languages(), func(l how) bool {
		within := func(part string) bool { return strings.Contains(key, part) }
		if slices.Contains(l.whole, key) || slices.ContainsFunc(l.phrases, within) {
			return true
		}
		return slices.ContainsFunc(l.many, func(many string) bool {
			many = " " + many + " "
			return strings.HasPrefix(words, many) || !l.first && strings.Contains(words, many)
		}) && slices.ContainsFunc(l.options, within)
	})
}

// joined matches an option of nothing but letters of others, such as "Both A and B" or "A, C".
var joined = regexp.MustCompile(`^(?:[^\s\d]{2,12}\s+){0,2}\(?[A-D]\)?(?:\s*(?:[,،、&/+]|` + joiners + `)+\s*\(?[A-D]\)?){1,3}(?:\s+[^\s\d]{2,12}){0,2}\s*[.。।]?$`)

func lettersOnly(option string) bool { return joined.MatchString(strings.TrimSpace(option)) }
