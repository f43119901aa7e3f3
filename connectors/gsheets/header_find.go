package gsheets

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// headerReach is how far from its configured row the header is looked for, when somebody put rows in above it or took some
// away.
const headerReach = 20

// headerTexts are the headers in a row. A cell that is merged with one above it bears that one's.
func headerTexts(g *grid, at int) []string {
	if at < 0 || at >= len(g.cells) {
		return nil
	}
	width := len(g.cells[at])
	for col := range g.merges {
		if b, ok := g.merged(at, col); ok && b.row < at {
			width = max(width, col+1)
		}
	}
	out := make([]string, width)
	for col := range out {
		from := at
		if b, ok := g.merged(at, col); ok && b.col == col {
			from = b.row
		}
		out[col] = task.TextValue(g.at(from, col).raw()).String()
	}
	return out
}

// findHeader is the row of the header: where the configuration has it, or, if it is not there, the only row nearby that holds
// the whole of it.
func (c *Connector) findHeader(g *grid) (at int) {
	configured := c.cfg.headerIndex()
	if c.headersIn(headerTexts(g, configured)) > 0 {
		return configured
	}
	var mapped int
	for _, h := range c.headers {
		if h != "" {
			mapped++
		}
	}
	at = -1
	for row := max(configured-headerReach, 0); row <= configured+headerReach; row++ {
		texts := headerTexts(g, row)
		n := c.headersIn(texts)
		if len(exactly(texts, foldHeader(idHeader))) == 1 {
			n++
		} else if c.last != nil && c.last.id >= 0 {
			continue // it had the ids in it
		}
		if n < max(mapped, 2) {
			continue
		}
		if at >= 0 {
			return configured // two rows look like it
		}
		at = row
	}
	if at < 0 {
		return configured
	}
	return at
}

// headersIn counts the mapped headers in a row; 0 where the title's is not there, once.
func (c *Connector) headersIn(texts []string) int {
	n := 0
	for f, h := range c.headers {
		switch {
		case h == "":
		case len(headed(texts, h)) == 1:
			n++
		case task.Field(f) == task.Title:
			return 0
		}
	}
	return n
}

// below is the first row under a header, and under what is merged with it.
func (g *grid) below(header int) int {
	last := header
	for col := range g.merges {
		if b, ok := g.merged(header, col); ok && b.rows <= headerReach {
			last = max(last, b.last())
		}
	}
	return last + 1
}

// movedHold says that the header was followed.
func (c *Connector) movedHold(at int) task.Hold {
	return task.Hold{
		Name: "header row", Reason: task.HoldSchemaDrift, Raw: "row " + rowNumber(at),
		Hint: fmt.Sprintf("the headers of the tab %s are in row %s, not in row %s as configured, and are read there: set header_row: %[2]s, or take the rows above out again",
			quote(c.cfg.Tab), rowNumber(at), rowNumber(c.cfg.headerIndex())),
	}
}

// bareHeader is a header without the instructions that follow it in brackets, and without the star that stands for required.
// What is in brackets otherwise, as in "Comments (old)", makes it another header.
func bareHeader(s string) string {
	s = brackets().ReplaceAllStringFunc(s, func(b string) string {
		if instructs(b[1 : len(b)-1]) {
			return " "
		}
		return b
	})
	return strings.TrimRight(foldHeader(s), " *:")
}

func brackets() *regexp.Regexp { return regexp.MustCompile(`\([^()]*\)|\[[^\[\]]*\]`) }

// instructs reports that a text tells people how to fill in a column, and not which of two columns this is.
func instructs(s string) bool {
	s = foldName(s)
	if regexp.MustCompile(`^(dd?|jj?|tt?|gg?|mm?|yyyy|aaaa|jjjj|yy)[/. -](dd?|jj?|mm?|mmm)\b`).MatchString(s) {
		return true
	}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" ,;:.!", r) }) {
		switch w {
		case "choose", "select", "pick", "dropdown", "drop-down", "please", "required", "mandatory", "optional", "format", "eg", "e.g", "yes/no", "y/n",
			"choisir", "selectionner", "obligatoire", "facultatif", "indiquer", "preciser", "ex", "oui/non", "o/n", "elegir", "seleccionar", "obligatorio", "opcional",
			"si/no", "wahlen", "auswahlen", "bitte", "pflicht", "pflichtfeld", "ja/nein", "escolher", "selecionar", "sim/nao":
			return true
		}
	}
	return s == "%"
}
