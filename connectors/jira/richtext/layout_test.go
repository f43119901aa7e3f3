package richtext_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-sync/lockstep/connectors/jira/richtext"
)

func p(inlines ...string) string {
	return `{"type":"paragraph","content":[` + strings.Join(inlines, ",") + `]}`
}

func tx(s string, marks ...string) string {
	b, _ := json.Marshal(s)
	if len(marks) == 0 {
		return `{"type":"text","text":` + string(b) + `}`
	}
	return `{"type":"text","text":` + string(b) + `,"marks":[{"type":"` + strings.Join(marks, `"},{"type":"`) + `"}]}`
}

func list(typ string, items ...string) string {
	for i, it := range items {
		items[i] = `{"type":"listItem","content":[` + it + `]}`
	}
	return `{"type":"` + typ + `","content":[` + strings.Join(items, ",") + `]}`
}

func table(rows ...[]string) string {
	var out []string
	for _, cells := range rows {
		for i, c := range cells {
			cells[i] = `{"type":"tableCell","content":[` + c + `]}`
		}
		out = append(out, `{"type":"tableRow","content":[`+strings.Join(cells, ",")+`]}`)
	}
	return `{"type":"table","content":[` + strings.Join(out, ",") + `]}`
}

func doc(blocks ...string) string {
	return `{"type":"doc","version":1,"content":[` + strings.Join(blocks, ",") + `]}`
}

const image = `{"type":"mediaSingle","attrs":{"layout":"center"},"content":[{"type":"media","attrs":{"type":"file","id":"f","collection":"c","alt":"a.png"}}]}`

