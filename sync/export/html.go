package export

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"unicode"

	"github.com/lockstep-sync/lockstep/sync/view"
)

//go:embed templates/report.html
var templates embed.FS

func writeHTML(w io.Writer, v *view.View) error {
	t, err := template.ParseFS(templates, "templates/report.html")
	if err != nil {
		return fmt.Errorf("read the report's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newPaper(v)); err != nil {
		return fmt.Errorf("make the report of %s: %w", v.Partnership.ID, err)
	}
	if _, err := w.Write(seen(b.Bytes())); err != nil {
		return fmt.Errorf("write %s as HTML: %w", v.Partnership.ID, err)
	}
	return nil
}

// seen takes out what nobody can see, and what could make a text read as another.
func seen(page []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, page)
}
