package richtext_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lockstep-sync/lockstep/connectors/jira/richtext"
	"github.com/lockstep-sync/lockstep/sync/task"
)

func canonical(s string) string { return task.TextValue(s).String() }

// hostile are texts that look like markup, and characters that break what is careless with them.
func hostile() *rapid.Generator[string] {
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"{panel}", "{code}", "{code:java}", "{quote}", "{noformat}", "{color:red}", "{color}", "{anchor:x}", "*not bold*", "h1. x", "bq. x",
			"- x", "* x", "# x", "-- x", "----", "-----", "[a|b]", "[a|http://b.c]", "[~fred]", "[^f.txt]", "[http://x.y]", "!x!", "!a.png!",
			`\\`, `\`, `\*`, "||h||", "|a|b|", "{{x}}", "{*}", "#", "@", "??c??", "+i+", "^u^", "~d~", "_e_", "-s-", "*", "_", "&amp;", "&#42;",
			"http://a.b/_c_", "https://x/[y]?a=1&amp;b", ":)", "(x)", "(/)", "1. x", "2. y", "- ", "  - x", "[ ] t", "[x] t", " | ", "a | b", "---",
			"\n", "\n", "\n\n", "\r\n", "\t", " ", "  ", "\u00a0", "\u200b", "e\u0301", "\u0301", "é", "שלום", "😀", "\x00", "\xff", "word", "two words",
		}),
		rapid.String(),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), rapid.SampledFrom([]string{"", " ", "\n"}).Draw(t, "glue"))
	})
}

func TestNewShowsWhatWasTyped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := hostile().Draw(t, "text")
		if got, want := richtext.NewADF(s).Text(), canonical(s); got != want {
			t.Fatalf("ADF shows %q, want %q", got, want)
		}
		d := richtext.NewWiki(s)
		if got, want := d.Text(), canonical(s); got != want {
			t.Fatalf("wiki markup %q shows %q, want %q", d.Wiki(), got, want)
		}
		if got, want := richtext.ParseWiki(d.Wiki()).Text(), canonical(s); got != want {
			t.Fatalf("read again it shows %q, want %q", got, want)
		}
		valid(t, richtext.NewADF(s).ADF())
	})
}

// edits are texts that someone could make of another: lines taken out, put in, moved and changed.
func edits(t *rapid.T, text string) string {
	lines := strings.Split(text, "\n")
	for range rapid.IntRange(0, 5).Draw(t, "edits") {
		i := rapid.IntRange(0, len(lines)).Draw(t, "line")
		switch rapid.IntRange(0, 4).Draw(t, "edit") {
		case 0:
			lines = append(lines[:i:i], append([]string{hostile().Draw(t, "new")}, lines[i:]...)...)
		case 1:
			if i < len(lines) {
				lines = append(lines[:i:i], lines[i+1:]...)
			}
		case 2:
			if i < len(lines) {
				at := rapid.IntRange(0, len(lines[i])).Draw(t, "at")
				lines[i] = lines[i][:at] + hostile().Draw(t, "within") + lines[i][at:]
			}
		case 3:
			if i < len(lines) {
				at := rapid.IntRange(0, len(lines[i])).Draw(t, "cut")
				lines[i] = lines[i][at:]
			}
		case 4:
			if i+1 < len(lines) {
				lines[i], lines[i+1] = lines[i+1], lines[i]
			}
		}
	}
	return strings.Join(lines, "\n")
}

func TestEditedADFShowsTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		raw := document(t, false)
		d, err := richtext.ParseADF(raw)
		if err != nil {
			t.Fatal(err)
		}
		valid(t, raw)
		if same := d.Edited(d.Text()); string(same.ADF()) != string(raw) {
			t.Fatalf("the same text makes it\n%s", same.ADF())
		}
		text := rapid.OneOf(hostile(), rapid.Custom(func(t *rapid.T) string { return edits(t, d.Text()) })).Draw(t, "text")
		e := d.Edited(text)
		if got, want := e.Text(), canonical(text); got != want {
			t.Fatalf("of %q\nit shows %q\nwant     %q\n%s", d.Text(), got, want, e.ADF())
		}
		valid(t, e.ADF())
		again, err := richtext.ParseADF(e.ADF())
		if err != nil || again.Text() != e.Text() {
			t.Fatalf("read again it shows %q, want %q (%v)", again.Text(), e.Text(), err)
		}
	})
}

func TestEditedADFLosesNoFile(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, err := richtext.ParseADF(document(t, true))
		if err != nil {
			t.Fatal(err)
		}
		e := d.Edited(rapid.OneOf(hostile(), rapid.Custom(func(t *rapid.T) string { return edits(t, d.Text()) })).Draw(t, "text"))
		for _, kind := range []string{`"media"`, `"mediaInline"`, `"extension"`, `"inlineExtension"`, `"bodiedExtension"`, `"novelty"`} {
			if before, after := strings.Count(string(d.ADF()), `"type":`+kind), strings.Count(string(e.ADF()), `"type":`+kind); after < before {
				t.Fatalf("%d of %s became %d:\n%s\n%s", before, kind, after, d.ADF(), e.ADF())
			}
		}
	})
}

func TestEditedWikiShowsTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		markup := wikiMarkup().Draw(t, "markup")
		d := richtext.ParseWiki(markup)
		if same := d.Edited(d.Text()); same.Wiki() != markup {
			t.Fatalf("the same text makes it %q", same.Wiki())
		}
		text := rapid.OneOf(hostile(), rapid.Custom(func(t *rapid.T) string { return edits(t, d.Text()) })).Draw(t, "text")
		e := d.Edited(text)
		got, want := e.Text(), canonical(text)
		if images(markup) == 0 && got != want {
			t.Fatalf("of %q\nit shows %q\nwant     %q\n%q", d.Text(), got, want, e.Wiki())
		}
		if strings.Count(got, "[image: ") < strings.Count(d.Text(), "[image: ") && !strings.Contains(d.Text(), `\`) {
			t.Fatalf("of %q, an image is lost: %q", markup, e.Wiki())
		}
	})
}

func images(markup string) int {
	return strings.Count(markup, ".png") + strings.Count(markup, "title=")
}

func wikiMarkup() *rapid.Generator[string] {
	lineOf := rapid.SampledFrom([]string{
		"plain", "h1. Title", "h2. *bold* title", "* one", "** two", "# first", "## second", "#* mixed", "- dash", "*bold* and _em_ and {{mono}}",
		"||h1||h2||", "|a|b|", "|a *b*|[t|http://x.y]|", "{code:java}", "{code}", "{quote}", "{panel:title=T}", "{panel}", "{noformat}", "bq. said",
		"[text|https://x.y/z] after", "[~fred] said", "!pic.png|thumbnail!", "see !a.png! here", `a\\b`, "----", "", "", `\*escaped\*`, "&amp;", "x &#42; y",
		"{color:red}red{color} text", "{code}inline{code} code", "|open row", "{unknown}", "-deleted- +ins+ ^sup^ ~sub~ ??cite??", "[^file.txt]", "  indented", "tail  ",
	})
	return rapid.Custom(func(t *rapid.T) string {
		eol := rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "eol")
		return strings.Join(rapid.SliceOfN(rapid.OneOf(lineOf, hostile()), 0, 8).Draw(t, "lines"), eol)
	})
}

// document draws an ADF document; with what text does not show in full, if rich.
func document(t *rapid.T, rich bool) json.RawMessage {
	g := &drawing{t: t, rich: rich}
	var content []any
	for range rapid.IntRange(0, 5).Draw(t, "blocks") {
		content = append(content, g.block(0))
	}
	if content == nil {
		content = []any{}
	}
	b, err := json.Marshal(map[string]any{"type": "doc", "version": 1, "content": content})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type obj = map[string]any

type drawing struct {
	t    *rapid.T
	rich bool
}

func (g *drawing) pick(name string, n int) int { return rapid.IntRange(0, n-1).Draw(g.t, name) }

func (g *drawing) words() string {
	return rapid.SampledFrom([]string{
		"a", "one two", "x ", " y", "bold", "- q", "3. n", "a | b", "e", "\u0301", "two\nlines", "[ ] t", "\u00a0", "\u200b", "https://x.y",
	}).Draw(g.t, "words")
}

func (g *drawing) inlines() []any {
	out := []any{}
	for range g.pick("inlines", 5) {
		n := 10
		if g.rich {
			n = 13
		}
		switch g.pick("inline", n) {
		case 0, 1, 2:
			out = append(out, obj{"type": "text", "text": g.words()})
		case 3:
			out = append(out, obj{"type": "text", "text": g.words(), "marks": []any{obj{"type": "strong"}}})
		case 4:
			out = append(out, obj{"type": "text", "text": g.words(), "marks": []any{obj{"type": "link", "attrs": obj{"href": "https://x.y"}}}})
		case 5:
			out = append(out, obj{"type": "hardBreak"})
		case 6:
			out = append(out, obj{"type": "mention", "attrs": obj{"id": "1", "text": "@Ann"}})
		case 7:
			out = append(out, obj{"type": "emoji", "attrs": obj{"shortName": ":smile:", "text": "😀"}})
		case 8:
			out = append(out, obj{"type": "date", "attrs": obj{"timestamp": "1582152559000"}})
		case 9:
			out = append(out, obj{"type": "status", "attrs": obj{"text": "DONE", "color": "green"}})
		case 10:
			out = append(out, obj{"type": "mediaInline", "attrs": obj{"id": "m", "collection": "c"}})
		case 11:
			out = append(out, obj{"type": "inlineExtension", "attrs": obj{"extensionKey": "k", "extensionType": "t"}})
		case 12:
			out = append(out, obj{"type": "novelty"})
		}
	}
	return out
}

func (g *drawing) paragraph() any { return obj{"type": "paragraph", "content": g.inlines()} }

func (g *drawing) blocks(depth int) []any {
	out := []any{g.paragraph()}
	for range g.pick("more", 3) {
		out = append(out, g.block(depth+1))
	}
	return out
}

func (g *drawing) block(depth int) any {
	n := 13
	if g.rich {
		n = 17
	}
	kind := g.pick("block", n)
	if depth > 2 && kind > 5 {
		kind = 0
	}
	list := func(typ string) any {
		var items []any
		for range 1 + g.pick("items", 3) {
			item := []any{g.paragraph()}
			if depth < 2 && g.pick("nested", 3) == 0 {
				item = append(item, g.block(depth+1))
			}
			items = append(items, obj{"type": "listItem", "content": item})
		}
		return obj{"type": typ, "content": items}
	}
	switch kind {
	case 0, 1:
		return g.paragraph()
	case 2:
		return obj{"type": "heading", "attrs": obj{"level": 2}, "content": g.inlines()}
	case 3:
		return obj{"type": "codeBlock", "content": []any{obj{"type": "text", "text": "x = 1\n\ny = 2"}}}
	case 4:
		return obj{"type": "rule"}
	case 5:
		return obj{"type": "blockCard", "attrs": obj{"url": "https://x.y"}}
	case 6:
		return list("bulletList")
	case 7:
		return list("orderedList")
	case 8:
		l := obj{"type": "orderedList", "attrs": obj{"order": 3}}
		l["content"] = list("orderedList").(obj)["content"]
		return l
	case 9:
		return obj{"type": "taskList", "attrs": obj{"localId": "l"}, "content": []any{
			obj{"type": "taskItem", "attrs": obj{"localId": "1", "state": "TODO"}, "content": g.inlines()},
			obj{"type": "taskItem", "attrs": obj{"localId": "2", "state": "DONE"}, "content": g.inlines()},
		}}
	case 10:
		return obj{"type": "panel", "attrs": obj{"panelType": "info"}, "content": g.blocks(depth + 2)}
	case 11:
		return obj{"type": "expand", "attrs": obj{"title": rapid.SampledFrom([]string{"", "More"}).Draw(g.t, "title")}, "content": g.blocks(depth + 1)}
	case 12:
		var rows []any
		for range 1 + g.pick("rows", 2) {
			rows = append(rows, obj{"type": "tableRow", "content": []any{
				obj{"type": "tableHeader", "content": []any{g.paragraph()}}, obj{"type": "tableCell", "content": g.blocks(depth + 2)},
			}})
		}
		return obj{"type": "table", "content": rows}
	case 13:
		return obj{"type": "mediaSingle", "attrs": obj{"layout": "center"}, "content": []any{
			obj{"type": "media", "attrs": obj{"type": "file", "id": "f", "collection": "c", "alt": "pic.png"}},
		}}
	case 14:
		return obj{"type": "extension", "attrs": obj{"extensionKey": "toc", "extensionType": "x"}}
	case 15:
		return obj{"type": "bodiedExtension", "attrs": obj{"extensionKey": "b", "extensionType": "x"}, "content": g.blocks(depth + 2)}
	default:
		return obj{"type": "novelty", "content": []any{g.paragraph()}}
	}
}
