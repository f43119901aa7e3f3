package richtext_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/connectors/jira/richtext"
)

// realTexts are the descriptions and comments of real issues; the test is skipped where the data does not lie beside the
// project.
func realTexts(t *testing.T) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	var texts []string
	for _, name := range []string{"issues-mod.jsonl.gz", "issues-aloy.jsonl.gz"} {
		f, err := os.Open(filepath.Join(dir, "..", "shared", "data", "jira", name))
		if err != nil {
			t.Skipf("the real data is not here: %v", err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(z)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var issue struct {
				Fields struct {
					Description string
					Comment     struct{ Comments []struct{ Body string } }
				}
			}
			if err := json.Unmarshal(lines.Bytes(), &issue); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, issue.Fields.Description)
			for _, c := range issue.Fields.Comment.Comments {
				texts = append(texts, c.Body)
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(texts) < 1067 {
		t.Fatalf("%d texts were read: is the data whole?", len(texts))
	}
	return texts
}

var (
	// What is not shown: tags and their parameters, addresses behind a text, the sizes of images, entities.
	unseen = regexp.MustCompile(`\{(?:code|noformat|quote|panel|color|anchor)(?::[^{}\n]*)?\}|\|[^\]|\s]*\]|\|[^!|\n]*!|&[#A-Za-z0-9]+;|(?m:^\s*(?:h[1-6]|bq)\.)`)
	words  = regexp.MustCompile(`[\pL\p{Nd}]+`)
)

func TestRealTexts(t *testing.T) {
	t.Parallel()
	for _, s := range realTexts(t) {
		d := richtext.ParseWiki(s)
		text := d.Text()
		for _, w := range words.FindAllString(canonical(unseen.ReplaceAllString(s, " ")), -1) {
			if !strings.Contains(text, w) {
				t.Errorf("the word %q is not shown of %.300q", w, s)
				break
			}
		}
		if same := d.Edited(text); same.Wiki() != s {
			t.Errorf("the same text changes %.300q to %.300q", s, same.Wiki())
		}
		e := d.Edited(text + "\nOne more line.")
		if got, want := e.Text(), canonical(text+"\nOne more line."); got != want {
			t.Errorf("with a line more %.300q shows %q, want %q", s, got, want)
		}
		if !keepsAll(s, e.Wiki()) {
			t.Errorf("with a line more %q becomes %q", s, e.Wiki())
		}
		plain := richtext.NewWiki(text)
		if plain.Text() != text {
			t.Errorf("written as plain text, %.300q shows %.300q", text, plain.Text())
		}
		document := richtext.NewADF(text)
		if document.Text() != text {
			t.Errorf("written as a document, %.300q shows %.300q", text, document.Text())
		}
		valid(t, document.ADF())
	}
}

// keepsAll reports that markup has every line of the old markup, in order, and one line more; blanks do not count, since
// those at the end of the text are taken away once something follows.
func keepsAll(old, now string) bool {
	split := func(s string) []string {
		lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
		for i := range lines {
			lines[i] = strings.Join(strings.Fields(lines[i]), "")
		}
		return lines
	}
	was, is := split(old), split(now)
	i := 0
	added := 0
	for _, l := range is {
		switch {
		case i < len(was) && was[i] == l:
			i++
		case strings.Contains(l, "Onemoreline."):
			added++
		default:
			return false
		}
	}
	for i < len(was) && was[i] == "" {
		i++
	}
	return i == len(was) && (added == 1 || old == "")
}
