package richtext

import (
	"slices"
	"strconv"
	"strings"
)

// step is one line of an edit: an old line that stays (possibly as another text), an old line that goes (text -1), or a
// new line (old -1).
type step struct{ old, text int }

// script lines up the lines of a text with those of its successor, in the order of the successor; old lines that go
// stand where they were. It costs no more than a bound however long the texts are: where two long stretches have nothing
// in common that can be found cheaply, one replaces the other.
func script(old, text []string) []step {
	a, b := make([]string, len(old)), make([]string, len(text))
	for i, s := range old {
		a[i] = unnumbered(s)
	}
	for i, s := range text {
		b[i] = unnumbered(s)
	}
	d := differ{a: a, b: b}
	d.compare(0, len(a), 0, len(b), maxRounds)
	return d.steps
}

// unnumbered is a line as it is compared: a numbered item is the same item under another number.
func unnumbered(s string) string {
	indent, _, rest, ok := numbered(s)
	if !ok {
		return s
	}
	return indent + "\x00. " + rest
}

// numbered reads "  12. rest".
func numbered(s string) (indent string, n int, rest string, ok bool) {
	body := strings.TrimLeft(s, " ")
	digits, rest, found := strings.Cut(body, ". ")
	if !found || digits == "" || len(digits) > maxDigits {
		return "", 0, "", false
	}
	n, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(n) != digits || n < 0 {
		return "", 0, "", false
	}
	return s[:len(s)-len(body)], n, rest, true
}

const (
	maxDigits = 6       // of an item's number
	maxRounds = 64      // of looking for lines that occur once
	maxTable  = 1 << 20 // cells of a table of lengths
	maxPairs  = 1 << 12 // pairs of lines that are looked at for likeness
)

type differ struct {
	a, b  []string
	steps []step
}

func (d *differ) keep(i, j int) { d.steps = append(d.steps, step{i, j}) }

// compare adds the steps from a[i:ie] to b[j:je].
func (d *differ) compare(i, ie, j, je, rounds int) {
	for i < ie && j < je && d.a[i] == d.b[j] {
		d.keep(i, j)
		i, j = i+1, j+1
	}
	end := 0
	for i < ie-end && j < je-end && d.a[ie-1-end] == d.b[je-1-end] {
		end++
	}
	d.middle(i, ie-end, j, je-end, rounds)
	for k := end; k > 0; k-- {
		d.keep(ie-k, je-k)
	}
}

func (d *differ) middle(i, ie, j, je, rounds int) {
	if i == ie || j == je {
		d.replace(i, ie, j, je)
		return
	}
	if (ie-i)*(je-j) <= maxTable {
		d.table(i, ie, j, je)
		return
	}
	anchors := d.unique(i, ie, j, je)
	if len(anchors) == 0 || rounds == 0 {
		d.replace(i, ie, j, je)
		return
	}
	for _, s := range anchors {
		d.compare(i, s.old, j, s.text, rounds-1)
		d.keep(s.old, s.text)
		i, j = s.old+1, s.text+1
	}
	d.compare(i, ie, j, je, rounds-1)
}

// unique are the lines that occur once on both sides, as many as keep their order.
func (d *differ) unique(i, ie, j, je int) []step {
	type seen struct{ inA, inB, at, to int }
	lines := map[string]*seen{}
	for k := i; k < ie; k++ {
		s := lines[d.a[k]]
		if s == nil {
			s = &seen{}
			lines[d.a[k]] = s
		}
		s.inA, s.at = s.inA+1, k
	}
	for k := j; k < je; k++ {
		if s := lines[d.b[k]]; s != nil {
			s.inB, s.to = s.inB+1, k
		}
	}
	var once []step
	for k := i; k < ie; k++ {
		if s := lines[d.a[k]]; s.inA == 1 && s.inB == 1 {
			once = append(once, step{k, s.to})
		}
	}
	return rising(once)
}

