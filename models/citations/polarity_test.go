package citations

import (
	"strings"
	"testing"
)

// agreeing are sentences and quotes that say the same, one of them with a negation that the other does not
// have, or with a negation of something else.
var agreeing = map[string]string{
	"en": `
The kiwi is unable to fly. | The kiwi cannot fly.
The kiwi is a flightless bird. | The kiwi cannot fly.
The desert lacks water. | There is no water in the desert.
The law forbids smoking in trains. | The law does not allow smoking in trains.
Only in 1990 was the bridge finished. | The bridge was not finished until 1990.
The team won every game. | The team never lost a game.
The notes are made of cotton. | The notes are not made of paper but of cotton.
Women and men may vote. | Not only men but also women may vote.
Such storms are frequent. | Such storms are not rare.
The king refused to sign the treaty. | The king did not sign the treaty.
The mine was closed in 1950. | The mine was closed in 1950 and has never been opened again.
Few visitors knew the cave. | The cave was not known to many visitors.
The painter stayed poor. | The painter did not become rich.
Cotton, rather than paper, is used for the notes. | The notes are not made of paper but of cotton.
The planet has no moon. | The planet is without a moon.
No other river is as long as the Nile. | The Nile is the longest river.
At most ten people fit into the boat. | No more than ten people fit into the boat.
`,
	"de": `
Der Kiwi ist flugunfähig. | Der Kiwi kann nicht fliegen.
In der Wüste fehlt Wasser. | In der Wüste gibt es kein Wasser.
Das Gesetz verbietet das Rauchen im Zug. | Das Gesetz erlaubt das Rauchen im Zug nicht.
Erst 1990 wurde die Brücke fertig. | Die Brücke wurde nicht vor 1990 fertig.
Die Mannschaft gewann jedes Spiel. | Die Mannschaft verlor kein einziges Spiel.
Die Scheine bestehen aus Baumwolle. | Die Scheine bestehen nicht aus Papier, sondern aus Baumwolle.
Solche Stürme sind häufig. | Solche Stürme sind nicht selten.
Der König weigerte sich, den Vertrag zu unterschreiben. | Der König unterschrieb den Vertrag nicht.
Das Bergwerk schloss 1950. | Das Bergwerk schloss 1950 und wurde nie wieder geöffnet.
Der Maler blieb arm. | Der Maler wurde nicht reich.
Kein anderer Fluss ist so lang wie der Nil. | Der Nil ist der längste Fluss.
Männer und Frauen dürfen wählen. | Nicht nur Männer, sondern auch Frauen dürfen wählen.
Der Zug blieb im Schnee stehen. | Der Zug kam im Schnee nicht weiter.
Der Bauer hasste den König. | Der Bauer mochte den König nicht.
Höchstens zehn Personen passen in das Boot. | Nicht mehr als zehn Personen passen in das Boot.
`,
	"es": `
El kiwi es incapaz de volar. | El kiwi no puede volar.
En el desierto falta agua. | En el desierto no hay agua.
La ley prohíbe fumar en los trenes. | La ley no permite fumar en los trenes.
Solo en 1990 se terminó el puente. | El puente no se terminó hasta 1990.
El rey rechazó el tratado y no firmó nada. | El rey no aceptó el tratado.
El equipo ganó todos los partidos. | El equipo no perdió ningún partido.
Los billetes son de algodón. | Los billetes no son de papel, sino de algodón.
Esas tormentas son frecuentes. | Esas tormentas no son raras.
El rey se negó a firmar el tratado. | El rey no firmó el tratado.
La mina cerró en 1950. | La mina cerró en 1950 y nunca volvió a abrirse.
El pintor siguió siendo pobre. | El pintor no se hizo rico.
Ningún otro río es tan largo como el Nilo. | El Nilo es el río más largo.
Votan los hombres y también las mujeres. | No solo votan los hombres, sino también las mujeres.
Como máximo caben diez personas en el bote. | En el bote no caben más de diez personas.
`,
	"ru": `
Киви неспособна к полёту. | Киви не умеет летать.
В пустыне отсутствует вода. | В пустыне нет воды.
Закон запрещает курить в поездах. | Закон не разрешает курить в поездах.
Лишь в 1990 году мост достроили. | Мост не был достроен до 1990 года.
Команда выиграла все матчи. | Команда не проиграла ни одного матча.
Банкноты делают из хлопка. | Банкноты делают не из бумаги, а из хлопка.
Такие бури часты. | Такие бури не редки.
Король отказался подписать договор. | Король не подписал договор.
Шахта закрылась в 1950 году. | Шахта закрылась в 1950 году и больше никогда не открывалась.
Художник остался бедным. | Художник не разбогател.
Никакая другая река не длиннее Нила. | Нил — самая длинная река.
Голосуют и мужчины, и женщины. | Голосуют не только мужчины, но и женщины.
Самое большее десять человек помещается в лодку. | В лодку помещается не более десяти человек.
`,
	"hi": `
कीवी उड़ने में असमर्थ है। | कीवी उड़ नहीं सकती।
रेगिस्तान में पानी का अभाव है। | रेगिस्तान में पानी नहीं है।
रेल में धूम्रपान वर्जित है। | रेल में धूम्रपान की अनुमति नहीं है।
नोट कपास से बनते हैं। | नोट काग़ज़ से नहीं बल्कि कपास से बनते हैं।
ऐसे तूफ़ान अक्सर आते हैं। | ऐसे तूफ़ान दुर्लभ नहीं हैं।
राजा ने संधि पर हस्ताक्षर करने से इनकार किया। | राजा ने संधि पर हस्ताक्षर नहीं किए।
खदान 1950 में बंद हुई। | खदान 1950 में बंद हुई और फिर कभी नहीं खुली।
चित्रकार ग़रीब ही रहा। | चित्रकार अमीर नहीं बना।
नील से लंबी कोई और नदी नहीं है। | नील सबसे लंबी नदी है।
`,
	"zh": `
几维鸟是不会飞的鸟。 | 几维鸟无法飞行。
沙漠里缺水。 | 沙漠里没有水。
法律禁止在火车上吸烟。 | 法律不允许在火车上吸烟。
直到1990年桥才建成。 | 桥在1990年以前没有建成。
钞票是用棉花做的。 | 钞票不是用纸做的，而是用棉花做的。
这种风暴很常见。 | 这种风暴并不少见。
国王拒绝签署条约。 | 国王没有签署条约。
矿井在1950年关闭。 | 矿井在1950年关闭，此后没有再开放。
画家一直很穷。 | 画家没有变富。
没有别的河比尼罗河更长。 | 尼罗河是最长的河。
最多十个人能坐进小船。 | 不超过十个人能坐进小船。
`,
}

