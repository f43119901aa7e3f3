package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// pingTime is how long the store may take to answer a probe.
const pingTime = 2 * time.Second

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintln(w, "ok")
}

// readyz answers 200 when the store can be reached and the first cycle is done, else 503 and why. What the database
// says stays out of the answer: anybody may ask.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	ctx, cancel := context.WithTimeout(r.Context(), pingTime)
	defer cancel()
	if err := s.o.Store.Ping(ctx); err != nil {
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

func (v *teller) api() []apiTask {
	out := []apiTask{}
	for n := range v.Score.Tasks {
		x := &v.Score.Tasks[n]
		t := x.Task
		a := apiTask{
			ID: t.ID, Values: map[string]string{}, Baseline: t.Baseline.String(), Overdue: x.Overdue > 0, Links: map[task.SourceID]apiIn{},
		}
		for i, val := range t.Agreed {
			if !val.IsEmpty() {
				a.Values[task.Field(i).String()] = val.String()
			}
		}
		for _, l := range v.Links(t.ID) {
			a.Links[l.Source] = apiIn{l.Name, safeURL(l.URL)}
		}
		out = append(out, a)
	}
	return out
}

// apiTasks answers {"generation":…, "tasks":[…], "held":[…]}. The ETag changes with the generation and with anything else
// in the answer: links settle after the generation is made, and tasks become overdue at midnight.
func (s *Server) apiTasks(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	viewer, err := s.admitted(r, auth.Viewer)
	if err != nil {
		apiProblem(w, http.StatusNotFound, "there is no such partnership")
		return
	}
	v, err := viewer.Now(r.Context())
	if err != nil {
		w.Header().Set("Retry-After", "5")
		apiProblem(w, http.StatusServiceUnavailable, "the database cannot be read at the moment")
		return
	}
	body, err := json.Marshal(map[string]any{
		"generation": v.State.Generation, "tasks": newTeller(v).api(), "held": append([]task.Hold{}, v.State.Holds...),
	})
	if err != nil {
		apiProblem(w, http.StatusInternalServerError, "the answer could not be made")
		return
	}
	sum := sha256.Sum256(body)
	tag := fmt.Sprintf(`"%d-%x"`, v.State.Generation, sum[:8])
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "no-cache")
	if knows(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = bytes.NewReader(append(body, '\n')).WriteTo(w) // the reader is gone if this fails
}

// knows reports whether If-None-Match lists the tag, weak or not, or every tag.
func knows(lines []string, tag string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			if t = strings.TrimPrefix(strings.TrimSpace(t), "W/"); t == tag || t == "*" {
				return true
			}
		}
	}
	return false
}

func apiProblem(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": text})
}
