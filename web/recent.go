package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// recall is how long a state that was read serves other pages too. After a cycle every open page asks at once; another
// process may write to the same database, so it is not kept for longer.
const recall = time.Second

// recent keeps the last state of one partnership and the rows that were made of it.
type recent struct {
	changes atomic.Int64 // how often Changed was called; never waits for a reader

	mu    sync.Mutex
	state store.State
	at    time.Time // when state was read; zero before the first time
	seen  int64     // changes when state was read

	rowsMu sync.Mutex
	rows   map[task.ID]madeRow
}

// madeRow is a row with the HTML that was made of it. Nearly all rows stay the same from cycle to cycle.
type madeRow struct {
	row  row
	html template.HTML
}

// load returns the partnership's state, not older than recall and never older than the last change.
func (s *Server) load(ctx context.Context, p Partnership) (store.State, error) {
	m := s.recent[p.ID]
	m.mu.Lock()
	defer m.mu.Unlock()
	now, changes := s.o.Now(), m.changes.Load()
	if age := now.Sub(m.at); !m.at.IsZero() && m.seen == changes && age >= 0 && age < recall {
		return m.state, nil
	}
	st, err := s.o.Store.Load(ctx, p.ID)
	if err != nil {
		return store.State{}, fmt.Errorf("load partnership %s: %w", p.ID, err)
	}
	m.state, m.at, m.seen = st, now, changes
	return st, nil
}

// rowsHTML makes the rows of a table, and makes anew only those that differ from what was made last.
func (s *Server) rowsHTML(p Partnership, rows []*row) (template.HTML, error) {
	m := s.recent[p.ID]
	m.rowsMu.Lock()
	defer m.rowsMu.Unlock()
	var all strings.Builder
	var one bytes.Buffer
	all.Grow(1100 * len(rows)) // about what a row takes
	for _, r := range rows {
		made, ok := m.rows[task.ID(r.ID)]
		if !ok || !made.row.same(r) {
			one.Reset()
			if err := s.pages["partnership"].ExecuteTemplate(&one, "row", r); err != nil {
				return "", fmt.Errorf("make the row of %s: %w", r.ID, err)
			}
			made = madeRow{*r, template.HTML(one.String())} //nolint:gosec // it comes out of html/template
			m.rows[task.ID(r.ID)] = made
		}
		all.WriteString(string(made.html))
	}
	return template.HTML(all.String()), nil //nolint:gosec // rows come out of html/template
}

// forget drops the rows of tasks that are no longer there, once they are many.
func (m *recent) forget(tasks int) {
	m.rowsMu.Lock()
	defer m.rowsMu.Unlock()
	if len(m.rows) > 2*tasks+1000 {
		clear(m.rows)
	}
}

func (r *row) same(o *row) bool {
	return r.rowText == o.rowText && slices.Equal(r.Links, o.Links) && slices.Equal(r.Holds, o.Holds)
}