// contradicting are sentences and quotes of which one denies what the other says.
var contradicting = map[string]string{
	"en": `
The kiwi can fly over long distances. | The kiwi cannot fly.
There is water in the desert. | There is no water in the desert.
The king signed the treaty in London. | The king did not sign the treaty.
The king did not sign the treaty. | In 1713 the king signed the treaty.
The bridge was never finished. | The bridge was finished in 1990.
The soup is made with salt. | The soup is made without salt.
The notes are made of paper. | The notes are not made of paper but of cotton.
Nobody survived the fire. | Twelve people survived the fire.
`,
	"de": `
Der Kiwi kann weit fliegen. | Der Kiwi kann nicht fliegen.
In der Wüste gibt es Wasser. | In der Wüste gibt es kein Wasser.
Der König unterschrieb den Vertrag in London. | Der König unterschrieb den Vertrag nicht.
Der König unterschrieb den Vertrag nicht. | Im Jahr 1713 unterschrieb der König den Vertrag.
Die Brücke wurde nie fertig. | Die Brücke wurde 1990 fertig.
Man kocht die Suppe mit Salz. | Man kocht die Suppe ohne Salz.
Die Scheine bestehen aus Papier. | Die Scheine bestehen nicht aus Papier, sondern aus Baumwolle.
`,
	"es": `
El kiwi puede volar muy lejos. | El kiwi no puede volar.
En el desierto hay agua. | En el desierto no hay agua.
El rey firmó el tratado en Londres. | El rey no firmó el tratado.
El rey no firmó el tratado. | En 1713 el rey firmó el tratado.
El puente nunca se terminó. | El puente se terminó en 1990.
La sopa se hace con sal. | La sopa se hace sin sal.
Los billetes son de papel. | Los billetes no son de papel, sino de algodón.
`,
	"ru": `
Киви умеет летать далеко. | Киви не умеет летать.
В пустыне есть вода. | В пустыне нет воды.
Король подписал договор в Лондоне. | Король не подписал договор.
Король не подписал договор. | В 1713 году король подписал договор.
Мост так и не достроили. | Мост достроили в 1990 году.
Суп варят с солью. | Суп варят без соли.
Банкноты делают из бумаги. | Банкноты делают не из бумаги, а из хлопка.
`,
	"hi": `
कीवी दूर तक उड़ सकती है। | कीवी उड़ नहीं सकती।
रेगिस्तान में पानी है। | रेगिस्तान में पानी नहीं है।
राजा ने संधि पर हस्ताक्षर किए। | राजा ने संधि पर हस्ताक्षर नहीं किए।
राजा ने संधि पर हस्ताक्षर नहीं किए। | 1713 में राजा ने संधि पर हस्ताक्षर किए।
सूप नमक डालकर बनता है। | सूप बिना नमक के बनता है।
नोट काग़ज़ से बनते हैं। | नोट काग़ज़ से नहीं बल्कि कपास से बनते हैं।
`,
	"zh": `
几维鸟会飞行。 | 几维鸟不会飞行。
沙漠里有水源。 | 沙漠里没有水源。
国王签署了条约。 | 国王没有签署条约。
国王没有签署条约。 | 1713年国王签署了条约。
桥从未建成。 | 桥在1990年建成。
这种汤放盐。 | 这种汤不放盐。
钞票是用纸做的。 | 钞票不是用纸做的，而是用棉花做的。
`,
}

func TestADenialIsFoundWhereTheSameIsDenied(t *testing.T) {
	for language, pairs := range contradicting {
		for pair := range strings.Lines(strings.TrimSpace(pairs)) {
			sentence, quote, _ := strings.Cut(strings.TrimSpace(pair), " | ")
			if s, p := sides(language, sentence, quote); len(contradictions(s, p)) == 0 {
				t.Errorf("%s: %q is taken to follow from %q", language, sentence, quote)
			}
		}
	}
}

func TestADenialInOtherWordsIsNone(t *testing.T) {
	for language, pairs := range agreeing {
		for pair := range strings.Lines(strings.TrimSpace(pairs)) {
			sentence, quote, _ := strings.Cut(strings.TrimSpace(pair), " | ")
			if s, p := sides(language, sentence, quote); len(contradictions(s, p)) > 0 {
				t.Errorf("%s: %q by %q: %v", language, sentence, quote, contradictions(s, p))
			}
		}
	}
}
