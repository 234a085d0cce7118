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
func Locales() []string { return []string{"en", "de", "es", "fr", "ja"} }

func levels() []string { return []string{"beginner", "intermediate", "advanced"} }

// subjects has a row for each kind and a column for each locale. A change makes
// figures incomparable with earlier ones.
//
//nolint:misspell // other languages than English
func subjects() []subject {
	return []subject{
		{"craft", [5]string{"Sharpening kitchen knives by hand", "Holzverbindungen ohne Leim und Schrauben", "Cerámica hecha a mano sin torno", "La reliure d'un livre cousu", "藍染めの基本"}},
		{"science", [5]string{"How vaccines train the immune system", "Wie Sterne entstehen und vergehen", "La fotosíntesis", "La tectonique des plaques", "地震はなぜ起こるのか"}},
		{"history", [5]string{"The printing press and the Reformation", "Die Hanse im Mittelalter", "La independencia de las colonias americanas", "La Révolution française de 1789 à 1799", "江戸時代の町人の暮らし"}},
		{"code", [5]string{"Concurrency in Go with channels", "Rekursion verstehen mit Python", "Consultas SQL con varias tablas", "Les tests automatisés en JavaScript", "Gitによるバージョン管理"}},
		{"language", [5]string{"Reading Latin inscriptions", "Italienisch für den Alltag", "La pronunciación del inglés", "Les bases de la langue des signes", "英語の冠詞の使い方"}},
		{"everyday", [5]string{"A household budget that lasts", "Gemüse auf dem Balkon ziehen", "Primeros auxilios en casa", "Comprendre sa facture d'électricité", "一週間の献立の立て方"}},
	}
}

type subject struct {
	kind  string
	texts [5]string
}

// Topics returns the 30 topics, with languages alternating, so that the first few of
// them already span languages and levels. Every language has two topics of each level.
func Topics() []Topic {
	var all []Topic
	for i, s := range subjects() {
		for j, locale := range Locales() {
			all = append(all, Topic{Text: s.texts[j], Locale: locale, Level: levels()[(i+j)%len(levels())], Kind: s.kind})
		}
	}
	return slices.Clip(all)
}