// rising is the longest run of steps whose second numbers rise.
func rising(steps []step) []step {
	var tails []int // of the best run of each length, the index of its last step
	before := make([]int, len(steps))
	for k, s := range steps {
		at, _ := slices.BinarySearchFunc(tails, s.text, func(t, want int) int { return steps[t].text - want })
		before[k] = -1
		if at > 0 {
			before[k] = tails[at-1]
		}
		if at == len(tails) {
			tails = append(tails, k)
		} else {
			tails[at] = k
		}
	}
	if len(tails) == 0 {
		return nil
	}
	var out []step
	for k := tails[len(tails)-1]; k >= 0; k = before[k] {
		out = append(out, steps[k])
	}
	slices.Reverse(out)
	return out
}

// table finds the most lines that two short stretches share.
func (d *differ) table(i, ie, j, je int) {
	n, m := ie-i, je-j
	width := m + 1
	length := make([]int32, (n+1)*width)
	for x := n - 1; x >= 0; x-- {
		for y := m - 1; y >= 0; y-- {
			if d.a[i+x] == d.b[j+y] {
				length[x*width+y] = length[(x+1)*width+y+1] + 1
			} else {
				length[x*width+y] = max(length[(x+1)*width+y], length[x*width+y+1])
			}
		}
	}
	x, y, fromX, fromY := 0, 0, 0, 0
	for x < n && y < m {
		switch {
		case d.a[i+x] == d.b[j+y] && length[x*width+y] == length[(x+1)*width+y+1]+1:
			d.replace(i+fromX, i+x, j+fromY, j+y)
			d.keep(i+x, j+y)
			x, y = x+1, y+1
			fromX, fromY = x, y
		case length[(x+1)*width+y] >= length[x*width+y+1]:
			x++
		default:
			y++
		}
	}
	d.replace(i+fromX, ie, j+fromY, je)
}

// replace pairs the lines of two stretches that share none: a line that is much like another is that line, changed.
func (d *differ) replace(i, ie, j, je int) {
	n, m := ie-i, je-j
	if n == 0 || m == 0 || n*m > maxPairs {
		d.inOrder(i, ie, j, je)
		return
	}
	width := m + 1
	like := make([]int, (n+1)*width)
	score := make([]int, n*m)
	for x := n - 1; x >= 0; x-- {
		for y := m - 1; y >= 0; y-- {
			s := likeness(d.a[i+x], d.b[j+y])
			score[x*m+y] = s
			best := max(like[(x+1)*width+y], like[x*width+y+1])
			if s > 0 {
				best = max(best, s+like[(x+1)*width+y+1])
			}
			like[x*width+y] = best
		}
	}
	if like[0] == 0 {
		d.inOrder(i, ie, j, je)
		return
	}
	x, y, fromX, fromY := 0, 0, 0, 0
	for x < n && y < m {
		s := score[x*m+y]
		switch {
		case s > 0 && like[x*width+y] == s+like[(x+1)*width+y+1]:
			d.inOrder(i+fromX, i+x, j+fromY, j+y)
			d.keep(i+x, j+y)
			x, y = x+1, y+1
			fromX, fromY = x, y
		case like[(x+1)*width+y] >= like[x*width+y+1]:
			x++
		default:
			y++
		}
	}
	d.inOrder(i+fromX, ie, j+fromY, je)
}

// inOrder pairs as many lines as there are on both sides, if there are as many; else the old ones go and the new ones
// come, since nothing says which is which.
func (d *differ) inOrder(i, ie, j, je int) {
	if ie-i == je-j {
		for ; i < ie; i, j = i+1, j+1 {
			d.keep(i, j)
		}
		return
	}
	for ; i < ie; i++ {
		d.steps = append(d.steps, step{i, -1})
	}
	for ; j < je; j++ {
		d.steps = append(d.steps, step{-1, j})
	}
}

// likeness is how many bytes two lines share at their ends, in thousandths of the longer, and 0 where that is less than a
// third.
func likeness(a, b string) int {
	if a == "" || b == "" {
		return 0
	}
	p, s := commonEnds(a, b)
	l := 1000 * (p + s) / max(len(a), len(b)) //nolint:mnd // thousandths
	if l < 334 {
		return 0
	}
	return l
}
