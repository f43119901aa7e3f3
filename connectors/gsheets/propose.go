package gsheets

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// nature is what the cells of a column look like: of those that hold something, the share that is of a kind.
type nature struct {
	n                                          int
	days, statuses, ratings, shares, yes, mail float64
	length                                     float64 // of a text, in characters, on average
	distinct                                   float64
}

// natureOf looks through the cells of a column under a header.
func natureOf(g *grid, l *layout, r *reader, col int) nature {
	var k nature
	texts := map[string]bool{}
	for at := l.first; at < len(g.cells); at++ {
		c := g.at(at, col)
		if c.blank() || c.kind == boolCell && !c.yes {
			continue
		}
		k.n++
		s := text(c)
		texts[cells.FoldName(s)] = true
		k.length += float64(len(s))
		count := func(share *float64, ok bool) {
			if ok {
				*share++
			}
		}
		day, _ := r.readDate(task.Due, c)
		count(&k.days, !day.IsNone() && (c.kind == textCell || c.dated()))
		count(&k.statuses, c.kind == textCell && r.vocabulary.StatusOf(s) != "")
		count(&k.ratings, c.kind == textCell && cells.RAGWord(s))
		n, percent, ok := portion(c, r.comma)
		count(&k.shares, ok && (percent || c.kind == numberCell && n >= 0 && n <= 1))
		yes, _ := r.readBool(c)
		count(&k.yes, !yes.IsNone())
		count(&k.mail, len(c.people) > 0 || c.kind == textCell && strings.Contains(s, "@"))
	}
	if k.n > 0 {
		n := float64(k.n)
		for _, share := range []*float64{&k.days, &k.statuses, &k.ratings, &k.shares, &k.yes, &k.mail, &k.length} {
			*share /= n
		}
		k.distinct = float64(len(texts)) / n
	}
	return k
}

// few is how many cells are too few to say anything against a header.
const few = 3

// fits says how well a column fits a field by its header and by its cells: under 1.5 not enough.
func (k nature) fits(header string, f task.Field) (score float64, why, doubt string) {
	head := matchHeader(header, f)
	if head > 0 {
		why = "its header"
	}
	told := func(share float64, what string, alone bool) {
		switch {
		case k.n > 0 && share >= 0.8 && (head > 0 || alone && k.n >= few):
			score += 2 * share
			if head == 0 {
				doubt = "nothing but its cells speaks for it"
			}
			why = strings.TrimPrefix(why+" and its cells: "+what, " and ")
		case k.n >= few && share < 0.3 && head > 0:
			score--
			doubt = fmt.Sprintf("%.0f %% of its cells are no %s", 100*(1-share), what)
		case k.n >= few && share < 0.8 && head > 0:
			doubt = fmt.Sprintf("%.0f %% of its cells are no %s", 100*(1-share), what)
		}
	}
	switch f {
	case task.Status:
		told(k.statuses, "known words for a status", true)
		if k.ratings >= 0.5 {
			return 0, "", "" // ratings: another thing under the same name
		}
		if head > 0 && k.yes >= 0.8 && k.statuses < 0.3 {
			doubt = "its cells say yes or no"
		}
	case task.Due:
		told(k.days, "days", true)
	case task.Start:
		told(k.days, "days", false)
	case task.Progress:
		told(k.shares, "shares", false)
	case task.QuickWin:
		told(k.yes, "yes or no", false)
	case task.Assignee:
		if k.mail >= 0.5 {
			score++
		}
	case task.Title:
		if k.n >= few && (k.days >= 0.8 || k.shares >= 0.8 || k.yes >= 0.8) {
			return 0, "", ""
		}
		if head > 0 && k.n > 0 {
			score += k.distinct // of "Project" and "Activity" it is the one that says more
		}
	case task.Partner, task.Priority, task.Workstream, task.Labels, task.Notes:
	}
	return head + score, why, doubt
}

