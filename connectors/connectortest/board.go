package connectortest

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Viewer is a Harness whose tool shows a board, and a person who reads it, writes on it and chooses in it. Pages and columns are
// meant by their names.
type Viewer interface {
	// Beside are the computed cells beside an item as a person reads them, by column; nil where the item has none. Of links it is
	// their texts.
	Beside(t T, name string) map[string]string
	// Page is what a person reads on a page, row by row, with our column headers and without what stands in no cell of ours; false
	// where there is no such page.
	Page(t T, page string) (rows [][]string, ok bool)
	// Scribble types over a cell of the first row of the page's table.
	Scribble(t T, page, text string)
	// WriteBeside writes where nothing of ours is, and StandsBeside says whether it is still there.
	WriteBeside(t T, page, text string)
	StandsBeside(t T, page, text string) bool
	// DeletePage takes the whole page away.
	DeletePage(t T, page string)
	// Choose puts a text into the cell of that row in which people choose.
	Choose(t T, page, key, text string)
}

func boards() []question {
	return []question{
		{name: "what is shown is there, and then nothing is left to do", needs: needsBoard, ask: boardIsShown},
		{name: "what changed is shown anew, and the rest stays", needs: needsBoard, ask: boardChanges},
		{name: "it is written along with patches", needs: needsBoard, ask: boardGoesAlong},
		{name: "an item that is made gets its cells at once", needs: needsBoard, ask: boardOfNewItem},
		{name: "a task that is not in it keeps its cells", needs: needsBoard, ask: boardKeepsCells},
		{name: "what people type over is put right, what they write beside stays", needs: needsBoard, ask: boardIsPutRight},
		{name: "a page that was deleted comes back", needs: needsBoard, ask: boardPageComesBack},
		{name: "what people choose comes back", needs: needsBoard, ask: boardIsChosenFrom},
		{name: "a tool that is down gets it later", needs: needsBoard, ask: boardOfToolThatIsDown},
		{name: "an answer that is lost is no second page", needs: needsBoard, ask: boardAnswerLost},
		{name: "texts are texts", needs: needsBoard, ask: boardOfTexts},
	}
}

func needsBoard(d *desk) string {
	if _, ok := d.h.(Viewer); !ok || !d.Board {
		return "this tool shows nothing beside its items"
	}
	return needsCreate(d)
}

// viewer, publisher: needsBoard holds.
func (d *desk) viewer() Viewer {
	return d.h.(Viewer) //nolint:errcheck,forcetypeassert // needsBoard has looked
}

func (d *desk) publisher() connectors.Publisher {
	d.Helper()
	p, ok := d.conn.(connectors.Publisher)
	if !ok {
		d.Fatalf("Features say that the tool shows a board, and the connector is no Publisher")
	}
	return p
}

const (
	boardPage  = "Lockstep page"
	choicePage = "Lockstep choices"
	choiceKey  = "CW-1/due/0a1b2c3d"
)

