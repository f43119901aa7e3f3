package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/web/auth"
)

const (
	// heartbeat keeps proxies from closing a quiet stream.
	heartbeat = 20 * time.Second
	// patience is how long a page may take to accept a line before it is let go.
	patience = 10 * time.Second
)

// hub hands changes to open pages. A page that is slow loses nothing: it is told once more, not twice.
type hub struct {
	mu     sync.Mutex
	pages  map[chan struct{}]string // by partnership
	closed chan struct{}
	once   sync.Once
}

func newHub() *hub {
	return &hub{pages: make(map[chan struct{}]string), closed: make(chan struct{})}
}

func (h *hub) tell(partnership string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, p := range h.pages {
		if p == partnership {
			select {
			case c <- struct{}{}:
			default: // it has not yet heard of the one before
			}
		}
	}
}

func (h *hub) join(partnership string) (c chan struct{}, leave func()) {
	c = make(chan struct{}, 1)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pages[c] = partnership
	return c, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.pages, c)
	}
}

func (h *hub) close() { h.once.Do(func() { close(h.closed) }) }

// events streams one event "cycle" after each cycle of the partnership that ?partnership= names.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("partnership")
	if s.find(id) == nil || !auth.From(r.Context()).May(id, auth.Viewer) {
		s.problem(w, r, http.StatusNotFound, "There is no such partnership.")
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return
	}
	data, err := json.Marshal(map[string]string{"partnership": id})
	if err != nil {
		s.problem(w, r, http.StatusInternalServerError, "The stream could not be made.")
		return
	}
	changed, leave := s.live.join(id)
	defer leave()
	out := http.NewResponseController(w)
	say := func(text string) bool {
		_ = out.SetWriteDeadline(time.Now().Add(patience)) // not every writer has deadlines; a write fails all the same
		_, err := fmt.Fprint(w, text)
		return err == nil && out.Flush() == nil
	}
	if !say("retry: 2000\n: hello\n\n") {
		return
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for ok := true; ok; {
		select {
		case <-r.Context().Done():
			return
		case <-s.live.closed:
			return
		case <-changed:
			ok = say("event: cycle\ndata: " + string(data) + "\n\n")
		case <-beat.C:
			ok = say(": still here\n\n")
		}
	}
}
