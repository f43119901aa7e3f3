// Package export writes a partnership's view as a file that can be kept, mailed or worked on: JSON with all that the figures are made
// of, CSV with a row a task, Markdown and self-contained HTML for people. It is pure: it writes what the view holds, and asks
// nobody.
package export

import (
	"fmt"
	"io"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/view"
)

// Format is a kind of file.
type Format string

// The formats.
const (
	JSON     Format = "json"
	CSV      Format = "csv"
	Markdown Format = "markdown"
	HTML     Format = "html"
)

// Formats returns all formats. The slice is the caller's.
func Formats() []Format { return []Format{JSON, CSV, Markdown, HTML} }

// MIME is the media type of a format.
func (f Format) MIME() string {
	switch f {
	case JSON:
		return "application/json"
	case CSV:
		return "text/csv; charset=utf-8"
	case Markdown:
		return "text/markdown; charset=utf-8"
	case HTML:
		return "text/html; charset=utf-8"
	}
	return "application/octet-stream"
}

// Extension is how a file's name ends: "md".
func (f Format) Extension() string {
	if f == Markdown {
		return "md"
	}
	return string(f)
}

// ByExtension is the format of an extension, and false where there is none.
func ByExtension(ext string) (Format, bool) {
	i := slices.IndexFunc(Formats(), func(f Format) bool { return f.Extension() == ext })
	if i < 0 {
		return "", false
	}
	return Formats()[i], true
}

// Write writes a view. An error is one of w's, or tells of a format that there is not.
func Write(w io.Writer, v *view.View, f Format) error {
	switch f {
	case JSON:
		return writeJSON(w, v)
	case CSV:
		return writeCSV(w, v)
	case Markdown:
		return writeMarkdown(w, v)
	case HTML:
		return writeHTML(w, v)
	}
	return fmt.Errorf("there is no format %q: take one of %v", f, Formats())
}
