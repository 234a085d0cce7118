package llmtest

var portuguese = phrases{
	plans:       []string{"Primeiros passos em %s", "As partes de %s", "Como tudo se liga em %s", "O uso de %s"},
	course:      "Aprender %s",
	summary:     "Um curso curto sobre %s.",
	description: "Quatro lições que levam das primeiras palavras de %s a um uso próprio.",
	part:        "A parte %d trata de %s e põe à prova o que foi dito.", explain: "Explicar a parte %d de %s", try: "Fazer a experiência com um caso simples",
	about:    "Esta lição trata de %s. Ela faz parte do estudo de %s.",
	sections: []string{"O que é", "Por que é importante", "Como funciona", "Um exemplo", "Resumo"},
	who:      []string{"O leitor atento", "A aluna nova", "O engenheiro", "A professora", "O amigo curioso"},
	does:     []string{"compara", "mede", "desenha", "descreve", "organiza", "observa"},
	what:     []string{"a menor das partes", "cada passo visível", "um erro dos primeiros dias", "o caso mais comum", "um limite escondido", "a forma de sempre", "uma diferença clara"},
	sentence: "%s %s %s na parte %d de %s e escreve a observação número %d antes de seguir em frente.",
	study: []string{
		"Como você explicaria %s a um amigo?", "Por qual passo de %s você começaria, e por quê?", "O que pode dar errado com %s?",
	},
	definition: "É disso que trata a lição.", ask: "Pergunta %d: qual destas palavras está na lição %s?",
	because: "A lição usa a palavra %s em seu texto.", wrong: []string{"nada disso", "só o que os outros dizem", "o que houver de mais novo"},
}

var italian = phrases{
	plans:       []string{"I primi passi: %s", "Le parti: %s", "Come tutto si tiene: %s", "L'uso: %s"},
	course:      "Imparare: %s",
	summary:     "Un breve corso su %s.",
	description: "Quattro lezioni che portano dalle prime parole di %s a un uso proprio.",
	part:        "La parte %d parla di %s e la mette alla prova.", explain: "Spiegare la parte %d di %s", try: "Provare con un caso semplice",
	about:    "Questa lezione parla di %s. Fa parte dello studio di %s.",
	sections: []string{"Che cosa è", "Perché è importante", "Come funziona", "Un esempio", "Riassunto"},
	who:      []string{"Il lettore attento", "La nuova allieva", "L'ingegnere", "La maestra", "Un amico curioso"},
	does:     []string{"confronta", "misura", "disegna", "descrive", "mette in ordine", "osserva"},
	what:     []string{"la parte più piccola", "ogni passo che si vede", "un errore dei primi giorni", "il caso più comune", "un limite nascosto", "la forma di sempre", "una differenza chiara"},
	sentence: "%s %s %s nella parte %d di %s e scrive la nota numero %d prima di andare avanti.",
	study: []string{
		"Come si può spiegare %s a un amico?", "Da quale passo di %s si può cominciare, e perché?", "Che cosa può andare male con %s?",
	},
	definition: "È quello di cui parla la lezione.", ask: "Domanda %d: quale di queste parole si trova nella lezione %s?",
	because: "La lezione usa la parola %s nel suo testo.", wrong: []string{"niente del genere", "solo quello che dicono gli altri", "la cosa più nuova"},
}

var dutch = phrases{
	plans:       []string{"De eerste stappen: %s", "De delen van %s", "Hoe alles past bij %s", "Het gebruik van %s"},
	course:      "Leren over %s",
	summary:     "Een korte cursus over %s.",
	description: "Vier lessen die van de eerste woorden over %s naar een eigen gebruik leiden.",
	part:        "Deel %d gaat over %s en probeert het uit.", explain: "Deel %d van %s uitleggen", try: "Het met een klein geval proberen",
	about:    "Deze les gaat over %s. Zij hoort bij de studie van %s.",
	sections: []string{"Wat het is", "Waarom het ertoe doet", "Hoe het werkt", "Een voorbeeld", "Samenvatting"},
	who:      []string{"Een goede lezer", "De nieuwe leerling", "De ingenieur", "De lerares", "Een vriend uit de buurt"},
	does:     []string{"vergelijkt", "meet", "tekent", "noemt", "beschrijft", "ordent"},
	what:     []string{"het kleinste deel", "elke stap die te zien is", "een fout uit het begin", "het gewone geval", "een verborgen grens", "de vorm van alle dagen", "een duidelijk verschil"},
	sentence: "%s %s %s in deel %d van %s en schrijft de waarneming met het nummer %d op voor het verder gaat.",
	study: []string{
		"Hoe zou je %s aan een vriend uitleggen?", "Met welke stap van %s zou je beginnen, en waarom?", "Wat kan er misgaan met %s?",
	},
	definition: "Daar gaat deze les over.", ask: "Vraag %d: welk van deze woorden staat in de les %s?",
	because: "De les gebruikt het woord %s in de tekst.", wrong: []string{"niets daarvan", "alleen wat anderen zeggen", "altijd het nieuwste"},
}

