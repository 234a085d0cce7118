package extractive

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var known = []string{"en", "de", "es", "fr", "it", "pt", "nl", "pl", "ru", "uk", "tr", "ar", "fa", "ur", "hi", "bn", "th", "vi", "zh", "ja", "ko"}

func TestEveryLanguageHasItsLists(t *testing.T) {
	t.Parallel()
	require.Len(t, languages(), len(known))
	labels := map[string]string{}
	for _, tag := range known {
		l := languageOf(tag + "-XX")
		require.False(t, l.Unknown, tag)
		require.Greater(t, len(l.stop), 40, tag)
		require.Greater(t, len(l.open), 20, tag)
		require.Greater(t, len(l.skip), 5, tag)
		require.NotEmpty(t, append(l.is, l.named...), tag)
		for _, label := range []string{l.labels.Terms, l.labels.Read, l.labels.Gap, l.labels.Term, l.labels.Number} {
			require.NotEmpty(t, label, tag)
			require.Empty(t, labels[label], "%s has the label of %s", tag, labels[label])
			labels[label] = tag
		}
	}
}

// The first word of each sentence is what it defines, or, after a slash, the one that is named.
func TestDefinitionsAreRecognised(t *testing.T) {
	t.Parallel()
	for tag, sentences := range map[string][]string{
		"en": {"Osmosis is the movement of water through a membrane.", "Enzymes are proteins that speed up reactions.", "The movement of water is called osmosis./osmosis", "Magma is rock that has melted."},
		"de": {"Osmose ist die Wanderung von Wasser durch eine Haut.", "Enzyme sind Eiweiße, die Reaktionen beschleunigen.", "Die Wanderung von Wasser durch eine Haut nennt man Osmose./Osmose"},
		"es": {"Osmosis es el paso del agua a través de una membrana.", "El paso del agua por una membrana se llama ósmosis./ósmosis"},
		"fr": {"Osmose est le passage de l’eau à travers une membrane.", "Le passage de l’eau à travers une membrane est appelé osmose./osmose"},
		"it": {"Osmosi è il passaggio dell’acqua attraverso una membrana.", "Il passaggio dell’acqua attraverso una membrana si chiama osmosi./osmosi"},
		"pt": {"Osmose é a passagem da água por uma membrana.", "A passagem da água por uma membrana chama-se osmose./osmose"},
		"nl": {"Osmose is de beweging van water door een vlies.", "De beweging van water door een vlies noemt men osmose./osmose"},
		"pl": {"Osmoza to ruch wody przez błonę.", "Ruch wody przez błonę nazywa się osmoza./osmoza"},
		"ru": {"Осмос — это движение воды через мембрану.", "Движение воды через мембрану называется осмос./осмос"},
		"uk": {"Осмос — це рух води крізь мембрану.", "Рух води крізь мембрану називається осмос./осмос"},
		"tr": {"Ozmoz, suyun bir zardan geçmesidir.", "Suyun bir zardan geçmesine ozmoz denir./ozmoz"},
		"ar": {"التناضح هو انتقال الماء عبر غشاء.", "انتقال الماء عبر غشاء يسمى التناضح./التناضح"},
		"fa": {"اسمز یک فرایند است که آب را از غشا می\u200cگذراند و در گیاهان مهم است.", "گذر آب از غشا اسمز نامیده می\u200cشود./اسمز"},
		"ur": {"نفوذ وہ عمل ہے جس میں پانی جھلی سے گزرتا ہے۔", "پانی کے جھلی سے گزرنے کو نفوذ کہتے ہیں۔/نفوذ"},
		"hi": {"परासरण वह क्रिया है जिसमें पानी झिल्ली से होकर जाता है।", "पानी के झिल्ली से होकर जाने को परासरण कहते हैं।/परासरण"},
		"bn": {"অভিস্রবণ হলো ঝিল্লির ভেতর দিয়ে পানির চলাচল।", "ঝিল্লির ভেতর দিয়ে পানির চলাচলকে অভিস্রবণ বলে।/অভিস্রবণ"},
		"th": {"ออสโมซิสคือการเคลื่อนที่ของน้ำผ่านเยื่อ/ออสโมซิส", "การเคลื่อนที่ของน้ำผ่านเยื่อเรียกว่าออสโมซิส/ออสโมซิส"},
		"vi": {"Osmosis là sự di chuyển của nước qua một màng.", "Sự di chuyển của nước qua một màng được gọi là osmosis./osmosis"},
		"zh": {"渗透是指水通过膜的过程。/渗透", "水通过膜的过程称为渗透。/渗透"},
		"ja": {"浸透とは水が膜を通る現象である。/浸透", "水が膜を通る現象は浸透と呼ばれる。/浸透"},
		"ko": {"삼투는 물이 막을 지나는 현상이다./삼투", "물이 막을 지나는 현상을 삼투라고 한다./삼투"},
	} {
		l := languageOf(tag)
		for _, text := range sentences {
			text, term, named := strings.Cut(text, "/")
			if !named {
				term, _, _ = strings.Cut(strings.ReplaceAll(text, ",", " "), " ")
			}
			at := strings.LastIndex(text, term)
			if strings.HasPrefix(text, term) {
				at = 0
			}
			s := sentence{text: text, words: wordsOf(text, l)}
			require.True(t, l.defines(&s, at, at+len(term)), "%s: %s in %s", tag, term, text)
			require.False(t, l.dangles(text, s.words), "%s: %s", tag, text)
		}
	}
}

