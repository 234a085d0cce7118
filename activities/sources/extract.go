package sources

import (
	"slices"
	"strings"

	"github.com/lyoapp/lyo/models/text"
)

// extract is the text of a page and its sections.
type extract struct {
	text     string
	sections []Section
	cut      bool

	prose, listed int // words in sentences, and in the entries of lists
}

// longLine is from how many words a line without a mark at its end is prose. Thai has no such marks.
const longLine = 20

// parseExtract converts an extract of a wiki, with headings between equals signs, to clean text of
// at most most bytes. Sections that refer elsewhere are left out, those below them too.
func parseExtract(edition, raw string, most int) extract {
	b := builder{most: most}
	long := len(raw) > 2*most // which is more than enough, even with markup
	if long {
		raw = raw[:2*most]
		if end := strings.LastIndexByte(raw, '\n'); end >= most {
			raw = raw[:end]
		}
	}
	b.start("", 1)
	skipped := 0 // the level of the section that is left out; 0: none
	for line := range strings.Lines(withoutFormulas(withoutMarkup(raw))) {
		level, title, ok := headingOf(line)
		switch {
		case ok && (skipped == 0 || level <= skipped):
			title = plain(withoutMarks(title), maxTitle)
			if skipped = 0; refersElsewhere(edition, title) {
				skipped = level
			} else if title != "" {
				b.start(title, level)
			}
		case ok || skipped > 0:
		default:
			b.line(cleanLine(line))
		}
		if b.done.cut {
			break
		}
	}
	b.done.cut = b.done.cut || long
	return b.end()
}

// headingOf returns the level and the title of a line such as "== History ==".
func headingOf(line string) (level int, title string, ok bool) {
	line = strings.TrimSpace(line)
	inner := strings.TrimLeft(line, "=")
	level = len(line) - len(inner)
	title = strings.TrimRight(inner, "=")
	if level == 0 || level > 6 || len(inner)-len(title) != level || strings.TrimSpace(title) == "" {
		return 0, "", false
	}
	return level, strings.TrimSpace(title), true
}

// builder puts a text together. Its first section is what comes before the first heading.
type builder struct {
	most     int
	out      strings.Builder
	sections []Section
	list     []string // entries that are not written yet
	done     extract
}

const unwritten = -1

func (b *builder) start(heading string, level int) {
	b.flush()
	b.sections = append(b.sections, Section{Heading: heading, Level: level, Start: unwritten})
}

func (b *builder) line(line string) {
	switch words := text.CountWords(line); {
	case line == "":
	case text.EndsSentence(line) || words >= longLine:
		b.flush()
		b.done.prose += words
		b.write(line)
	default:
		b.done.listed += words
		b.list = append(b.list, line)
	}
}

func (b *builder) flush() {
	if len(b.list) > 0 {
		b.write(strings.Join(b.list, "\n"))
		b.list = nil
	}
}

// write adds a paragraph, or as many of its sentences as there is room for.
func (b *builder) write(paragraph string) {
	if b.done.cut {
		return
	}
	between := ""
	if b.out.Len() > 0 {
		between = "\n\n"
	}
	if room := b.most - b.out.Len() - len(between); len(paragraph) > room {
		b.done.cut = true
		paragraph = beginning(paragraph, room)
	}
	if paragraph == "" {
		return
	}
	b.out.WriteString(between)
	section := &b.sections[len(b.sections)-1]
	if section.Start == unwritten {
		section.Start = b.out.Len()
	}
	b.out.WriteString(paragraph)
	section.End = b.out.Len()
}

// end returns the result, without the sections that have nothing, nor anything below them.
func (b *builder) end() extract {
	b.flush()
	e := b.done
	e.text = b.out.String()
	for _, section := range slices.Backward(b.sections) {
		if section.Start == unwritten {
			if len(e.sections) == 0 || section.Heading == "" || e.sections[len(e.sections)-1].Level <= section.Level {
				continue
			}
			section.Start = e.sections[len(e.sections)-1].Start
			section.End = section.Start
		}
		e.sections = append(e.sections, section)
	}
	slices.Reverse(e.sections)
	return e
}

// beginning returns the first whole sentences of a paragraph that have at most most bytes.
func beginning(paragraph string, most int) string {
	end := 0
	for _, sentence := range text.Sentences(paragraph) {
		at := strings.Index(paragraph[end:], sentence)
		if at < 0 || end+at+len(sentence) > most {
			break
		}
		end += at + len(sentence)
	}
	return paragraph[:end]
}

// refersElsewhere reports the heading of a section of references, links and the like.
func refersElsewhere(edition, heading string) bool {
	heading = strings.ToLower(strings.TrimRight(heading, ":："))
	return elsewhere["en"][heading] || elsewhere[edition][heading]
}

