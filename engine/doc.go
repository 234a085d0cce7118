// Package engine is Lyo's own model server: it serves OpenAI's chat and embeddings API with
// models in this process. A model is loaded on first use and unloaded when idle. A bounded
// number of requests runs at once, a bounded number waits in a queue, the rest is refused
// with a retry time. A client that leaves, waiting or in mid-answer, frees its place or slot at once.
package engine