func TestWhatOnlyDescribesIsNoDefinition(t *testing.T) {
	t.Parallel()
	for text, term := range map[string]string{
		"The nucleus of the cell is the largest part.": "cell", "Water is cold.": "Water", "Rivers are used for transport.": "Rivers", "In the sea water is the carrier.": "water",
	} {
		l := languageOf("en")
		s := sentence{text: text, words: wordsOf(text, l)}
		at := strings.Index(text, term)
		require.False(t, l.defines(&s, at, at+len(term)), text)
	}
}

func TestOpeningsThatLeanOnTheSentenceBefore(t *testing.T) {
	t.Parallel()
	for tag, sentences := range map[string][]string{
		"en": {"It rises.", "However, rocks melt.", "On its way it cools.", "“They melt.”"}, "de": {"Diese Gläser sind hart.", "Außerdem bricht Glas.", "Bei dieser Hitze schmilzt Sand."},
		"es": {"Su masa es grande.", "Sin embargo, late.", "Fue inventado en 1816."}, "fr": {"Il monte.", "C’est un gaz.", "Dans ce cas, l’eau gèle."}, "it": {"Questo gas sale.", "È un gas."},
		"pt": {"Ele sobe.", "No entanto, a água sobe."}, "nl": {"Deze stof smelt.", "Daarom smelt ijs."}, "pl": {"Ten gaz unosi się.", "Jednak lód topnieje."}, "ru": {"Он лежит в горах.", "Однако лёд тает.", "В этом озере живут рыбы."},
		"uk": {"Він лежить у горах.", "Проте лід тане."}, "tr": {"Bu göl derindir.", "Ancak buz erir."}, "ar": {"هذه البحيرة عميقة.", "ومع ذلك يذوب الجليد."}, "fa": {"این دریاچه عمیق است.", "اما یخ آب می\u200cشود."},
		"ur": {"یہ جھیل گہری ہے۔", "لیکن برف پگھلتی ہے۔"}, "hi": {"यह झील गहरी है।", "लेकिन बर्फ पिघलती है।", "इस परिवार में आठ ग्रह हैं।"}, "bn": {"এই হ্রদ গভীর।", "কিন্তু বরফ গলে।"}, "th": {"มันลึกมาก", "แต่น้ำแข็งละลาย"},
		"vi": {"Nó rất sâu.", "Tuy nhiên băng tan.", "Hồ này rất sâu."}, "zh": {"它很深。", "但是冰会融化。", "在这个湖里有鱼。"}, "ja": {"これは深い湖である。", "しかし氷は溶ける。"}, "ko": {"이 호수는 깊다.", "그러나 얼음은 녹는다."},
	} {
		l := languageOf(tag)
		for _, text := range sentences {
			require.True(t, l.dangles(text, wordsOf(text, l)), "%s: %s", tag, text)
		}
	}
	for tag, text := range map[string]string{"en": "Italy has many volcanoes.", "de": "Esel tragen Lasten.", "es": "Estadios y plazas se llenan.", "zh": "火山会喷发。", "ru": "Онежское озеро глубокое.", "hi": "यहूदी लोग वहाँ रहते थे।"} {
		l := languageOf(tag)
		require.False(t, l.dangles(text, wordsOf(text, l)), "%s: %s", tag, text)
	}
}

func TestFormsOfANounComeTogether(t *testing.T) {
	t.Parallel()
	for tag, forms := range map[string][]string{
		"en": {"volcano", "volcanoes", "volcano's"}, "de": {"zelle", "zellen"}, "es": {"célula", "células"}, "fr": {"racine", "racines"}, "it": {"pianta", "piante"}, "pt": {"planta", "plantas"}, "nl": {"boom", "boomen"},
		"pl": {"roślina", "rośliny", "roślinami"}, "ru": {"вулкан", "вулкана", "вулканами"}, "uk": {"рослина", "рослини", "рослинами"}, "tr": {"göl", "göller", "göllerin"}, "ar": {"ماء", "الماء", "والماء"}, "fa": {"گیاه", "گیاهان"},
		"ur": {"کتاب", "کتابیں", "کتابوں"}, "hi": {"पिंड", "पिंडों"}, "bn": {"গাছ", "গাছের", "গাছগুলো"},
	} {
		l := languageOf(tag)
		for _, form := range forms[1:] {
			require.Equal(t, l.stem(forms[0]), l.stem(form), "%s: %s", tag, form)
		}
	}
	require.Equal(t, "glass", languageOf("en").stem("glass"))
}