// boardOf is a board that says word in many places.
func boardOf(word string, ids ...task.ID) connectors.Board {
	text := func(s string) connectors.Cell { return connectors.Cell{Value: task.TextValue(s)} }
	seven, _ := task.NumberValue(7)
	b := connectors.Board{
		Columns: []connectors.BoardColumn{
			{Name: "Lamp", Kind: task.Text, Words: []connectors.Word{{Text: "Red", Tone: connectors.Red}, {Text: "Green", Tone: connectors.Green}}},
			{Name: "Because", Kind: task.Text, Wide: true},
			{Name: "Leads to", Kind: task.Text},
		},
		Rows: map[task.ID][]connectors.Cell{},
		Pages: []connectors.Page{
			{
				Name: boardPage, Lines: []connectors.Cell{{Value: task.TextValue("All about " + word), Bold: true}, text("and a second line")},
				Columns: []connectors.BoardColumn{{Name: "Who", Kind: task.Text}, {Name: "How many", Kind: task.Number}, {Name: "Why", Kind: task.Text, Wide: true}},
				Rows: []connectors.PageRow{
					{Cells: []connectors.Cell{text("AquaFund"), {Value: seven}, text("because of " + word)}},
					{Cells: []connectors.Cell{text("Riverton"), {Value: seven, Tone: connectors.Red}, {}}},
				},
			},
			{
				Name: choicePage, Lines: []connectors.Cell{text("Choose")},
				Columns: []connectors.BoardColumn{{Name: "What", Kind: task.Text}, {Name: "Choose", Kind: task.Text}},
				Rows: []connectors.PageRow{
					{Key: choiceKey, Cells: []connectors.Cell{text("due of CW-1"), {Options: []string{"jira: 2026-03-01", "sheet: =1+1"}}}},
				},
			},
		},
	}
	for _, id := range ids {
		b.Rows[id] = []connectors.Cell{
			{Value: task.TextValue("Red"), Tone: connectors.Red},
			text(string(id) + " because of " + word),
			{Links: []connectors.Link{{Text: "tool one", URL: "https://example.org/1?a=b&c=d"}, {Text: "no address"}}},
		}
	}
	return b
}

// managed are two items of tasks, by name and id.
func (d *desk) managed() (names []string, ids []task.ID) {
	d.Helper()
	for n := range 2 {
		before := d.h.Names(d)
		p, _ := d.createPatch(d.full(n))
		d.applied(p)
		names, ids = append(names, d.newName(before)), append(ids, p.Task)
	}
	d.pull()
	return names, ids
}

// publish shows the board and writes it. What is not managed, and what the items say, stays.
func (d *desk) publish(b connectors.Board) {
	d.Helper()
	was := d.items()
	untouched := d.h.Untouched(d)
	if !d.publisher().Show(b) {
		d.Errorf("Show says that what was never written is there")
	}
	if err := d.publisher().Publish(d.Context()); err != nil {
		d.checkFault(err)
		d.Fatalf("Publish: %v", err)
	}
	if now := d.items(); !slices.Equal(now, was) {
		d.Errorf("publishing changed what the items say:\n%s", cmp.Diff(was, now, cmp.AllowUnexported(task.Value{})))
	}
	if now := d.h.Untouched(d); now != untouched {
		d.Errorf("publishing changed what is not managed:\n%s", cmp.Diff(untouched, now))
	}
}

// items is what all items say, sorted by name.
func (d *desk) items() []task.Values { return d.others("") }

// there checks that a person sees the board, with the cells of these items.
func (d *desk) there(b connectors.Board, names []string, ids []task.ID) {
	d.Helper()
	for i, name := range names {
		got := d.viewer().Beside(d, name)
		for k, cell := range b.Rows[ids[i]] {
			c := b.Columns[k]
			if want := read(cell); !strings.Contains(got[c.Name], want[0]) || !strings.Contains(got[c.Name], want[len(want)-1]) {
				d.Errorf("beside %s stands %q under %s; want %q", name, got[c.Name], c.Name, want)
			}
		}
	}
	for _, p := range b.Pages {
		d.pageThere(p)
	}
}

func (d *desk) pageThere(p connectors.Page) {
	d.Helper()
	rows, ok := d.viewer().Page(d, p.Name)
	if !ok {
		d.Errorf("there is no page %s", p.Name)
		return
	}
	var want [][]string
	for _, l := range p.Lines {
		want = append(want, read(l))
	}
	header := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		header[i] = c.Name
	}
	want = append(want, header)
	for _, r := range p.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, strings.Join(read(c), " "))
		}
		want = append(want, trimmed(cells))
	}
	at := 0
	for _, w := range want {
		i := slices.IndexFunc(rows[at:], func(r []string) bool { return slices.Equal(trimmed(r), w) })
		if i < 0 {
			d.Errorf("the page %s does not say %q, or not in its place:\n%s", p.Name, w, join(rows))
			return
		}
		at += i + 1
	}
	if body := len(p.Rows); body > 0 && at != len(rows) {
		d.Errorf("the page %s says more than it is to:\n%s", p.Name, join(rows))
	}
}

