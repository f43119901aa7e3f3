package export

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/lockstep-sync/lockstep/sync/view"
)

func writeMarkdown(w io.Writer, v *view.View) error {
	p := newPaper(v)
	m := &markdown{}
	m.line("# %s", p.Title)
	m.line("As of %s.", p.At)
	if p.Phase != "" {
		m.line("Phase: %s.", p.Phase)
	}
	if p.Purpose != "" {
		m.line("%s", p.Purpose)
	}
	m.line("**%s**: %s", p.Standing.Word, p.Standing.Why)
	if p.Declared != "" {
		m.line("As people say: %s", p.Declared)
	}
	if p.Forecast != "" {
		m.line("Forecast: %s", p.Forecast)
	}
	m.line("%d open, %d overdue, %d done. Schedule adherence %s, on time %s, commitments kept %s.", p.Standing.Open, p.Standing.Overdue, p.Standing.Done,
		p.Standing.Adherence, p.Standing.OnTime, p.Standing.Commitment)
	m.partners(&p)
	m.rows("Gates", p.Gates)
	m.rows("Milestones", p.Milestones)
	m.rows("Indicators", p.Indicators)
	m.list("Decisions needed", p.Needed)
	m.tasks("Late or red", p.Late)
	m.tasks("Quick wins", p.QuickWins)
	m.rows("Conflicts", p.Conflicts)
	m.rows("Sources", p.Sources)
	m.list("Data quality", p.Quality)
	m.tasks("Open tasks", p.Tasks)
	if _, err := w.Write(m.Bytes()); err != nil {
		return fmt.Errorf("write %s as Markdown: %w", v.Partnership.ID, err)
	}
	return nil
}

// markdown is a file in the making. Every text that goes into it is made harmless.
type markdown struct{ bytes.Buffer }

// line writes a paragraph. Texts among args are made harmless.
func (m *markdown) line(format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = plain(s)
		}
	}
	fmt.Fprintf(m, format+"\n\n", args...)
}

func (m *markdown) table(head []string, lines [][]string) {
	write := func(cells []string) {
		m.WriteString("|")
		for _, c := range cells {
			m.WriteString(" " + plain(c) + " |")
		}
		m.WriteString("\n")
	}
	write(head)
	m.WriteString("|" + strings.Repeat(" --- |", len(head)) + "\n")
	for _, l := range lines {
		write(l)
	}
	m.WriteString("\n")
}

func (m *markdown) partners(p *paper) {
	if len(p.Partners) == 0 {
		return
	}
	m.line("## Partners")
	head := []string{"Partner", "RAG", "Open", "Overdue", "Done", "Commitments kept", "On time", "Why"}
	lines := make([][]string, 0, len(p.Partners))
	for _, g := range p.Partners {
		lines = append(lines, []string{g.Name, g.Word, fmt.Sprint(g.Open), fmt.Sprint(g.Overdue), fmt.Sprint(g.Done), g.Commitment, g.OnTime, g.Why})
	}
	m.table(head, lines)
	if len(p.Heads) == 0 {
		return
	}
	m.line("## Partners and workstreams")
	lines = lines[:0]
	for _, g := range p.Partners {
		l := []string{g.Name}
		for _, c := range g.Cells {
			if c.RAG == "" {
				l = append(l, "–")
				continue
			}
			l = append(l, fmt.Sprintf("%s, %d open, %d overdue", c.Word, c.Open, c.Overdue))
		}
		lines = append(lines, l)
	}
	m.table(append([]string{"Partner"}, p.Heads...), lines)
}

func (m *markdown) rows(title string, rows []row) {
	if len(rows) == 0 {
		return
	}
	m.line("## %s", title)
	for _, r := range rows {
		fmt.Fprintf(m, "- **%s**", plain(r.Name))
		if r.Word != "" {
			fmt.Fprintf(m, " (%s)", plain(r.Word))
		}
		fmt.Fprintf(m, ": %s\n", plain(r.Words))
	}
	m.WriteString("\n")
}

func (m *markdown) list(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	m.line("## %s", title)
	for _, t := range texts {
		fmt.Fprintf(m, "- %s\n", plain(t))
	}
	m.WriteString("\n")
}

func (m *markdown) tasks(title string, rows []taskRow) {
	if len(rows) == 0 {
		return
	}
	m.line("## %s", title)
	lines := make([][]string, len(rows))
	for i, r := range rows {
		due := r.Due
		if r.Slip != "" {
			due += " (" + r.Slip + ")"
		}
		lines[i] = []string{r.ID, r.Title, r.Partner, r.Owner, r.Status, due, r.Word, r.Why}
	}
	m.table([]string{"Task", "Title", "Partner", "Owner", "Status", "Due", "RAG", "Why"}, lines)
}

// plain is a text as Markdown shows it: in one line, with nothing in it that Markdown or HTML would take for its own, and nothing
// that cannot be seen.
func plain(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		switch {
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			continue
		case strings.ContainsRune("\\`*_[]{}<>|#~!&", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
