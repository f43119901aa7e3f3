package google

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/dials"
)

// Options set a Server up. The zero value is ready to use: no quotas, no login, British dates, UTC.
type Options struct {
	Now             func() time.Time // nil is time.Now
	ReadsPerMinute  int              // of each API, for the one user there is; 0 is no limit
	WritesPerMinute int
	Locale          string // of new spreadsheets; "" is en_GB
	TimeZone        string // of new spreadsheets, an IANA name; "" is Etc/UTC
	Token           string // when set, the APIs ask for it as a bearer token; the pages for people never do
	Push            PushOptions
}

// Server is the sandbox: a handler with the Sheets API at /v4/, the Docs API at /v1/, the Drive API at /drive/v3/, the
// dials at /sandbox/faults, and pages for people at /. Its methods may be called while it serves.
type Server struct {
	o       Options
	panel   dials.Panel
	handler http.Handler
	meters  map[string]*dials.Meter // by service and kind
	push    push

	mu          sync.RWMutex
	books       map[string]*workbook // what a pointer leads to never changes
	docs        map[string]*document
	order       []string // ids of both, as they were made
	made        int
	people      map[string]string       // names by e-mail address
	permissions map[string][]permission // by file
	undo        map[string]step         // the last change by hand, by file
	shared      int
	watched     []func()
	streams     map[chan string]struct{} // one for each open page
	closed      chan struct{}
	closing     sync.Once
	// failComments makes the APIs' comment updates fail.
	failComments bool
}

// New makes a sandbox with nothing in it.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Locale == "" {
		o.Locale = "en_GB"
	}
	if o.TimeZone == "" {
		o.TimeZone = "Etc/UTC"
	}
	s := &Server{
		o: o, books: map[string]*workbook{}, docs: map[string]*document{}, streams: map[chan string]struct{}{},
		closed: make(chan struct{}), meters: map[string]*dials.Meter{}, people: map[string]string{}, permissions: map[string][]permission{}, undo: map[string]step{},
	}
	for _, service := range []string{sheetsService, docsService} {
		s.meters[service+"Read"], s.meters[service+"Write"] = &dials.Meter{}, &dials.Meter{}
	}
	apis := http.NewServeMux()
	apis.HandleFunc("/v4/", s.serveSheets)
	apis.HandleFunc("/v1/", s.serveDocs)
	apis.HandleFunc("/drive/v3/", s.serveDrive)
	s.driveFiles(apis)
	behind := s.panel.Wrap(apis)
	pages := s.pages()
	// A page on another site must not be able to write here through the browser of whoever looks at both.
	s.handler = http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.Path
		if strings.HasPrefix(p, "/v4/") || strings.HasPrefix(p, "/v1/") || strings.HasPrefix(p, "/drive/v3/") || p == "/sandbox/faults" {
			behind.ServeHTTP(w, r)
			return
		}
		pages.ServeHTTP(w, r)
	}))
	return s
}

const (
	sheetsService = "sheets.googleapis.com"
	docsService   = "docs.googleapis.com"
	driveService  = "drive.googleapis.com"
)

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Panel is the fault panel around the three APIs; the pages for people are never struck nor logged.
func (s *Server) Panel() *dials.Panel { return &s.panel }

// Close ends the event streams of open pages, so that an http.Server can shut down without waiting for them. The rest
// goes on working. It may be called more than once.
func (s *Server) Close() { s.closing.Do(func() { close(s.closed) }) }

// OnChange has f called after every change of any file, by a person or through an API. f runs on the goroutine of
// whoever made the change, after it can be read, and must not block.
func (s *Server) OnChange(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched = append(s.watched, f)
}

// newID is an id that looks like Google's and is the same on every run. The caller holds the lock.
func (s *Server) newID(title string) string {
	s.made++
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, title)
	id := fmt.Sprintf("1Sandbox%03d-%s-", s.made, name[:min(len(name), 20)])
	for len(id) < 44 {
		id += "0"
	}
	return id
}

// book is a spreadsheet as it is now, nil when there is none with the id.
func (s *Server) book(id string) *workbook {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.books[id]
}

// change lets f work on a copy of the spreadsheet and, when f finds nothing wrong, puts the copy in its place.
func (s *Server) change(id string, byPerson bool, f func(w *workbook) error) error {
	s.mu.Lock()
	old := s.books[id]
	if old == nil {
		s.mu.Unlock()
		return notFound()
	}
	w := old.clone()
	w.byPerson = byPerson
	if err := f(w); err != nil {
		s.mu.Unlock()
		return err
	}
	if err := w.settle(); err != nil {
		s.mu.Unlock()
		return err
	}
	w.version++
	w.modified, w.byPerson = s.o.Now(), byPerson
	s.books[id] = w
	if byPerson {
		s.undo[id] = step{old, w}
	}
	s.mu.Unlock()
	s.tell(id)
	return nil
}

// tell lets everybody who asked know of a change. The caller must not hold the lock.
func (s *Server) tell(id string) {
	s.mu.RLock()
	watched := slices.Clone(s.watched)
	for c := range s.streams {
		select {
		case c <- id:
		default: // a page that has not read the last notice will look at everything anyway
		}
	}
	s.mu.RUnlock()
	s.notify(id)
	for _, f := range watched {
		f()
	}
}

// AddSpreadsheet makes a spreadsheet with the tabs, or with one named Sheet1 when none are given, and returns its id.
func (s *Server) AddSpreadsheet(title string, tabs ...string) string {
	if len(tabs) == 0 {
		tabs = []string{"Sheet1"}
	}
	w := s.newBook(title)
	for _, t := range tabs {
		w.addTab(t)
	}
	return s.publish(w)
}

func (s *Server) newBook(title string) *workbook {
	now := s.o.Now()
	return &workbook{
		title: title, locale: s.o.Locale, timeZone: s.o.TimeZone, version: 1, created: now, modified: now, autoRecal: "ON_CHANGE",
	}
}

func (s *Server) publish(w *workbook) string {
	s.mu.Lock()
	w.id = s.newID(w.title)
	s.books[w.id] = w
	s.order = append(s.order, w.id)
	s.mu.Unlock()
	s.tell(w.id)
	return w.id
}
