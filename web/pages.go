package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// cyclesShown is how many cycles the strip at the foot of the page shows.
const cyclesShown = 20

// shell is what every page has around its content.
type shell struct {
	Title       string
	Version     string
	Banner      []Link
	Metrics     bool
	Partnership Partnership // zero where the page is about none
	Body        any
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page, title string, p Partnership, body any) {
	var b bytes.Buffer
	if p, ok := body.(pageBody); ok {
		n := 64 << 10
		for i := range p.Groups {
			n += len(p.Groups[i].HTML)
		}
		b.Grow(n)
	}
	err := s.pages[page].Execute(&b, shell{
		Title: clip(title, clipped), Version: s.o.Version, Banner: s.banner(), Metrics: s.o.Metrics != nil, Partnership: p, Body: body,
	})
	switch {
	case err == nil:
	case page == "problem": // there is no prettier way left to say it
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	default:
		s.unmade(w, r)
		return
	}
	out := disarm(b.Bytes())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out) // the reader is gone if this fails
	}
}

// banner leaves out what does not lead to a page.
func (s *Server) banner() []Link {
	var out []Link
	for _, l := range s.o.Banner {
		if u := safeURL(l.URL); u != "" {
			out = append(out, Link{l.Text, u})
		}
	}
	return out
}

type problemBody struct {
	Status int
	Text   string
}

func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.render(w, r, status, "problem", http.StatusText(status), Partnership{}, problemBody{status, text})
}

// unreadable answers when the store cannot be read. What the database says stays out of the page.
func (s *Server) unreadable(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "5")
	s.problem(w, r, http.StatusServiceUnavailable, "The database cannot be read at the moment. The log says why; /readyz tells when it is back.")
}

func (s *Server) unmade(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusInternalServerError, "The page could not be made. That is a fault of Lockstep, and nothing is lost by it.")
}

// elsewhere answers what no page is for.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.problem(w, r, http.StatusMethodNotAllowed, "Pages can only be read. Tasks are changed in the partners’ own tools.")
		return
	}
	s.problem(w, r, http.StatusNotFound, "There is nothing at this address.")
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	if len(s.o.Partnerships) == 1 {
		http.Redirect(w, r, "/p/"+s.o.Partnerships[0].ID, http.StatusFound)
		return
	}
	var rows []summary
	for _, p := range s.o.Partnerships {
		st, err := s.load(r.Context(), p)
		if err != nil {
			s.unreadable(w, r)
			return
		}
		rows = append(rows, newView(p, st, s.o.Now()).summary())
	}
	s.render(w, r, http.StatusOK, "home", "Partnerships", Partnership{}, rows)
}

func (s *Server) partnership(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("partnership"))
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is no partnership of that name.")
		return
	}
	st, err := s.load(r.Context(), p)
	if err != nil {
		s.unreadable(w, r)
		return
	}
	events, err := s.o.Store.History(r.Context(), p.ID, store.Query{Limit: activityRead})
	if err != nil {
		s.unreadable(w, r)
		return
	}
	cycles, err := s.o.Store.Cycles(r.Context(), p.ID, cyclesShown)
	if err != nil {
		s.unreadable(w, r)
		return
	}
	b := newView(p, st, s.o.Now()).page(filterOf(r.URL.Query()), events, cycles)
	for i := range b.Groups {
		if b.Groups[i].HTML, err = s.rowsHTML(p, b.Groups[i].Rows); err != nil {
			s.unmade(w, r)
			return
		}
	}
	s.recent[p.ID].forget(len(st.Tasks))
	s.render(w, r, http.StatusOK, "partnership", p.Name, p, b)
}

func (s *Server) task(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("partnership"))
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is no partnership of that name.")
		return
	}
	id := task.ID(r.PathValue("task"))
	st, err := s.load(r.Context(), p)
	if err != nil {
		s.unreadable(w, r)
		return
	}
	events, err := s.o.Store.History(r.Context(), p.ID, store.Query{Task: id})
	if err != nil {
		s.unreadable(w, r)
		return
	}
	story, ok := newView(p, st, s.o.Now()).story(id, events)
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is no such task.")
		return
	}
	s.render(w, r, http.StatusOK, "task", fmt.Sprintf("%s: %s", id, story.Title), p, story)
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.URL.Path]
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	w.Header().Set("Content-Type", a.mime)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body) // the reader is gone if this fails
}
