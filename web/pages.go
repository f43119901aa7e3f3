package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// shell is what every page has around its content.
type shell struct {
	Title       string
	Version     string
	Banner      []Link
	Partnership Partnership // zero where the page is about none
	Body        any
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, page, title string, p Partnership, body any) {
	var b bytes.Buffer
	err := s.pages[page].Execute(&b, shell{Title: title, Version: s.o.Version, Banner: s.o.Banner, Partnership: p, Body: body})
	if err != nil {
		http.Error(w, "The page could not be made.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes()) // the reader is gone if this fails
	}
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
	s.problem(w, r, http.StatusServiceUnavailable, "The database cannot be read at the moment. The log says why; /readyz tells when it is back.")
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	if len(s.o.Partnerships) == 1 {
		http.Redirect(w, r, "/p/"+s.o.Partnerships[0].ID, http.StatusFound)
		return
	}
	var rows []summary
	for _, p := range s.o.Partnerships {
		st, err := s.o.Store.Load(r.Context(), p.ID)
		if err != nil {
			s.unreadable(w, r)
			return
		}
		rows = append(rows, newView(p, st, s.o.Now()).summary())
	}
	s.render(w, r, http.StatusOK, "home", "Partnerships", Partnership{}, rows)
}

// activity is how many events of the history the partnership's page shows.
const activity = 25

func (s *Server) partnership(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("partnership"))
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is no partnership of that name.")
		return
	}
	st, err := s.o.Store.Load(r.Context(), p.ID)
	if err != nil {
		s.unreadable(w, r)
		return
	}
	events, err := s.o.Store.History(r.Context(), p.ID, store.Query{Limit: activity})
	if err != nil {
		s.unreadable(w, r)
		return
	}
	cycles, err := s.o.Store.Cycles(r.Context(), p.ID, 1)
	if err != nil {
		s.unreadable(w, r)
		return
	}
	v := newView(p, st, s.o.Now())
	s.render(w, r, http.StatusOK, "partnership", p.Name, p, v.page(filterOf(r.URL.Query()), events, cycles))
}

func (s *Server) task(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("partnership"))
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is no partnership of that name.")
		return
	}
	id := task.ID(r.PathValue("task"))
	st, err := s.o.Store.Load(r.Context(), p.ID)
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
	s.render(w, r, http.StatusOK, "task", string(id)+": "+story.Title, p, story)
}

func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := s.assets[r.URL.Path]
	if !ok {
		s.problem(w, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	w.Header().Set("Content-Type", a.mime)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.body)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(w, "ok")
}

// readyz answers 200 when the store can be reached and the first cycle is done, else 503 and why.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.o.Store.Ping(r.Context()); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, "the store cannot be reached")
		return
	}
	if s.o.Ready != nil {
		if err := s.o.Ready(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = fmt.Fprintln(w, err)
			return
		}
	}
	_, _ = fmt.Fprintln(w, "ready")
}

// apiTask is one task in the JSON API.
type apiTask struct {
	ID       task.ID                 `json:"id"`
	Values   map[string]string       `json:"values"` // by field; canonical text
	Baseline string                  `json:"baseline_due,omitempty"`
	Overdue  bool                    `json:"overdue"`
	Links    map[task.SourceID]apiIn `json:"links"`
}

type apiIn struct {
	Name string `json:"name"`
	URL  string `json:"url,omitempty"`
}

// apiTasks answers {"generation":…, "tasks":[…], "held":[…]}. Its ETag is the generation.
func (s *Server) apiTasks(w http.ResponseWriter, r *http.Request) {
	p, ok := s.find(r.PathValue("partnership"))
	if !ok {
		http.Error(w, `{"error":"there is no such partnership"}`, http.StatusNotFound)
		return
	}
	st, err := s.o.Store.Load(r.Context(), p.ID)
	if err != nil {
		http.Error(w, `{"error":"the database cannot be read at the moment"}`, http.StatusServiceUnavailable)
		return
	}
	v := newView(p, st, s.o.Now())
	// Overdue changes at midnight, without a new generation.
	tag := fmt.Sprintf(`"%d-%s"`, st.Generation, v.today)
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"generation": st.Generation, "tasks": v.api(), "held": append([]task.Hold{}, st.Holds...),
	})
}