func TestADFText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"nothing", `null`, ""},
		{"paragraphs", doc(p(tx("a")), p(), p(tx("b", "strong"), tx("c"))), "a\n\nbc"},
		{"lists", doc(list("bulletList", p(tx("a"))+","+list("orderedList", p(tx("x")), p(tx("y"))), p(tx("b")))), "- a\n  1. x\n  2. y\n- b"},
		{
			"tasks", doc(`{"type":"taskList","attrs":{"localId":"l"},"content":[{"type":"taskItem","attrs":{"localId":"1","state":"TODO"},"content":[` +
				tx("a") + `]},{"type":"taskItem","attrs":{"localId":"2","state":"DONE"},"content":[` + tx("b") + `]}]}`), "[ ] a\n[x] b",
		},
		{"code", doc(`{"type":"codeBlock","content":[` + tx("if x {\n\n}") + `]}`), "if x {\n\n}"},
		{"a table", doc(table([]string{p(tx("a")), p(tx("b")) + "," + p(tx("c"))})), "a | b c"},
		{
			"inline nodes", doc(p(`{"type":"mention","attrs":{"id":"1","text":"@Ann"}}`, `{"type":"mention","attrs":{"id":"557"}}`,
				`{"type":"date","attrs":{"timestamp":"1582152559000"}}`, `{"type":"emoji","attrs":{"shortName":":x:","text":"😀"}}`,
				`{"type":"status","attrs":{"text":"DONE","color":"green"}}`, `{"type":"inlineCard","attrs":{"url":"https://x.y"}}`,
				`{"type":"hardBreak"}`, `{"type":"mediaInline","attrs":{"id":"1"}}`)),
			"@Ann@5572020-02-19😀DONEhttps://x.y\n[file]",
		},
		{"an image", doc(image), "[image: a.png]"},
		{"a rule", doc(p(tx("a")), `{"type":"rule"}`, p(tx("b"))), "a\n---\nb"},
		{"an expand", doc(`{"type":"expand","attrs":{"title":"More"},"content":[` + p(tx("a")) + `]}`), "More\na"},
		{"unknown kinds", doc(`{"type":"novel","content":[`+p(tx("a"))+`,`+p(tx("b"))+`]}`, `{"type":"other","attrs":{"text":"t"}}`), "a b\n[t]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := richtext.ParseADF(json.RawMessage(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := d.Text(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestADFEdited(t *testing.T) {
	t.Parallel()
	row := func(s ...string) []string { return s }
	for _, c := range []struct{ name, in, text, want, shows string }{
		{name: "a word within marks", in: doc(p(tx("see "), tx("bold", "strong"), tx(" now"))), text: "see brave now", want: doc(p(tx("see "), tx("brave", "strong"), tx(" now")))},
		{name: "another line", in: doc(p(tx("a", "em")), p(tx("b", "strong"))), text: "a\nc", want: doc(p(tx("a", "em")), p(tx("c", "strong")))},
		{name: "a new item", in: doc(list("bulletList", p(tx("a", "em")))), text: "- a\n- b", want: doc(list("bulletList", p(tx("a", "em")), p(tx("b"))))},
		{name: "items renumbered", in: doc(list("orderedList", p(tx("a", "em")), p(tx("c", "em")))), text: "1. a\n2. b\n3. c", want: doc(list("orderedList", p(tx("a", "em")), p(tx("b")), p(tx("c", "em"))))},
		{name: "a list goes with its items", in: doc(p(tx("x")), list("bulletList", p(tx("a")))), text: "x", want: doc(p(tx("x")))},
		{name: "a line after a panel", in: doc(`{"type":"panel","attrs":{"panelType":"info"},"content":[` + p(tx("a")) + `]}`), text: "a\nb", want: doc(`{"type":"panel","attrs":{"panelType":"info"},"content":[`+p(tx("a"))+`]}`, p(tx("b")))},
		{name: "a line of code", in: doc(`{"type":"codeBlock","attrs":{"language":"go"},"content":[` + tx("a\nb") + `]}`), text: "a\nx\nb", want: doc(`{"type":"codeBlock","attrs":{"language":"go"},"content":[` + tx("a\nx\nb") + `]}`)},
		{name: "a cell", in: doc(table(row(p(tx("a", "em")), p(tx("b", "strong"))))), text: "a | c", want: doc(table(row(p(tx("a", "em")), p(tx("c", "strong")))))},
		{name: "a cell of blocks", in: doc(table(row(p(tx("a")), p(tx("b"))+","+p(tx("c"))))), text: "a | d", want: doc(table(row(p(tx("a")), p(tx("d")))))},
		{name: "a row no more", in: doc(table(row(p(tx("a")), p(tx("b"))))), text: "ab", want: doc(p(tx("ab")))},
		{name: "a new row", in: doc(table(row(p(tx("a")), p(tx("b"))))), text: "a | b\nc | d", want: doc(table(row(p(tx("a")), p(tx("b"))), row(`{"type":"paragraph","content":[`+tx("c")+`]}`, p(tx("d")))))},
		{name: "an image stays", in: doc(p(tx("a")), image, p(tx("b"))), text: "a\nb", want: doc(p(tx("a")), image, p(tx("b"))), shows: "a\n[image: a.png]\nb"},
		{name: "an image stays beside what replaces it", in: doc(image), text: "new", want: doc(image, p(tx("new"))), shows: "[image: a.png]\nnew"},
		{name: "an image in a cell stays", in: doc(table(row(p(tx("a")), image))), text: "a | b", want: doc(table(row(p(tx("a")), p(tx("b"))+","+image))), shows: "a | b [image: a.png]"},
		{name: "a mention stays", in: doc(p(`{"type":"mention","attrs":{"id":"1","text":"@Ann"}}`, tx(" said"))), text: "Then @Ann spoke", want: doc(p(tx("Then "), `{"type":"mention","attrs":{"id":"1","text":"@Ann"}}`, tx(" s"), tx("poke")))},
		{
			name: "a link that is its address", in: doc(p(`{"type":"text","text":"https://x.y","marks":[{"type":"link","attrs":{"href":"https://x.y"}}]}`)),
			text: "https://x.z", want: doc(p(tx("https://x.z"))),
		},
		{
			name: "a task done", in: doc(`{"type":"taskList","attrs":{"localId":"l"},"content":[{"type":"taskItem","attrs":{"localId":"1","state":"TODO"},"content":[` + tx("a") + `]}]}`),
			text: "[x] a", want: doc(`{"type":"taskList","attrs":{"localId":"l"},"content":[{"type":"taskItem","attrs":{"localId":"1","state":"DONE"},"content":[` + tx("a") + `]}]}`),
		},
		{name: "cleared", in: doc(p(tx("a"))), text: " ", want: `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := richtext.ParseADF(json.RawMessage(c.in))
			if err != nil {
				t.Fatal(err)
			}
			e := d.Edited(c.text)
			var got, want any
			if err := json.Unmarshal(e.ADF(), &got); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(strings.ReplaceAll(c.want, tx(" s")+","+tx("poke"), tx(" spoke"))), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if c.shows == "" {
				c.shows = canonical(c.text)
			}
			if e.Text() != c.shows {
				t.Errorf("it shows %q, want %q", e.Text(), c.shows)
			}
		})
	}
}

func TestADFThatIsNone(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"type":"panel","content":[`, 200) + strings.Repeat(`]}`, 200)
	for _, in := range []string{
		`{`, `[]`, `"text"`, `7`, `{"type":"paragraph"}`, `{"type":"doc","content":{}}`, `{"type":"doc","content":[7]}`, `{"type":"doc","content":[{}]}`,
		`{"type":"doc","content":[{"type":"text","text":1}]}`, `{"type":"doc"}{}`, doc(deep), strings.Repeat("[", 1<<20), "{\"type\":\"doc\",\"x\":\"\xff\"}",
		`{"type":"doc","content":[]` + strings.Repeat(" ", 17<<20) + `}`,
	} {
		if d, err := richtext.ParseADF(json.RawMessage(in)); err == nil {
			t.Errorf("%.60q is read as %q", in, d.Text())
		}
	}
}

func TestHostileButReadable(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		`{"type":"doc"}`, `{"type":"doc","content":null}`, `{"type":"doc","content":[{"type":"text","text":"\ud800"}]}`,
		`{"type":"doc","content":[{"type":"heading","attrs":7,"content":[{"type":"mention","attrs":[]}]}]}`,
		`{"type":"doc","content":[{"type":"orderedList","attrs":{"order":-5},"content":[{"type":"listItem"}]}]}`,
		`{"type":"doc","content":[{"type":"tableRow"},{"type":"table"},{"type":"tableCell"},{"type":"hardBreak"}]}`,
		doc(strings.TrimSuffix(strings.Repeat(p(tx("x"))+",", 100_000), ",")),
	} {
		d, err := richtext.ParseADF(json.RawMessage(in))
		if err != nil {
			t.Errorf("%.60q: %v", in, err)
		}
		want := "other\n" + d.Text()
		if got := d.Edited(want).Text(); got != canonical(want) {
			t.Errorf("%.60q shows %.60q, want %.60q", in, got, want)
		}
	}
}