func join(rows [][]string) string {
	var b strings.Builder
	for _, r := range rows {
		b.WriteString(strings.Join(r, " | ") + "\n")
	}
	return b.String()
}

// read is a cell as a person reads it: the texts of its links, or its value.
func read(c connectors.Cell) []string {
	if len(c.Links) == 0 {
		return []string{c.Value.Display()}
	}
	var texts []string
	for _, l := range c.Links {
		texts = append(texts, l.Text)
	}
	return texts
}

// trimmed leaves out empty cells at the end.
func trimmed(cells []string) []string {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// settled checks that the board is there as far as the connector can know, now and for a new client that has only read.
func (d *desk) settled(b connectors.Board) {
	d.Helper()
	for range 2 {
		d.quiet("Show and Publish of what is there", func() {
			if d.publisher().Show(b) {
				d.Errorf("Show says that something is not there, and all of it was written")
			}
			if err := d.publisher().Publish(d.Context()); err != nil {
				d.Errorf("Publish of nothing: %v", err)
			}
		})
		d.restart()
		d.pull()
	}
}

func boardIsShown(d *desk) {
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publish(b)
	d.there(b, names, ids)
	d.settled(b)
	d.there(b, names, ids)
}

func boardChanges(d *desk) {
	names, ids := d.managed()
	d.publish(boardOf("rain", ids...))
	d.pull()
	b := boardOf("sun", ids...)
	b.Rows[ids[0]] = boardOf("rain", ids...).Rows[ids[0]]
	b.Pages[0].Rows = b.Pages[0].Rows[1:]
	d.publish(b)
	d.there(b, names, ids)
	d.settled(b)
	b.Pages[0].Rows = append(b.Pages[0].Rows, b.Pages[0].Rows...)
	d.publish(b)
	d.there(b, names, ids)
}

func boardGoesAlong(d *desk) {
	if why := needsWritable(d); why != "" {
		d.Skipf("%s", why)
	}
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	r := d.own(names[0])
	d.pull()
	if !d.publisher().Show(b) {
		d.Errorf("Show says that what was never written is there")
	}
	a, _ := d.twoFields()
	if got := d.apply(updating(idOf(r), r, d.change(r, a)))[0]; got.Err != nil {
		d.Fatalf("a write with a board: %v", got.Err)
	}
	reads, writes, counted := d.h.Requests(d)
	if err := d.publisher().Publish(d.Context()); err != nil {
		d.Errorf("Publish of what went along: %v", err)
	}
	if r, w, _ := d.h.Requests(d); counted && (r != reads || w != writes) {
		d.Errorf("Publish sent %d reads and %d writes for what Apply had written", r-reads, w-writes)
	}
	d.there(b, names, ids)
	d.pull()
	d.settled(b)
}

func boardOfNewItem(d *desk) {
	d.managed()
	before := d.h.Names(d)
	p, _ := d.createPatch(d.full(40))
	b := boardOf("rain", "CW-1", "CW-2", p.Task)
	d.publisher().Show(b)
	if got := d.apply(p)[0]; got.Err != nil {
		d.Fatalf("a create with a board: %v", got.Err)
	}
	if err := d.publisher().Publish(d.Context()); err != nil {
		d.Fatalf("Publish: %v", err)
	}
	d.there(b, []string{d.newName(before)}, []task.ID{p.Task})
	d.pull()
	d.settled(b)
}

func boardKeepsCells(d *desk) {
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publish(b)
	d.pull()
	fewer := boardOf("sun", ids[0])
	d.publish(fewer)
	d.there(fewer, names[:1], ids[:1])
	if got := d.viewer().Beside(d, names[1]); !strings.Contains(got["Because"], "rain") {
		d.Errorf("the cells of a task that is not in the board are now %q", got)
	}
}

func boardIsPutRight(d *desk) {
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publish(b)
	d.viewer().Scribble(d, boardPage, "scribbled")
	d.viewer().WriteBeside(d, boardPage, "my own note")
	if got := d.pull().Overtyped; len(got) != 1 || got[0].Page != boardPage || got[0].Text != "scribbled" || got[0].Name == "" || got[0].Column == "" {
		d.Errorf("what a person typed over is read as %+v; it must be told once, with its place, for it is written over", got)
	}
	d.publish(b)
	d.there(b, names, ids)
	if !d.viewer().StandsBeside(d, boardPage, "my own note") {
		d.Errorf("what a person wrote beside the page is gone")
	}
	if got := d.pull().Overtyped; len(got) != 0 {
		d.Errorf("the page was put right, and still it is said that %+v was typed over", got)
	}
	d.settled(b)
}

func boardPageComesBack(d *desk) {
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publish(b)
	d.viewer().DeletePage(d, boardPage)
	d.pull()
	d.publish(b)
	d.there(b, names, ids)
	d.pull()
	d.settled(b)
}

func boardIsChosenFrom(d *desk) {
	_, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publish(b)
	if got := d.pull().Choices; len(got) != 0 {
		d.Errorf("nobody chose anything, and it reads %+v", got)
	}
	for _, text := range []string{"sheet: =1+1", "jira: 2026-03-01", "what is no option"} {
		d.viewer().Choose(d, choicePage, choiceKey, text)
		want := []task.Choice{{Page: choicePage, Key: choiceKey, Text: text}}
		if got := d.pull().Choices; !slices.Equal(got, want) {
			d.Errorf("chosen was %q, and it reads %+v", text, got)
		}
		d.restart()
		if got := d.pull().Choices; !slices.Equal(got, want) {
			d.Errorf("chosen was %q, and a new client reads %+v", text, got)
		}
	}
	b.Pages[1].Rows[0].Cells[1].Value = task.TextValue("what is no option")
	d.quiet("Publish of what a person chose", func() {
		if d.publisher().Show(b) {
			d.Errorf("what a person chose, and is to stay, is taken for a difference")
		}
	})
	b.Pages[1].Rows = nil
	d.publish(b)
	if got := d.pull().Choices; len(got) != 0 {
		d.Errorf("the row is gone, and it reads %+v", got)
	}
}

func boardOfToolThatIsDown(d *desk) {
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publisher().Show(b)
	d.broken(Unavailable, func() {
		err := d.publisher().Publish(d.Context())
		if err == nil {
			d.Errorf("the tool is down, and Publish went well")
			return
		}
		d.checkFault(err)
	})
	d.pull()
	d.publish(b)
	d.there(b, names, ids)
}

func boardAnswerLost(d *desk) {
	names, ids := d.managed()
	b := boardOf("rain", ids...)
	d.publisher().Show(b)
	d.broken(LostAnswer, func() {
		if err := d.publisher().Publish(d.Context()); err != nil {
			d.checkFault(err)
		}
	})
	d.restart()
	d.pull()
	if d.publisher().Show(b) {
		if err := d.publisher().Publish(d.Context()); err != nil {
			d.Fatalf("Publish after a lost answer: %v", err)
		}
	}
	d.there(b, names, ids)
	d.pull()
	d.settled(b)
}

func boardOfTexts(d *desk) {
	names, ids := d.managed()
	for _, s := range []string{"=1+1", "+49 30", "-1", "@home", "'quoted", "2026-03-01", "1/2", "TRUE", "50%", "=HYPERLINK(\"http://bad.example\",\"x\")", "two\nlines"} {
		b := boardOf(s, ids...)
		for _, cells := range b.Rows {
			cells[1].Value = task.TextValue(s)
		}
		b.Pages[0].Rows[0].Cells[0].Value = task.TextValue(s)
		d.publish(b)
		d.there(b, names, ids)
		d.pull()
		if d.publisher().Show(b) {
			d.Errorf("%q was written, and Show says that it is not there", s)
		}
	}
}
