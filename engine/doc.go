// Package engine is Lyo's own model server: it speaks OpenAI's chat and embeddings API over
// a model in this process. The model is loaded on first use and let go when idle; a bounded
// number of requests is answered at once, a bounded number waits in line, the rest is told to
// come back. Whoever leaves, waiting or in mid-answer, frees what was theirs at once.
package engine
