package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"slices"
)

// chart is a chart of figures: bars, or lines over a scale.
type chart struct {
	title string
	unit  string // of the vertical axis
	bars  []bar
	lines []curve
	along string // the horizontal axis, for lines; its scale is logarithmic
}

type bar struct {
	name  string
	value float64
}

// curve is a line through points, from left to right.
type curve struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// The sizes of a chart in pixels.
const (
	wide, high     = 640, 320
	left, right    = 80, 20
	top, bottom    = 44, 56
	innerW, innerH = wide - left - right, high - top - bottom
)

// colours can be distinguished by colour-blind readers.
var colours = []string{"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"}

// svg draws the chart. It needs no font and no other file.
func (c chart) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", wide, high)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="white"/>`+"\n", wide, high)
	text(&b, wide/2, 20, "middle", c.title, ` font-size="15"`)
	most := scale(c.highest())
	for i := range 5 {
		y := top + float64(innerH)*float64(4-i)/4
		fmt.Fprintf(&b, `<line x1="%d" y1="%.1f" x2="%d" y2="%.1f" stroke="#ddd"/>`+"\n", left, y, wide-right, y)
		text(&b, left-6, y+4, "end", figure(most*float64(i)/4), "")
	}
	text(&b, left, top-8, "start", c.unit, "")
	if len(c.bars) > 0 {
		c.drawBars(&b, most)
	} else {
		c.drawLines(&b, most)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

func text(b *bytes.Buffer, x, y float64, anchor, content, more string) {
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" text-anchor="%s"%s>%s</text>`+"\n", x, y, anchor, more, html.EscapeString(content))
}

func (c chart) highest() (most float64) {
	for _, one := range c.bars {
		most = max(most, one.value)
	}
	for _, l := range c.lines {
		for _, p := range l.points {
			most = max(most, p.y)
		}
	}
	return most
}

// scale returns a round number not below the highest value.
func scale(most float64) float64 {
	if most <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most)))
	for _, steps := range []float64{1, 1.6, 2, 2.4, 4, 6, 8, 10} {
		if steps*unit >= most {
			return steps * unit
		}
	}
	return 10 * unit
}

func (c chart) drawBars(b *bytes.Buffer, most float64) {
	slot := float64(innerW) / float64(len(c.bars))
	for i, one := range c.bars {
		tall := float64(innerH) * one.value / most
		x := left + slot*(float64(i)+0.2)
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, top+innerH-tall, slot*0.6, tall, colours[i%len(colours)])
		text(b, x+slot*0.3, top+innerH-tall-4, "middle", figure(one.value), "")
		text(b, x+slot*0.3, top+innerH+18, "middle", one.name, "")
	}
}

func (c chart) drawLines(b *bytes.Buffer, most float64) {
	xs := c.places()
	if len(xs) == 0 {
		return
	}
	from, to := math.Log10(xs[0]), math.Log10(xs[len(xs)-1])
	at := func(x float64) float64 { return left + float64(innerW)*(math.Log10(x)-from)/max(to-from, 1e-9) }
	for _, x := range xs {
		text(b, at(x), top+innerH+18, "middle", fmt.Sprintf("%g", x), "")
	}
	text(b, wide/2, high-6, "middle", c.along, "")
	for i, l := range c.lines {
		colour := colours[i%len(colours)]
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, colour)
		for _, p := range l.points {
			fmt.Fprintf(b, "%.1f,%.1f ", at(p.x), top+float64(innerH)*(1-p.y/most))
		}
		b.WriteString(`"/>` + "\n")
		text(b, float64(left+8), float64(top+16*(i+1)), "start", l.name, fmt.Sprintf(` fill=%q`, colour))
	}
}

// places returns the horizontal positions, distinct and in order. They are above 0.
func (c chart) places() (xs []float64) {
	for _, l := range c.lines {
		for _, p := range l.points {
			xs = append(xs, p.x)
		}
	}
	slices.Sort(xs)
	return slices.Compact(xs)
}