// propose guesses which column holds which field.
func (d *Discovery) propose(g *grid, at int) {
	l := layout{headerAt: at, first: g.below(at), header: headerTexts(g, at), id: -1}
	type candidate struct {
		f     task.Field
		col   int
		score float64
		Guess
	}
	var all []candidate
	for col, h := range l.header {
		name := configName(l.header, col)
		if name == "" || cells.FoldHeader(name) == cells.FoldHeader(idHeader) {
			continue
		}
		d.Headers = append(d.Headers, name)
		for i := range l.column {
			l.column[i] = -1
		}
		l.column[task.Due] = col
		r := &reader{vocabulary: newVocabulary(Config{}), habits: *habitsOf(g, &l), comma: cells.DecimalComma(g.locale)}
		k := natureOf(g, &l, r, col)
		for _, f := range task.AllFields() {
			if score, why, doubt := k.fits(h, f); score >= 1.5 {
				all = append(all, candidate{f, col, score, Guess{Field: f, Header: name, Column: columnName(col), Why: why, Doubt: doubt}})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y candidate) int { return cmp.Or(cmp.Compare(y.score, x.score), cmp.Compare(x.f, y.f)) })
	fields, cols := map[task.Field]bool{}, map[int]bool{}
	for _, c := range all {
		if !fields[c.f] && !cols[c.col] {
			fields[c.f], cols[c.col] = true, true
			d.Guesses = append(d.Guesses, c.Guess)
		}
	}
	if !fields[task.Title] {
		d.longest(g, &l, cols)
	}
	slices.SortFunc(d.Guesses, func(x, y Guess) int { return cmp.Compare(x.Field, y.Field) })
}

// longest takes the column with the longest texts, each another one, for the title.
func (d *Discovery) longest(g *grid, l *layout, taken map[int]bool) {
	best, score := -1, 0.0
	r := &reader{vocabulary: newVocabulary(Config{})}
	for col := range l.header {
		if taken[col] || configName(l.header, col) == "" {
			continue
		}
		if k := natureOf(g, l, r, col); k.distinct > 0.5 && k.days < 0.5 && k.length*k.distinct > score {
			best, score = col, k.length*k.distinct
		}
	}
	if best >= 0 {
		d.Guesses = append(d.Guesses, Guess{
			Field: task.Title, Header: configName(l.header, best), Column: columnName(best), Why: "its cells: texts, each another one",
			Doubt: "nothing but its cells speaks for it",
		})
	}
}

// configName is how the configuration may name a column: by the first line of its header if that is enough; "" where no name
// leads to it alone.
func configName(headers []string, col int) string {
	first, _, _ := strings.Cut(headers[col], "\n")
	for _, name := range []string{strings.TrimSpace(first), strings.Join(strings.Fields(headers[col]), " ")} {
		if found := cells.Headed(headers, name); name != "" && len(found) == 1 && found[0] == col {
			return name
		}
	}
	return ""
}

// Word is a text that stands in a column.
type Word struct {
	Text  string
	Count int
	First string // the cell where it stands first: "B7"
	Means string // of a status its name, of a partner the id, of a person the canonical name; "" where it is not known
	Near  string // what it may be a misspelling of, in the same terms; "" for nothing. Only people decide that
	Email string // of a person who was named by chip or address; "" else
}

// Words reads the tab, and gives the texts of the status, partner and person columns, the most frequent first. A field that has no
// column is not in it. The error is a fault.
func (c *Connector) Words(ctx context.Context) (map[task.Field][]Word, error) {
	g, err := c.readTab(ctx, "read the tab", readCell, memory{})
	if err != nil {
		return nil, err
	}
	t, err := c.understand(g)
	if err != nil {
		return nil, err
	}
	var rows []int
	for _, r := range t.items {
		rows = append(rows, r.at)
	}
	out := make(map[task.Field][]Word)
	for _, f := range []task.Field{task.Status, task.Partner, task.Assignee} {
		if t.column[f] < 0 {
			continue
		}
		for _, w := range t.count(f, rows) {
			if cells.FoldName(w.shown) != "" { // else there is nothing in it that a configuration could name
				out[f] = append(out[f], t.word(f, w))
			}
		}
	}
	return out, nil
}

func (t *table) word(f task.Field, w wordCount) Word {
	x := Word{Text: w.shown, Count: w.n, First: w.at}
	switch v, _, _ := t.value(f, w.cell); {
	case f != task.Assignee && !v.IsNone():
		x.Means = v.String()
	case f == task.Status:
		x.Near = t.vocabulary.StatusOf(t.vocabulary.Likely(text(w.cell)))
	case f == task.Assignee:
		x.Text = v.String()
		if x.Means = t.vocabulary.PersonOf(x.Text); len(w.cell.people) == 1 {
			x.Email = w.cell.people[0]
		} else if strings.Contains(x.Text, "@") && !strings.ContainsAny(x.Text, " <>,;") {
			x.Email = x.Text
		}
	}
	return x
}

// StatusOf is the status that a word stands for without any configuration, in the languages that Lockstep knows; "" where it is
// none.
func StatusOf(word string) string { return newVocabulary(Config{}).StatusOf(word) }
