package tinygguf

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// That llama.cpp accepts the files, and the generated text, is tested in package llama.

func TestTheSameOptionsGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	write := func(o Options) []byte {
		if err := Write(path, o); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	first, other, again := write(Options{}), write(Options{Seed: 1}), write(Options{})
	if !bytes.Equal(first, again) || bytes.Equal(first, other) {
		t.Error("the bytes do not depend on the seed alone")
	}
	if len(first) > 2<<20 || len(first)%alignment != 0 {
		t.Errorf("%d bytes", len(first))
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".tinygguf-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := Write(filepath.Join(path, "no", "folder"), Options{}); err == nil {
		t.Error("a file was written where none can be")
	}
}

// TestVocabulary checks that the fixed ids are Gemma's, no text occurs twice, and every role has tokens.
func TestVocabulary(t *testing.T) {
	t.Parallel()
	words := vocabulary(Options{Unused: 3})
	for place, text := range map[int]string{
		pad: "<pad>", eos: "<eos>", bos: "<bos>", unk: "<unk>", newline: "\n",
		startOfTurn: "<start_of_turn>", endOfTurn: "<end_of_turn>",
	} {
		if words[place].text != text {
			t.Errorf("token %d is %q and should be %q", place, words[place].text, text)
		}
	}
	seen, played := map[string]bool{}, map[role]int{}
	for _, w := range words {
		if seen[w.text] {
			t.Errorf("%q occurs twice", w.text)
		}
		seen[w.text] = true
		played[w.role]++
	}
	for part := range parts {
		for _, r := range []role{opens(part), beginsSentence(part), inSentence(part), endsSentence(part)} {
			if played[r] < 3 {
				t.Errorf("part %d has only %d tokens of role %d", part, played[r], r)
			}
		}
	}
}

func TestHalf(t *testing.T) {
	t.Parallel()
	for x, want := range map[float32]uint16{0: 0, 1: 0x3c00, -2: 0xc000, 0.5: 0x3800, -30: 0xcf80, 65504: 0x7bff, 1e-9: 0} {
		if got := half(x); got != want {
			t.Errorf("%v is %#x and should be %#x", x, got, want)
		}
	}
}

// TestLayout reads the offsets of tensors back: aligned, consecutive, complete.
func TestLayout(t *testing.T) {
	t.Parallel()
	list := []tensor{blank("a", 3, 2), blank("b", 5, 1), blank("c", 4, 4)}
	list[1].data[4] = 7
	file := encode(nil, list)
	// Two bytes a number in a, padded; four in b.
	body := file[len(file)-32-32-32:]
	if got := math.Float32frombits(binary.LittleEndian.Uint32(body[32+16:])); got != 7 {
		t.Errorf("b is not where it should be: %v", got)
	}
}