var polish = phrases{
	plans:       []string{"Pierwsze kroki: %s", "Części całości: %s", "Jak to się łączy: %s", "Zastosowanie: %s"},
	course:      "Uczymy się: %s",
	summary:     "Krótki kurs na temat: %s.",
	description: "Cztery lekcje, które prowadzą od pierwszych słów na temat „%s” do własnego zastosowania.",
	part:        "Część %d mówi o tym, czym jest „%s”, i pozwala to wypróbować.", explain: "Wyjaśnić część %d tematu „%s”", try: "Spróbować na małym przykładzie",
	about:    "Ta lekcja jest na temat „%s”. Należy do nauki tematu „%s”.",
	sections: []string{"Co to jest", "Dlaczego to ważne", "Jak to działa", "Przykład", "Podsumowanie"},
	who:      []string{"Uważny czytelnik", "Nowa uczennica", "Inżynier", "Nauczycielka", "Ciekawy przyjaciel"},
	does:     []string{"porównuje", "mierzy", "rysuje", "nazywa", "opisuje"},
	what:     []string{"najmniejszą część", "każdy widoczny krok", "dawny błąd", "zwykły przypadek", "ukrytą granicę", "znaną postać rzeczy", "wyraźną różnicę"},
	sentence: "%s %s %s w części %d lekcji „%s” i zapisuje uwagę numer %d, zanim pójdzie dalej.",
	study: []string{
		"Jak można wyjaśnić przyjacielowi temat „%s”?", "Od którego kroku tematu „%s” warto zacząć i dlaczego?", "Co może pójść źle w temacie „%s”?",
	},
	definition: "O tym mówi ta lekcja.", ask: "Pytanie %d: które z tych słów jest w lekcji „%s”?",
	because: "W tekście lekcji jest słowo %s.", wrong: []string{"nic z tych rzeczy", "tylko to, co mówią inni", "zawsze coś nowego"},
}

var ukrainian = phrases{
	plans:       []string{"Перші кроки: %s", "Частини цілого: %s", "Як усе пов'язано: %s", "Застосування: %s"},
	course:      "Вивчаємо: %s",
	summary:     "Короткий курс на тему «%s».",
	description: "Чотири уроки, які ведуть від перших слів теми «%s» до власного застосування.",
	part:        "Частина %d розповідає про «%s» і дає спробувати.", explain: "Пояснити частину %d теми «%s»", try: "Спробувати на простому випадку",
	about:    "Цей урок розповідає про «%s». Він належить до теми «%s».",
	sections: []string{"Що це таке", "Чому це важливо", "Як це працює", "Приклад", "Підсумок"},
	who:      []string{"Уважний читач", "Нова учениця", "Інженер", "Учителька", "Допитливий друг"},
	does:     []string{"порівнює", "вимірює", "малює", "називає", "описує"},
	what:     []string{"найменшу частину", "кожний видимий крок", "давню помилку", "звичайний випадок", "приховану межу", "звичну форму", "чітку відмінність"},
	sentence: "%s %s %s у частині %d уроку «%s» і записує спостереження номер %d, перш ніж іти далі.",
	study: []string{
		"Як би ви пояснили другові тему «%s»?", "З якого кроку теми «%s» ви б почали?", "Що може піти не так у темі «%s»?",
	},
	definition: "Про це розповідає урок.", ask: "Питання %d: яке з цих слів є в уроці «%s»?",
	because: "У тексті уроку є слово «%s».", wrong: []string{"нічого такого", "тільки чужі слова", "найновіше з усього"},
}

var turkish = phrases{
	plans:       []string{"İlk adımlar: %s", "Parçalar: %s", "Her şey nasıl birleşir: %s", "Kullanım: %s"},
	course:      "Öğreniyoruz: %s",
	summary:     "%s üzerine kısa bir ders.",
	description: "%s konusunun ilk sözlerinden kendi kullanımınıza kadar götüren dört ders.",
	part:        "Bölüm %d, %s konusunu ele alır ve dener.", explain: "Bölüm %d: %s konusunu anlatmak", try: "Küçük bir örnek ile denemek",
	about:    "Bu ders %s üzerinedir. %s konusunun bir parçasıdır.",
	sections: []string{"Bu nedir", "Neden önemlidir", "Nasıl çalışır", "Bir örnek", "Özet"},
	who:      []string{"Dikkatli bir okur", "Yeni bir öğrenci", "Bir mühendis", "Öğretmen", "Meraklı bir arkadaş"},
	does:     []string{"karşılaştırır", "ölçer", "çizer", "anlatır", "sıraya koyar"},
	what:     []string{"en küçük parçayı", "görünen her adımı", "ilk günlerin bir hatasını", "en sık görülen durumu", "gizli bir sınırı", "her zamanki biçimi", "açık bir farkı"},
	sentence: "%[1]s bölüm %[4]d içinde %[3]s %[2]s ve «%[5]s» için %[6]d numaralı gözlemi yazdıktan sonra yoluna devam eder.",
	study: []string{
		"%s konusunu bir arkadaşına nasıl anlatırsın?", "%s için hangi adım ile başlarsın ve neden?", "%s konusunda ne yanlış gidebilir?",
	},
	definition: "Bu dersin konusu budur.", ask: "Soru %d: bu sözlerden hangisi %s dersinde geçer?",
	because: "Derste %s sözü geçer.", wrong: []string{"bunların hiçbiri değil", "yalnız başkalarının dediği", "her zaman en yenisi"},
}
