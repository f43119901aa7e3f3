package google

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// act does what a form of the grid page asks for and goes back to the page, with a message when it could not be done.
func (s *Server) act(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "the form could not be read", http.StatusBadRequest)
		return
	}
	id := r.PathValue("id")
	book := s.book(id)
	if book == nil {
		http.Error(w, "there is no such spreadsheet", http.StatusNotFound)
		return
	}
	gid, _ := strconv.Atoi(r.PostForm.Get("gid"))
	t := book.tabID(gid)
	if t == nil {
		http.Error(w, "there is no such tab", http.StatusNotFound)
		return
	}
	err := s.doAct(r.PathValue("act"), id, t, r.PostForm)
	if r.Header.Get("Accept") == "application/json" { // the script shows what went wrong by itself
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	back := url.Values{"gid": {itoa(gid)}}
	for _, k := range []string{"from", "hidden"} {
		if v := r.PostForm.Get("at_" + k); v != "" {
			back.Set(k, v)
		}
	}
	if err != nil {
		back.Set("message", err.Error())
	}
	http.Redirect(w, r, "/spreadsheets/d/"+url.PathEscape(id)+"/edit?"+back.Encode()+"#gid="+itoa(gid), http.StatusSeeOther)
}

func (s *Server) doAct(act, id string, t *tab, form url.Values) error {
	n, _ := strconv.Atoi(form.Get("n")) // a row or a column; what is no number is 0, which no method takes
	switch act {
	case "cell":
		return s.Type(id, t.title, strings.TrimSpace(form.Get("ref")), strings.ReplaceAll(form.Get("text"), "\r\n", "\n"))
	case "add-row":
		values := make([]string, t.colCount)
		filled := false
		for c := range values {
			values[c] = form.Get("c" + itoa(c+1))
			filled = filled || values[c] != ""
		}
		if !filled {
			return fmt.Errorf("the new row is empty")
		}
		for len(values) > 0 && values[len(values)-1] == "" {
			values = values[:len(values)-1]
		}
		_, err := s.AddRow(id, t.title, values...)
		return err
	case "insert-row":
		return s.InsertRow(id, t.title, n)
	case "delete-row":
		return s.DeleteRow(id, t.title, n)
	case "copy-row":
		return s.copyRow(id, t, n)
	case "move-up":
		return s.MoveRow(id, t.title, n, n-1)
	case "move-down":
		return s.MoveRow(id, t.title, n, n+1)
	case "hide-row":
		return s.HideRow(id, t.title, n, !t.rowLane(n-1).hidden)
	case "insert-column":
		return s.InsertColumn(id, t.title, n)
	case "delete-column":
		return s.DeleteColumn(id, t.title, n)
	case "move-left":
		return s.MoveColumn(id, t.title, n, n-1)
	case "move-right":
		return s.MoveColumn(id, t.title, n, n+1)
	case "hide-column":
		return s.HideColumn(id, t.title, n, !t.colLane(n-1).hidden)
	case "copy-tab":
		return s.DuplicateTab(id, t.title, "")
	case "undo":
		return s.Undo(id)
	case "comment":
		_, err := s.AddComment(id, t.title, strings.TrimSpace(form.Get("ref")), "A person", form.Get("text"))
		return err
	case "reply", "resolve":
		return s.ReplyComment(id, form.Get("comment"), "A person", form.Get("text"), act == "resolve")
	case "sort", "sort-down":
		// What is frozen stays on top, as in Sheets; without anything frozen the first row is taken for the header.
		from, last := max(t.frozenRows, 1)+1, t.lastRow()
		if last <= from {
			return nil
		}
		return s.SortRange(id, t.title, from, last, 1, 0, n, act == "sort-down")
	}
	return fmt.Errorf("the page knows nothing called %q", act)
}

// copyRow puts a copy of a row right below it, with everything that is in its cells.
func (s *Server) copyRow(id string, t *tab, n int) error {
	return s.onTab(id, t.title, func(w *workbook, t *tabHands) error {
		if err := within("row", n, t.rowCount); err != nil {
			return err
		}
		w.insertLanes(t.tab, true, n, 1, true)
		from := rect{n - 1, n, 0, t.colCount}
		_, err := (&batch{s: s, w: w}).copyPaste(map[string]any{
			"source": areaOf(t.tab, from).json(), "destination": areaOf(t.tab, rect{n, n + 1, 0, t.colCount}).json(),
		})
		if err != nil {
			return err
		}
		return w.withinLimit()
	})
}

// events tells an open page, by server-sent events, which file has just changed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	c := make(chan string, 16)
	s.mu.Lock()
	s.streams[c] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.streams, c)
		s.mu.Unlock()
	}()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	out := http.NewResponseController(w)
	say := func(text string) bool {
		if _, err := fmt.Fprint(w, text); err != nil {
			return false
		}
		return out.Flush() == nil
	}
	if !say(": open\n\n") {
		return
	}
	for {
		select {
		case id := <-c:
			if !say("data: " + id + "\n\n") {
				return
			}
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		}
	}
}
