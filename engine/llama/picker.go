package llama

import (
	"errors"
	"fmt"
	"unsafe"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// picker samples the next token. It applies the grammar to the sampled token alone, and to the whole
// vocabulary only when that is rejected: with Gemma's 262144 tokens that saves most of the work.
type picker struct {
	chain   yzma.Sampler
	grammar yzma.Sampler // zero: free text
	size    int
	all     []yzma.TokenData // one entry for each token of the vocabulary
}

// newPicker returns a picker; the caller frees it.
func newPicker(vocab yzma.Vocab, r Request) (*picker, error) {
	p := &picker{size: int(yzma.VocabNTokens(vocab))}
	if r.Grammar != "" {
		if p.grammar = yzma.SamplerInitGrammar(vocab, r.Grammar, "root"); p.grammar == 0 {
			return nil, ErrGrammar
		}
	}
	p.all = make([]yzma.TokenData, p.size)
	p.chain = yzma.SamplerChainInit(yzma.SamplerChainDefaultParams())
	for _, link := range links(r) {
		yzma.SamplerChainAdd(p.chain, link)
	}
	return p, nil
}

func links(r Request) []yzma.Sampler {
	if r.Temperature <= 0 {
		return []yzma.Sampler{yzma.SamplerInitGreedy()}
	}
	var list []yzma.Sampler
	if r.TopK > 0 {
		list = append(list, yzma.SamplerInitTopK(int32(r.TopK)))
	}
	if r.TopP > 0 && r.TopP < 1 {
		list = append(list, yzma.SamplerInitTopP(float32(r.TopP), 1))
	}
	return append(list, yzma.SamplerInitTemp(float32(r.Temperature)), yzma.SamplerInitDist(r.Seed))
}

func (p *picker) free() {
	yzma.SamplerFree(p.chain)
	yzma.SamplerFree(p.grammar)
}

// next samples a token after what ctx read last, and accepts it, once.
func (p *picker) next(ctx yzma.Context) (yzma.Token, error) {
	token, err := p.pick(ctx, false)
	if err == nil && !p.allowed(token) {
		token, err = p.pick(ctx, true)
		if err == nil && !p.allowed(token) {
			err = errors.New("the grammar leaves no token to go on with")
		}
	}
	if err != nil {
		return yzma.TokenNull, err
	}
	yzma.SamplerAccept(p.chain, token)
	yzma.SamplerAccept(p.grammar, token)
	return token, nil
}

// pick samples from all tokens or from those that the grammar allows.
func (p *picker) pick(ctx yzma.Context, constrained bool) (yzma.Token, error) {
	logits, err := yzma.GetLogitsIth(ctx, -1, p.size)
	if err != nil {
		return yzma.TokenNull, fmt.Errorf("sample: %w", err)
	}
	if logits == nil {
		return yzma.TokenNull, errors.New("llama.cpp has nothing to sample from")
	}
	for i, l := range logits {
		p.all[i] = yzma.TokenData{Id: yzma.Token(i), Logit: l}
	}
	list := candidates(p.all)
	if constrained {
		yzma.SamplerApply(p.grammar, list)
	}
	yzma.SamplerApply(p.chain, list)
	if list.Selected < 0 || list.Selected >= int64(list.Size) {
		return yzma.TokenNull, errors.New("llama.cpp picked no token")
	}
	return unsafe.Slice(list.Data, list.Size)[list.Selected].Id, nil //nolint:gosec // checked just now
}

// allowed reports whether the grammar accepts one token.
func (p *picker) allowed(token yzma.Token) bool {
	if p.grammar == 0 {
		return true
	}
	one := []yzma.TokenData{{Id: token, Logit: 1}}
	yzma.SamplerApply(p.grammar, candidates(one))
	return one[0].Logit > 0 // rejected ones become minus infinity
}

func candidates(list []yzma.TokenData) *yzma.TokenDataArray {
	return &yzma.TokenDataArray{Data: unsafe.SliceData(list), Size: uint64(len(list)), Selected: -1} //nolint:gosec // both from one slice
}
