package eval

import "slices"

// Topic is the topic of one course.
type Topic struct {
	Text   string `json:"text"`
	Locale string `json:"locale"`
	Level  string `json:"level"` // beginner, intermediate or advanced
	Kind   string `json:"kind"`
}

// Locales returns the languages of the set, in the order of the reports.
func Locales() []string {
	var all []string
	for _, t := range Topics() {
		if !slices.Contains(all, t.Locale) {
			all = append(all, t.Locale)
		}
	}
	return all
}

func levels() []string { return []string{"beginner", "intermediate", "advanced"} }

// Topics returns the 30 topics: one of each of 21 languages and then a second one of nine, so that the first few
// of them already span languages, kinds and levels. A change makes figures incomparable with earlier ones.
//
//nolint:misspell // other languages than English
func Topics() []Topic {
	all := []Topic{
		{Text: "Sharpening kitchen knives by hand", Locale: "en", Kind: "craft"},
		{Text: "Wie Sterne entstehen und vergehen", Locale: "de", Kind: "science"},
		{Text: "La independencia de las colonias americanas", Locale: "es", Kind: "history"},
		{Text: "Les tests automatisés en JavaScript", Locale: "fr", Kind: "code"},
		{Text: "英語の冠詞の使い方", Locale: "ja", Kind: "language"},
		{Text: "Um orçamento doméstico que dura", Locale: "pt", Kind: "everyday"},
		{Text: "La ceramica fatta a mano senza tornio", Locale: "it", Kind: "craft"},
		{Text: "Hoe dijken het water tegenhouden", Locale: "nl", Kind: "science"},
		{Text: "Rzeczpospolita Obojga Narodów", Locale: "pl", Kind: "history"},
		{Text: "Запросы SQL к нескольким таблицам", Locale: "ru", Kind: "code"},
		{Text: "Наголос в українській мові", Locale: "uk", Kind: "language"},
		{Text: "Evde ilk yardım", Locale: "tr", Kind: "everyday"},
		{Text: "فن الخط العربي للمبتدئين", Locale: "ar", Kind: "craft"},
		{Text: "زمین\u200cلرزه\u200cها چگونه رخ می\u200cدهند", Locale: "fa", Kind: "science"},
		{Text: "مغلیہ سلطنت کی تاریخ", Locale: "ur", Kind: "history"},
		{Text: "पाइथन में पुनरावर्तन समझना", Locale: "hi", Kind: "code"},
		{Text: "বাংলা যুক্তবর্ণ পড়া", Locale: "bn", Kind: "language"},
		{Text: "การปลูกผักบนระเบียง", Locale: "th", Kind: "everyday"},
		{Text: "Nghề làm giấy dó thủ công", Locale: "vi", Kind: "craft"},
		{Text: "光合作用的原理", Locale: "zh", Kind: "science"},
		{Text: "조선 시대 사람들의 하루", Locale: "ko", Kind: "history"},
		{Text: "Concurrency in Go with channels", Locale: "en", Kind: "code"},
		{Text: "Italienisch für den Alltag", Locale: "de", Kind: "language"},
		{Text: "Primeros auxilios en casa", Locale: "es", Kind: "everyday"},
		{Text: "La reliure d'un livre cousu", Locale: "fr", Kind: "craft"},
		{Text: "地震はなぜ起こるのか", Locale: "ja", Kind: "science"},
		{Text: "Реформы Петра Первого", Locale: "ru", Kind: "history"},
		{Text: "اختبار البرامج بلغة بايثون", Locale: "ar", Kind: "code"},
		{Text: "हिंदी में कारक चिह्न", Locale: "hi", Kind: "language"},
		{Text: "看懂家里的电费单", Locale: "zh", Kind: "everyday"},
	}
	for i := range all {
		all[i].Level = levels()[(i+i/6)%len(levels())]
	}
	return all
}