func TestWikiText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"h1. Title\r\nbody", "Title\nbody"},
		{"*bold* _em_ {{mono}} -del- +ins+ a*b*c 2 * 3 * 4", "bold em mono del ins a*b*c 2 * 3 * 4"},
		{"* a\n** b\n# c\n# d\n#* e", "- a\n  - b\n1. c\n2. d\n  - e"},
		{"{code:java}\nif (x) { *y* }\n{code}\nafter", "if (x) { *y* }\nafter"},
		{"{noformat}a{noformat} {color:red}b{color}", "a b"},
		{"{quote}\nq\n{quote}", "q"},
		{"{unclosed} {code}", "{unclosed} {code}"},
		{"||h1||h2||\n|a|[b|http://x.y]|", "h1 | h2\na | b"},
		{"[text|http://x.y] [http://z.y] [~fred] [^f.txt] [ABC-1] [ERROR] x", "text http://z.y @fred f.txt ABC-1 [ERROR] x"},
		{"!a.png|thumbnail! hi! wow!", "[image: a.png] hi! wow!"},
		{`a\\b \*c\* &amp; &#42; C:\temp \\srv\share`, "a\nb *c* & * C:\\temp \\\\srv\\share"},
		{"a\n----\nb", "a\n---\nb"},
		{"bq. said", "said"},
		{"http://x.y/_a_b_ *x*", "http://x.y/_a_b_ x"},
	} {
		if got := richtext.ParseWiki(c.in).Text(); got != c.want {
			t.Errorf("%q shows %q, want %q", c.in, got, c.want)
		}
	}
}