// elsewhere are the headings of sections that refer elsewhere, by edition.
var elsewhere = headings(map[string]string{
	"en": "references|reference|external links|external link|see also|notes|footnotes|notes and references|references and notes|further reading|bibliography|sources|citations|" +
		"works cited|literature|general references|explanatory notes|external resources|gallery",
	"de": "einzelnachweise|weblinks|siehe auch|literatur|anmerkungen|quellen|fußnoten|belege|nachweise|anmerkungen und einzelnachweise|galerie",
	"es": "referencias|enlaces externos|véase también|vea también|notas|notas y referencias|bibliografía|lecturas adicionales|fuentes|galería|citas y referencias",
	"fr": "références|notes et références|notes|liens externes|lien externe|voir aussi|articles connexes|bibliographie|annexes|sources|pour approfondir|galerie",
	"ru": "примечания|ссылки|см. также|литература|источники|сноски|комментарии|галерея|примечания и ссылки",
	"it": "note|collegamenti esterni|voci correlate|bibliografia|altri progetti|riferimenti|fonti|galleria d'immagini",
	"pt": "referências|ligações externas|ver também|notas|notas e referências|bibliografia|leitura adicional|fontes|galeria",
	"nl": "referenties|externe links|externe link|zie ook|noten|voetnoten|bronnen|literatuur|bronnen, noten en/of referenties|bronvermelding|galerij|verder lezen",
	"pl": "przypisy|linki zewnętrzne|zobacz też|uwagi|bibliografia|źródła|literatura|galeria",
	"uk": "примітки|посилання|див. також|дивіться також|література|джерела|виноски|галерея|коментарі",
	"tr": "kaynakça|dış bağlantılar|ayrıca bakınız|notlar|kaynaklar|konuyla ilgili yayınlar|dipnotlar|galeri|bibliyografya",
	"ar": "المراجع|مراجع|وصلات خارجية|روابط خارجية|انظر أيضا|انظر أيضًا|انظر ايضا|اقرأ أيضا|ملاحظات|هوامش|مصادر|المصادر|قراءات إضافية|معرض صور",
	"fa": "منابع|پانویس|پیوند به بیرون|جستارهای وابسته|یادداشت\u200cها|پیوندهای بیرونی|مطالعهٔ بیشتر|برای مطالعهٔ بیشتر|نگارخانه|پانوشت|ارجاعات",
	"ur": "حوالہ جات|بیرونی روابط|مزید دیکھیے|مزید دیکھئے|ملاحظات|حواشی|مزید پڑھیے|نگار خانہ|کتابیات",
	"hi": "सन्दर्भ|संदर्भ|बाहरी कड़ियाँ|बाहरी कड़ियां|इन्हें भी देखें|यह भी देखें|टिप्पणियाँ|टिप्पणी|नोट|ग्रन्थसूची|सन्दर्भ ग्रन्थ|स्रोत|चित्र दीर्घा|टीका-टिप्पणी",
	"bn": "তথ্যসূত্র|বহিঃসংযোগ|আরও দেখুন|আরো দেখুন|টীকা|পাদটীকা|গ্রন্থপঞ্জি|আরও পড়ুন|উৎস|চিত্রশালা",
	"th": "อ้างอิง|แหล่งข้อมูลอื่น|ดูเพิ่ม|หมายเหตุ|เชิงอรรถ|บรรณานุกรม|อ่านเพิ่มเติม|รายการอ้างอิง|คลังภาพ",
	"vi": "tham khảo|liên kết ngoài|xem thêm|chú thích|ghi chú|đọc thêm|thư mục|nguồn|tài liệu tham khảo|thư viện ảnh|chú thích và tham khảo",
	"zh": "参考文献|參考文獻|参考资料|參考資料|外部链接|外部連結|外部鏈接|参见|參見|参看|參看|相关条目|相關條目|注释|註釋|注釋|脚注|腳註|延伸阅读|延伸閱讀|扩展阅读|擴展閱讀|图集|圖集|来源|來源|注脚",
	"ja": "脚注|注釈|出典|参考文献|関連項目|外部リンク|関連文献|注記|関連書籍|ギャラリー|脚注・出典|参照",
	"ko": "각주|외부 링크|같이 보기|참고 문헌|참고문헌|주석|출처|더 읽어보기|내용주|참고 자료|갤러리|함께 보기",
})

func headings(lists map[string]string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for edition, list := range lists {
		out[edition] = map[string]bool{}
		for heading := range strings.SplitSeq(list, "|") {
			out[edition][heading] = true
		}
	}
	return out
}
