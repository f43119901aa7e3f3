package channel

import (
	"html"
	"strings"
)

// html is the message in the few tags that mail readers and chats show.
func (m Message) html() string {
	var b strings.Builder
	b.WriteString("<strong>" + html.EscapeString(m.Title) + "</strong>")
	for _, p := range m.Parts {
		if p.Heading != "" {
			b.WriteString("<p>" + html.EscapeString(p.Heading) + "</p>")
		}
		b.WriteString("<ul>")
		for _, l := range p.Lines {
			b.WriteString("<li>" + htmlLabel(l) + html.EscapeString(l.Text) + "</li>")
		}
		if s := p.more(); s != "" {
			b.WriteString("<li>" + s + "</li>")
		}
		b.WriteString("</ul>")
	}
	if m.URL != "" {
		b.WriteString(`<p><a href="` + html.EscapeString(m.URL) + `">See the page</a></p>`)
	}
	return b.String()
}

// htmlLabel is a line's label with a blank behind it; "" where there is none.
func htmlLabel(l Line) string {
	switch {
	case l.Label == "":
		return ""
	case l.URL == "":
		return "<strong>" + html.EscapeString(l.Label) + "</strong> "
	}
	return `<a href="` + html.EscapeString(l.URL) + `">` + html.EscapeString(l.Label) + "</a> "
}
