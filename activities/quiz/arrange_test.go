package quiz_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/activities/quiz"
)

func TestTheRightPlaceIsEvenlySpread(t *testing.T) {
	t.Parallel()
	const questions = 1000
	for first := range 4 { // a model that always puts it there
		count := [4]int{}
		for i := range questions {
			q := quiz.Arrange(fmt.Sprintf("5d8d7a9e-0a53-5b0e-9a55-%012d/q%d", i/5, i%5+1), quiz.Question{Options: []string{"w0", "w1", "w2", "w3"}, Answer: first})
			count[q.Answer]++
			require.Equal(t, fmt.Sprint("w", first), q.Options[q.Answer])
		}
		sigma := math.Sqrt(questions * 0.25 * 0.75)
		for place, n := range count {
			require.InDelta(t, questions/4, n, 3*sigma, "place %d of %v", place, count)
		}
	}
}

func TestOptionsAboutTheOthersComeLast(t *testing.T) {
	t.Parallel()
	for _, option := range []string{
		"All of the above", "None of these.", "Neither of them", "Both A and C", "A, B", "All of the above are correct", "None",
		"Alle genannten Antworten", "Keine davon", "Nichts davon", "Alle oben genannten",
		"Todas las anteriores", "Ninguna de las anteriores", "Toutes les réponses ci-dessus", "Aucune de ces réponses",
		"Todas as alternativas anteriores", "Nenhuma das anteriores", "Tutte le precedenti", "Nessuna delle precedenti", "Alle bovenstaande antwoorden", "Geen van deze",
		"Wszystkie powyższe", "Żadna z powyższych", "Все вышеперечисленное", "Ничего из перечисленного", "Усі перелічені вище", "Жоден із варіантів",
		"Hepsi", "Yukarıdakilerin hiçbiri", "كل ما سبق", "لا شيء مما سبق", "همه موارد بالا", "هیچ\u200cکدام", "مذکورہ بالا تمام", "ان میں سے کوئی نہیں",
		"उपर्युक्त सभी", "इनमें से कोई नहीं", "উপরের সবগুলো", "উপরের কোনোটিই নয়", "ถูกทุกข้อ", "ไม่มีข้อใดถูก", "Tất cả các đáp án trên", "Không có đáp án nào",
		"以上都是", "以上皆非", "上記のすべて", "どれでもない", "위의 모든 것", "정답 없음",
	} {
		for i := range 8 {
			q := quiz.Arrange(fmt.Sprint(i), quiz.Question{Options: []string{"moon", option, "sun", "wind"}, Answer: 0})
			require.NotContains(t, q.Options[:3], option)
			require.Equal(t, "moon", q.Options[q.Answer])
		}
	}
	for _, option := range []string{"All plants", "A and the sea", "Alles Gute", "None but the brave", "月亮", "모든 물", "Vitamin A", "Both of his hands"} {
		last := 0
		for i := range 40 {
			if slices.Index(quiz.Arrange(fmt.Sprint(i), quiz.Question{Options: []string{"moon", option, "sun", "wind"}}).Options, option) == 3 {
				last++
			}
		}
		require.Less(t, last, 30, option)
	}
	q := quiz.Arrange("x", quiz.Question{Options: []string{"none of these", "all of these", "moon", "sun"}, Answer: 1})
	require.Equal(t, []string{"none of these", "all of these"}, q.Options[2:])
	require.Equal(t, 3, q.Answer)
}

// moved returns an explanation after a question's options moved, with the letters of the old places back in:
// {B} is where the option that was B is now.
func moved(t *testing.T, explanation string) {
	t.Helper()
	plain := strings.NewReplacer("{", "", "}", "").Replace(explanation)
	was := []string{"moon pull", "sun", "wind", "salt"}
	some := false
	for i := range 12 {
		q := quiz.Arrange(fmt.Sprint(i), quiz.Question{Options: was, Answer: 1, Explanation: plain})
		want := explanation
		for n, option := range was {
			want = strings.ReplaceAll(want, fmt.Sprintf("{%c}", 'A'+n), fmt.Sprintf("%c", 'A'+slices.Index(q.Options, option)))
		}
		require.Equal(t, want, q.Explanation)
		some = some || want != plain
	}
	require.Equal(t, strings.Contains(explanation, "{"), some)
}

