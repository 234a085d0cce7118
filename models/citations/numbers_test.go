package citations

import (
	"strings"
	"testing"
)

// numberPairs are a sentence and a quote that says the same numbers.
var numberPairs = map[string]string{
	"en": `
in three hundred and fifty ships | in 350 ships
two and a half million rivets | 2,500,000 rivets
half a million people | 500,000 people
half a dozen eggs | six eggs
nineteen twenty-one | 1921
the twenty-first floor | the 21st floor
the 1920s | in 1923
the twenties | from 1921
in the 19th century | in 1845
in the nineteenth century | during the 19th century
on 3 May 1921 | on May 3, 1921
on May 3rd, 1921 | 3.5.1921
one in four children | 25 percent of the children
80 percent | four out of five
two thirds of the land | 66.7 % of the land
a quarter | 25 percent
a fifth | 20%
five to six thousand people | 5,000 to 6,000 people
2-3 million | 2,000,000 to 3,000,000
three quarters of an hour | 45 minutes
for a century and a half | for 150 years
two decades | 20 years
three centuries | 300 years
a fortnight | 14 days
26.2 miles | 42.2 kilometres
8.8 km | 8,849 m
212 degrees Fahrenheit | 100 °C
-40 °F | minus 40 degrees Celsius
about 1,200 people | 1,174 people
more than 8,000 metres | 8,849 metres
1.4 billion | 1,428,627,663
Louis the Fourteenth | Louis XIV
ten kilograms | 10,000 g
0.5 litres | half a litre
5 square kilometres | 500 hectares
5 km² | five square kilometers
$5 million | five million dollars
2½ cups | 2.5 cups
2:30 p.m. | 14:30
four fifths | 80 percent
a hundred years | 100 years
twice | two times
a dozen people | twelve people
1,234.5 m | 1234.5 metres
40 years | four decades
90 minutes | one and a half hours
nearly 9 miles | 14 kilometres
one thousand two hundred and four | 1204
a third | 33 percent
half an hour | 30 minutes
half a century | 50 years
`,
	"de": `
dreihundertfünfzig Schiffe | 350 Schiffe
zweieinhalb Millionen | 2.500.000
eine halbe Million | 500.000
achtzehnhundertzwölf | 1812
tausendzweihundertvier | 1204
am 3. Mai 1921 | am 03.05.1921
im dritten Jahrhundert | im 3. Jahrhundert
im 19. Jahrhundert | im Jahr 1845
die 1920er Jahre | 1923
in den zwanziger Jahren | 1923
zwei Drittel | 66,7 Prozent
ein Viertel | 25 %
drei Viertel | 75 Prozent
Dreiviertel der Fläche | 75 Prozent der Fläche
anderthalb Stunden | 90 Minuten
eineinhalb Kilometer | 1500 Meter
sechs- bis achttausend | 6000 bis 8000
1,5 km | 1.500 m
eine Viertelstunde | 15 Minuten
dreimal am Tag | 3-mal am Tag
rund 2,3 Mio. Euro | 2.300.000 Euro
5 Grad Celsius | 41 Grad Fahrenheit
zwölf Dutzend | 144
ein halbes Dutzend | sechs
Ludwig XIV. | Ludwig der Vierzehnte
der einundzwanzigste Tag | der 21. Tag
ein Fünftel | 20 Prozent
vierhundert Gramm | 0,4 Kilogramm
zehn Hektar | 100.000 Quadratmeter
zwei Jahrzehnte | 20 Jahre
etwa 3000 | 2.987
zwölftausend | 12 000
eine Million dreihunderttausend | 1,3 Millionen
anderthalbtausend | 1500
fünfundsiebzig Prozent | drei Viertel
die Hälfte | 50 Prozent
eine halbe Stunde | 30 Minuten
ein halbes Jahrhundert | 50 Jahre
`,
	"es": `
trescientos cincuenta barcos | 350 barcos
dos millones y medio | 2,5 millones
medio millón | 500.000
media hora | 30 minutos
medio siglo | 50 años
un kilómetro y medio | 1500 m
mil novecientos veintiuno | 1921
el 3 de mayo de 1921 | 03/05/1921
siglo diecinueve | siglo XIX
en el siglo XIX | en 1845
dos tercios | 66,7 por ciento
la cuarta parte | el 25 %
tres cuartas partes | el 75 por ciento
tres cuartos de hora | 45 minutos
una hora y media | 90 minutos
treinta y cinco | 35
cuatro de cada cinco | el 80 por ciento
1,5 kilómetros | 1.500 metros
2.200 millones | 2,2 mil millones
la vigésima vez | la vez número 20
media docena | seis
dos décadas | veinte años
40 °C | 104 grados Fahrenheit
una quinta parte | el 20 por ciento
mil doscientos cuatro | 1.204
doscientas mil personas | 200.000 personas
los años veinte | 1923
la mitad | el 50 %
cinco siglos | 500 años
un millón de habitantes | 1.000.000 de habitantes
Carlos Quinto | Carlos V
veintiún días | tres semanas
diez kilos | 10.000 gramos
unas cien hectáreas | 1 km2
ciento cuarenta y tres mil | 143.000
`,
	"ru": `
триста пятьдесят кораблей | 350 кораблей
два с половиной миллиона | 2,5 млн
полмиллиона человек | 500 тысяч человек
тысяча девятьсот двадцать первый год | 1921 год
3 мая 1921 года | 03.05.1921
в девятнадцатом веке | в XIX веке
в XIX веке | в 1845 году
в 1920-х годах | в 1923 году
в двадцатых годах | в 1923 году
две трети | 66,7 процента
четверть | 25 %
три четверти | 75 процентов
четыре пятых | 80 процентов
пятая часть | 20 процентов
полтора километра | 1500 метров
полчаса | 30 минут
полтора часа | 90 минут
полвека | пятьдесят лет
двадцать первого мая | 21 мая
1,5 тыс. рублей | 1500 рублей
двумястами пятьюдесятью метрами | 250 метров
сорока лет | 40 лет
двухсот семидесяти | 270
восемь из десяти | 80 процентов
четверть века | 25 лет
пол-литра | 0,5 литра
Людовик Четырнадцатый | Людовик XIV
три десятилетия | 30 лет
трёхсот километров | 300 км
двадцатью днями | 20 днями
полутора тысяч | 1500
дюжина яиц | двенадцать яиц
шестидесяти семи | 67
половина | 50 процентов
двести двадцать пять тысяч | 225 000
одна тысяча двести четыре | 1204
`,
	"hi": `
तीन सौ पचास जहाज़ | 350 जहाज
ढाई लाख लोग | 2,50,000 लोग
साढ़े तीन घंटे | 210 मिनट
डेढ़ करोड़ | 1.5 करोड़
सवा घंटा | 75 मिनट
पौने दो लाख | 1,75,000
३ मई १९२१ | 3 मई 1921
3 मई 1921 | 03.05.1921
उन्नीसवीं सदी | 19वीं शताब्दी
19वीं सदी | 1845
1920 के दशक | 1923
दो तिहाई | 66.7 प्रतिशत
तीन चौथाई | 75 प्रतिशत
एक चौथाई | 25%
आधा | 50 प्रतिशत
दो दशक | 20 साल
1.5 किलोमीटर | 1500 मीटर
एक करोड़ बीस लाख | 1.2 करोड़
दस लाख | 1,000,000
पच्चीसवाँ | 25वाँ
सौ साल | 100 साल
दो हज़ार तेईस | 2023
पाँचवाँ भाग | 20 प्रतिशत
दस में से आठ | 80 प्रतिशत
दो सप्ताह | चौदह दिन
पाँच हज़ार से छह हज़ार | 5000 से 6000
पाँच से छह हज़ार | 5000 से 6000
एक दर्जन | बारह
सवा लाख | 1,25,000
`,
	"zh": `
三百五十艘船 | 350艘船
二百五十万 | 250万
两万五千 | 2.5万
4.5亿 | 450000000
一千二百零四 | 1204
一九二一年 | 1921年
1921年5月3日 | 一九二一年五月三日
十九世纪 | 19世纪
19世纪 | 1845年
20世纪20年代 | 1923年
三分之二 | 66.7%
四分之一 | 25%
百分之二十五 | 25%
十四亿 | 1,400,000,000
1.5公里 | 1500米
一点五公里 | 1500米
三个月 | 3个月
第二十一届 | 第21届
两个世纪 | 200年
半小时 | 30分钟
一个半小时 | 90分钟
三十多个 | 30多个
五十摄氏度 | 122华氏度
五到六千人 | 5000到6000人
2—3万 | 20000至30000
零下40度 | -40度
十分之八 | 80%
两周 | 14天
一半 | 50%
十公斤 | 10000克
一百平方公里 | 10000公顷
两千克 | 2000克
三万六千五百二十一 | 36521
半个世纪 | 50年
半年 | 六个月
万里 | 一万里
`,
}

func TestANumberIsOneInEveryForm(t *testing.T) {
	for language, pairs := range numberPairs {
		for pair := range strings.Lines(strings.TrimSpace(pairs)) {
			one, other, _ := strings.Cut(strings.TrimSpace(pair), " | ")
			for _, side := range [2][2]string{{one, other}, {other, one}} {
				s, p := sides(language, side[0], side[1])
				if reasons := missingNumbers(s, p); len(reasons) > 0 && !coarser(side) {
					t.Errorf("%s: %q by %q: %v", language, side[0], side[1], reasons)
				}
				if len(s.numbers) == 0 {
					t.Errorf("%s: no number in %q", language, side[0])
				}
			}
		}
	}
}

// coarser reports a pair of which only the first follows from the second.
func coarser(side [2]string) bool {
	for _, exact := range []string{"1923", "1921", "1845", "42.2", "8,849", "1,174", "1,428", "2.987", "14 kilometres"} {
		if strings.Contains(side[0], exact) {
			return true
		}
	}
	return false
}

func sides(language, sentence, quote string) (s, p statement) {
	return read(Claim{Sentence: sentence, Language: language, Quote: quote, Source: quote}, 0, len(quote))
}
