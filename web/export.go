package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/lockstep-sync/lockstep/sync/export"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// export serves the partnership's view as a file, now or on a past day.
func (s *Server) export(w http.ResponseWriter, r *http.Request) {
	viewer, err := s.admitted(r, auth.Viewer)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	f, ok := export.ByExtension(r.PathValue("format"))
	if !ok {
		s.fail(w, r, missing("There is no export of that kind: take json, csv, md or html."))
		return
	}
	v, _, err := shown(r.Context(), viewer, page{past: true}, r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	var b bytes.Buffer
	if err := export.Write(&b, v, f); err != nil {
		s.problem(w, r, http.StatusInternalServerError, "The file could not be made. That is a fault of Lockstep, and nothing is lost by it.")
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.MIME())
	h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", v.Partnership.ID+"-"+v.Now.Format(time.DateOnly)+"."+f.Extension()))
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the reader is gone if this fails
	}
}

// fileWord is what people call a format.
func fileWord(f export.Format) string {
	switch f {
	case export.JSON:
		return "JSON"
	case export.CSV:
		return "CSV"
	case export.Markdown:
		return "Markdown"
	case export.HTML:
		return "a page to mail"
	}
	return string(f)
}