func TestLettersOfOptionsMoveAlong(t *testing.T) {
	t.Parallel()
	for _, explanation := range []string{
		"The answer is {B}.", "The answer is {B} because A cell has a wall.", "Option {B} says so.", "The correct option is therefore ({B}).", "**{B}** is correct; {A} and {C} are wrong.",
		"{A}, {C} and {D} are incorrect.", "{B}) because the sun is far.", "Options {A} and {C} name other things.", "Correct: {B}", "So {B} is right.", "The sun ({B}) is far.", "{B} (sun) is far.",
		"Die richtige Antwort ist {B}.", "Richtig ist {B}.", "Antwort {B}, denn die Sonne ist weit.", "{B} ist richtig.", "Die Antworten {A}, {C} und {D} sind falsch.",
		"La respuesta correcta es la {B}.", "La opción {B} es correcta.", "La bonne réponse est {B}.", "La réponse {B} est juste.", "A resposta correta é a letra {B}.", "A alternativa {B} está certa.",
		"La risposta corretta è la {B}.", "Het juiste antwoord is {B}.", "Poprawna odpowiedź to {B}.", "Правильный ответ: {B}.", "Вариант {B} верен.", "Правильна відповідь: {B}.",
		"Doğru cevap {B}.", "Doğru cevap: {B}", "الإجابة الصحيحة هي {B}.", "پاسخ درست گزینه {B} است.", "درست جواب {B} ہے۔", "सही उत्तर {B} है।", "সঠিক উত্তর হলো {B}।",
		"คำตอบที่ถูกต้องคือ {B}", "ข้อ {B} ถูกต้อง", "Đáp án đúng là {B}.", "答案是{B}。", "正确答案是 {B}，因为太阳很远。", "选项{A}和{C}不对。", "正解は{B}です。", "正解は「{B}」です。", "정답은 {B}입니다.", "보기 {B}가 맞습니다.",
	} {
		moved(t, explanation)
	}
}

func TestOtherLettersStay(t *testing.T) {
	t.Parallel()
	for _, explanation := range []string{
		"A correct answer names the sun.", "A resposta está no texto.", "A cell has a wall. It needs Vitamin B and C.", "The answer is hepatitis B.", "C++ and C# are languages; the answer is C++.", "C. elegans is a worm.", "Point A is far from point B.",
		"The answer uses the blood group A rhesus.", "Plan B failed, and D-Day came.", "Vitamin B is right for you.", "À côté de la ville.", "A. Einstein said so.", "The B-cells answer.", "Set A contains set B.",
		"Le vitamine B e C.", "Die Klasse A ist groß.", "In C ist alles ein Wert.", "维生素B很重要。", "",
	} {
		moved(t, explanation)
	}
}

func TestOptionsOfLettersNameTheirNewPlaces(t *testing.T) {
	t.Parallel()
	q := quiz.Arrange("x", quiz.Question{Options: []string{"moon", "sun", "wind", "Both A and B"}, Answer: 3, Explanation: "The answer is D."})
	want := []string{string(rune('A' + slices.Index(q.Options, "moon"))), string(rune('A' + slices.Index(q.Options, "sun")))}
	require.Equal(t, "Both "+want[0]+" and "+want[1], q.Options[3])
	require.Equal(t, "The answer is D.", q.Explanation)
}

func TestArrangingLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := quiz.Question{
			Options: rapid.SliceOfN(rapid.StringN(1, 8, -1), 0, 6).Draw(t, "options"), Answer: rapid.IntRange(-1, 6).Draw(t, "answer"), Explanation: rapid.String().Draw(t, "explanation"),
		}
		id := rapid.String().Draw(t, "id")
		a := quiz.Arrange(id, q)
		if fmt.Sprint(a) != fmt.Sprint(quiz.Arrange(id, q)) {
			t.Fatal("not the same again")
		}
		if q.Answer >= 0 && q.Answer < len(q.Options) && len([]rune(q.Options[q.Answer])) < 3 && a.Options[a.Answer] != q.Options[q.Answer] {
			t.Fatalf("%v became %v", q, a)
		}
		if len(a.Options) != len(q.Options) || len([]rune(a.Explanation)) != len([]rune(q.Explanation)) {
			t.Fatalf("%v became %v", q, a)
		}
	})
}
