package richtext

import (
	"regexp"
	"slices"
	"strings"
)

// The macros that Jira itself brings. Others it shows as they stand, and so does this package.
//
// {code} and {noformat} show their body verbatim, {quote}, {panel} and {color} are markup around it, {anchor} has none.
const (
	verbatimMacros    = " code noformat "
	transparentMacros = " quote panel color "
	emptyMacros       = " anchor "
)

var macroTag = regexp.MustCompile(`\{([a-z]+)(:[^{}\n]*)?\}`)

// isMacro takes a name between blanks.
func isMacro(name string) bool {
	return strings.Contains(verbatimMacros, name) || strings.Contains(transparentMacros, name) || strings.Contains(emptyMacros, name)
}

// span is a stretch of the source: from its first byte to the one after its last.
type span struct{ from, to int }

// tag is a macro's opening or closing tag that is one, and so is not shown but for its title.
type tag struct {
	span

	title string
	block int // index of the block that it opens or closes
	opens bool
}

// block is a macro with a body.
type block struct {
	body     span
	verbatim bool
	depth    int
}

// macros are a source's tags and blocks, both in the order in which they begin.
type macros struct {
	tags   []tag
	blocks []block
}

type foundTag struct {
	span

	name, args string
}

// findMacros pairs the tags of a source as Jira's parser does: a tag is closed by the next one of its name without
// parameters; one that is not closed is text.
func findMacros(s string) macros {
	var found []foundTag
	closing := map[string][]int{}
	if !strings.Contains(s, "{") {
		return macros{}
	}
	for _, m := range macroTag.FindAllStringSubmatchIndex(s, -1) {
		t := foundTag{span: span{m[0], m[1]}, name: s[m[2]:m[3]]}
		if m[4] >= 0 {
			t.args = s[m[4]+1 : m[5]]
		}
		known := " " + t.name + " "
		if !isMacro(known) || escapedAt(s, t.from) ||
			t.from > 0 && s[t.from-1] == '{' {
			continue
		}
		if t.args == "" {
			closing[t.name] = append(closing[t.name], len(found))
		}
		found = append(found, t)
	}
	p := &pairing{s: s, found: found, closing: closing}
	p.within(0, len(found), 0)
	slices.SortFunc(p.out.tags, func(a, b tag) int { return a.from - b.from })
	return p.out
}

// escapedAt reports that an odd number of backslashes stands before a place.
func escapedAt(s string, at int) bool {
	n := 0
	for at-n > 0 && s[at-n-1] == '\\' {
		n++
	}
	return n%2 == 1
}

type pairing struct {
	s       string
	found   []foundTag
	closing map[string][]int
	out     macros
}

const maxMacroDepth = 40

func (p *pairing) within(from, to, depth int) {
	for i := from; i < to; i++ {
		t := p.found[i]
		name := " " + t.name + " "
		if strings.Contains(emptyMacros, name) {
			p.out.tags = append(p.out.tags, tag{span: t.span, block: -1})
			continue
		}
		ends := p.closing[t.name]
		k, _ := slices.BinarySearch(ends, i+1)
		if k == len(ends) || ends[k] >= to || depth == maxMacroDepth {
			continue
		}
		end := ends[k]
		verbatim := strings.Contains(verbatimMacros, name)
		id := len(p.out.blocks)
		p.out.blocks = append(p.out.blocks, block{body: span{t.to, p.found[end].from}, verbatim: verbatim, depth: depth + 1})
		p.out.tags = append(p.out.tags,
			tag{span: t.span, title: titleArg(t.args), block: id, opens: true}, tag{span: p.found[end].span, block: id})
		if !verbatim {
			p.within(i+1, end, depth+1)
		}
		i = end
	}
}

// titleArg is the title among a macro's parameters, which people see above its body.
func titleArg(args string) string {
	for part := range strings.SplitSeq(args, "|") {
		if t, ok := strings.CutPrefix(strings.TrimSpace(part), "title="); ok {
			return oneLine(strings.TrimSpace(t))
		}
	}
	return ""
}
