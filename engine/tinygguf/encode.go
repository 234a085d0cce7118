package tinygguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// pair is one entry of the metadata. Values are string, bool, uint32, float32, or slices of
// string, float32, int32 or bool.
type pair struct {
	key   string
	value any
}

// tensor is a matrix: rows of cols numbers each. One with a single row is written in 32 bits,
// as llama.cpp requires of norms, every other one in 16.
type tensor struct {
	name       string
	cols, rows int
	data       []float32
}

const alignment = 32

// The format's type numbers.
const (
	typeU32, typeI32, typeF32, typeBool, typeString, typeArray = 4, 5, 6, 7, 8, 9
	tensorF32, tensorF16                                       = 0, 1
)

// encode returns a GGUF file of version 3, little endian.
func encode(meta []pair, list []tensor) []byte {
	var head, body encoder
	head.raw([]byte("GGUF"))
	head.number(uint32(3))
	head.number(uint64(len(list)))
	head.number(uint64(len(meta)))
	for _, p := range meta {
		head.text(p.key)
		head.value(p.value)
	}
	for _, t := range list {
		head.text(t.name)
		head.shape(t)
		head.number(uint64(body.Len()))
		body.matrix(t)
		body.align()
	}
	head.align()
	return append(head.Bytes(), body.Bytes()...)
}

type encoder struct{ bytes.Buffer }

// A buffer never fails to take bytes.

func (e *encoder) raw(b []byte) { _, _ = e.Write(b) }

func (e *encoder) number(v any) {
	_ = binary.Write(&e.Buffer, binary.LittleEndian, v)
}

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.raw([]byte(s))
}

func (e *encoder) align() {
	e.raw(make([]byte, (alignment-e.Len()%alignment)%alignment))
}

func (e *encoder) value(value any) {
	switch v := value.(type) {
	case string:
		e.number(uint32(typeString))
		e.text(v)
	case bool:
		e.number(uint32(typeBool))
		e.number(v)
	case uint32:
		e.number(uint32(typeU32))
		e.number(v)
	case float32:
		e.number(uint32(typeF32))
		e.number(v)
	case []string:
		e.array(typeString, len(v))
		for _, s := range v {
			e.text(s)
		}
	case []float32:
		e.array(typeF32, len(v))
		e.number(v)
	case []int32:
		e.array(typeI32, len(v))
		e.number(v)
	case []bool:
		e.array(typeBool, len(v))
		e.number(v)
	default:
		panic(fmt.Sprintf("no way to write a %T", value)) // only a mistake in the metadata
	}
}

func (e *encoder) array(of uint32, length int) {
	e.number(uint32(typeArray))
	e.number(of)
	e.number(uint64(length))
}

func (e *encoder) shape(t tensor) {
	if t.rows == 1 {
		e.number(uint32(1))
		e.number(uint64(t.cols))
		e.number(uint32(tensorF32))
		return
	}
	e.number(uint32(2))
	e.number([]uint64{uint64(t.cols), uint64(t.rows)})
	e.number(uint32(tensorF16))
}

func (e *encoder) matrix(t tensor) {
	if t.rows == 1 {
		e.number(t.data)
		return
	}
	halves := make([]uint16, len(t.data))
	for i, x := range t.data {
		halves[i] = half(x)
	}
	e.number(halves)
}

// half rounds to 16 bits towards zero. Numbers too small become zero; none here is too big.
func half(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	exponent := int(bits>>23&0xff) - 127 + 15
	if exponent <= 0 {
		return sign
	}
	return sign | uint16(exponent)<<10 | uint16(bits>>13&0x3ff)
}
