// Package extractive makes a course out of sources without a language model. Every sentence of a lesson is a
// quotation, byte for byte, with its place; headings are those of the sources or key terms that occur in
// them; the only other words are the labels of languages/*.json. It is pure: values in, values out, and the
// same out for the same in.
//
// How it chooses:
//
//   - Sentences are those of package text (UAX #29), put together again after abbreviations, initials and
//     ordinals. Those that cannot be read alone (no end, unbalanced brackets, too long for the level,
//     captions, rows, lists, addresses, marks of Markdown, repeats) are never shown. One that opens with a
//     pronoun or a connective is shown only after the sentence before it, and never asked about.
//   - What is central is found by TextRank over the cosines of TF-IDF vectors.
//   - Key terms are found by C-value over runs of words that are no stop words; where a script has no spaces,
//     by substrings that repeat. That knows no words: a term of Chinese, Thai, Lao, Khmer or Burmese may be
//     a piece of a phrase that is always said the same way, and one that occurs once is not found.
//   - Definitions are sentences in which a copula or a verb of naming of the language stands at the term.
//   - Lessons and their parts are one partition of the sentences: cuts are cheap at headings, dearer at
//     paragraphs, and cost what TextTiling says elsewhere; pieces of like size are preferred.
//   - Questions leave a key term or a number out of a sentence that the lesson shows.
//
// The lists of stop words, openings and verbs are written for this package, since the one maintained library
// of stop words in Go links a search index. They have function words and the commonest general words of 21
// languages, in Thai, Chinese and Japanese some forty words of function only. For other languages, the words
// that are in many sentences count as stop words, no definition is recognised, and labels are English.
package extractive