func TestWikiEdited(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, text, want string }{
		{"see *bold* now", "see brave now", "see *brave* now"},
		{"h1. Title\r\nx", "Titles\nx", "h1. Titles\r\nx"},
		{"* a\n* c", "- a\n- b\n- c", "* a\n* b\n* c"},
		{"# a\n# c", "1. a\n2. b\n3. c", "# a\n# b\n# c"},
		{"|a|*b*|", "a | c", "|a|*c*|"},
		{"|a|b|", "a | b\nc | d", "|a|b|\n|c|d|"},
		{"{code}\na\nb\n{code}", "a\n*x*\nb", "{code}\na\n*x*\nb\n{code}"},
		{"{code}\na\n{code}", "a\n*x*", "{code}\na\n{code}\n\\*x*"},
		{"x\n{quote}\na\n{quote}\ny", "x\ny", "x\ny"},
		{"[docs|http://x.y] end", "[new] docs end", "\\[new] [docs|http://x.y] end"},
		{"a\r\n!i.png!\r\nb", "a\nb", "a\r\n!i.png!\r\nb"},
		{"[~fred] said", "Then @fred spoke", "Then [~fred] spoke"},
		{"", "h1. x\n{code}", "h1&#46; x\n\\{code\\}"},
	} {
		if got := richtext.ParseWiki(c.in).Edited(c.text).Wiki(); got != c.want {
			t.Errorf("%q as %q becomes %q, want %q", c.in, c.text, got, c.want)
		}
	}
}

// Texts that would take minutes if reading or editing looked at everything again for each character.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"*a *b ", "[a", "{quote}", "{quote:a}", `\\\\a`, "!a", "{{", "\n* a", "|a", " |", "&#", "http://", "??", `\`, "{code}", "*-_", "a.b!",
	} {
		markup := strings.Repeat(s, (1<<17)/len(s))
		d := richtext.ParseWiki(markup)
		d.Edited("other\n" + d.Text()[:len(d.Text())/2])
		if got := richtext.NewADF(markup).Text(); got != canonical(markup) {
			t.Errorf("many of %q: another text is shown", s)
		}
	}
}

func TestLen(t *testing.T) {
	t.Parallel()
	if n := richtext.NewWiki("*a* 😀").Len(); n != 7 { // the escape counts, the emoji twice
		t.Errorf("wiki: got %d", n)
	}
	if n := richtext.NewADF("*a* 😀").Len(); n != 6 {
		t.Errorf("ADF: got %d", n)
	}
	if !richtext.NewADF("").IsEmpty() || string(richtext.NewADF("").ADF()) != "null" || richtext.NewWiki("").Wiki() != "" {
		t.Error("an empty text is not empty")
	}
}

func FuzzParseADF(f *testing.F) {
	for _, s := range []string{`null`, doc(p(tx("a", "strong")), list("orderedList", p(tx("b")))), doc(image, table([]string{p(tx("a")), p(tx("b"))})), `{"type":"doc"}`} {
		f.Add([]byte(s), "a\n2. b")
	}
	f.Fuzz(func(t *testing.T, raw []byte, text string) {
		d, err := richtext.ParseADF(raw)
		if err != nil {
			return
		}
		if e := d.Edited(d.Text()); !e.Equal(d) {
			t.Fatalf("the same text makes another document: %s", e.ADF())
		}
		e := d.Edited(text)
		if _, err := richtext.ParseADF(e.ADF()); err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, e.ADF())
		}
	})
}

func FuzzWiki(f *testing.F) {
	for _, s := range []string{"h1. a\n* b\n** c", "||a||b||\n|c|d|", "{code}\nx\n{code}", `*a* [b|http://c.d] \\ !e.png!`, "{quote}{panel:title=x}\ny{panel}{quote}"} {
		f.Add(s, "a\n- b")
	}
	f.Fuzz(func(t *testing.T, markup, text string) {
		d := richtext.ParseWiki(markup)
		if e := d.Edited(d.Text()); e.Wiki() != markup {
			t.Fatalf("the same text makes %q of %q", e.Wiki(), markup)
		}
		d.Edited(text)
		if got := richtext.NewWiki(text).Text(); got != canonical(text) {
			t.Fatalf("%q shows %q", text, got)
		}
	})
}

func BenchmarkWikiEdited(b *testing.B) {
	d := richtext.ParseWiki(strings.Repeat("* some *bold* words and a [link|http://x.y/z] in {{code}}\n", 560))
	text := d.Text() + "\nOne more line."
	for b.Loop() {
		d.Edited(text)
	}
}

func BenchmarkADFEdited(b *testing.B) {
	d, err := richtext.ParseADF(json.RawMessage(doc(strings.TrimSuffix(strings.Repeat(p(tx("some "), tx("bold", "strong"), tx(" words on a line of their own"))+",", 800), ","))))
	if err != nil {
		b.Fatal(err)
	}
	text := d.Text() + "\nOne more line."
	for b.Loop() {
		d.Edited(text)
	}
}
