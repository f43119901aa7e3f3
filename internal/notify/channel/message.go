package channel

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// How much of a message is sent. Teams takes 28 KB, Slack 50 blocks: what fits into the smallest is read everywhere.
const (
	maxBytes = 26 << 10 // of all lines together, as JSON
	lineJSON = 260      // what a line costs beside its texts
	maxParts = 8
	maxLines = 20  // of a part; More counts the rest
	maxText  = 300 // characters of a line
	maxTitle = 140 // Slack's header has 150
)

// Message is what people are to read.
type Message struct {
	// Key is the same for the same message. A tool that can, drops a second one.
	Key   string
	Title string
	Parts []Part
	URL   string // the page that shows more; "" is none
}

// Part is some lines under a heading.
type Part struct {
	Heading string // "" is none
	Lines   []Line
	More    int // how many lines are left out
}

// Line is one thing. Label begins it, and leads to URL where there is one.
type Line struct{ Label, URL, Text string }

// fit makes the message one that every channel can carry: control characters and characters that turn the text around are dropped, long
// texts and long lists cut. Done once for all channels, so that none can forget it.
func (m Message) fit() Message {
	out := Message{Key: m.Key, Title: harmless(m.Title, maxTitle), URL: m.URL}
	room := maxBytes - 4*lineJSON - 2*encoded(out.Title)
	for _, p := range m.Parts[:min(len(m.Parts), maxParts)] {
		q := Part{Heading: harmless(p.Heading, maxTitle), More: p.More}
		if room -= 2*lineJSON + encoded(q.Heading); room < 0 && len(out.Parts) > 0 {
			out.Parts[len(out.Parts)-1].More += len(p.Lines) + p.More
			continue
		}
		for i, l := range p.Lines {
			l = Line{Label: harmless(l.Label, maxText), URL: l.URL, Text: harmless(l.Text, maxText)}
			room -= lineJSON + encoded(l.Label) + encoded(l.URL) + encoded(l.Text)
			if i == maxLines || room < 0 {
				q.More += len(p.Lines) - i
				break
			}
			q.Lines = append(q.Lines, l)
		}
		out.Parts = append(out.Parts, q)
	}
	return out
}

// encoded is how many bytes a text has as JSON.
func encoded(s string) int {
	return len(s) + 5*strings.Count(s, "<") + 5*strings.Count(s, ">") + 5*strings.Count(s, "&") + strings.Count(s, `"`) + strings.Count(s, `\`)
}

// harmless is a text in one line, of at most limit characters.
func harmless(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Cs, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return strings.TrimSpace(string([]rune(s)[:limit-1])) + "…"
}

// more says how many lines are left out; "" where none is.
func (p Part) more() string {
	if p.More == 0 {
		return ""
	}
	return fmt.Sprintf("and %d more", p.More)
}

// Text is the message as plain text, as much of it as is sent.
func (m Message) Text() string { return m.fit().text() }

func (m Message) text() string {
	var b strings.Builder
	b.WriteString(m.Title + "\n")
	for _, p := range m.Parts {
		b.WriteString("\n")
		if p.Heading != "" {
			b.WriteString(p.Heading + "\n")
		}
		for _, l := range p.Lines {
			b.WriteString("- " + strings.TrimSpace(l.Label+" "+l.Text))
			if l.URL != "" {
				b.WriteString("\n  " + l.URL)
			}
			b.WriteString("\n")
		}
		if s := p.more(); s != "" {
			b.WriteString("  " + s + "\n")
		}
	}
	if m.URL != "" {
		b.WriteString("\n" + m.URL + "\n")
	}
	return b.String()
}
