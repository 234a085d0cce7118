package text_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/text"
)

func TestLanguagesAreTold(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]string{
		"de": "Ein Gletscher ist eine große Masse aus Eis, die sich unter ihrem eigenen Gewicht langsam talwärts bewegt und dabei den Untergrund formt.",
		"en": "A glacier is a large body of ice that moves slowly downhill under its own weight and shapes the ground below it as it goes.",
		"fr": "Un glacier est une masse de glace qui se déplace lentement sous l'effet de son propre poids et qui façonne le sol sous elle.",
		"hi": "हिमनद बर्फ का एक विशाल पिंड है जो अपने ही भार से धीरे धीरे नीचे की ओर खिसकता है और नीचे की भूमि को आकार देता है।",
		"ja": "氷河とは、自らの重さでゆっくりと流れ下る大きな氷のかたまりのことである。",
		"zh": "冰川是在自身重量作用下缓慢移动的巨大冰体，它会改变下面的地面。",
		"ru": "Ледник представляет собой большую массу льда, которая медленно движется вниз под действием собственного веса.",
		"":   "1 2 3",
	} {
		require.Equal(t, want, text.Language(s), s)
		require.Equal(t, want, text.Language(strings.Repeat(s+" ", 200)), "a long one")
	}
}
