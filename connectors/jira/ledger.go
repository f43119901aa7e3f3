package jira

import "maps"

// ledger remembers of each issue the version that the engine has accounted for. With it an increment need not read the
// same issues again only because it reaches back, and a census sees whose change no increment showed.
//
// What a pull brings counts once the next pull comes with its cursor: only then was it accounted for.
type ledger struct {
	known   map[string]int64 // issue id → version
	pending map[string]int64
	gone    []string // ids that a finished census did not name
	cursor  string   // of the pull that brought what is pending
	done    func()   // what else holds once that was accounted for; nil for nothing
}

// settle is called with the cursor of a new pull.
func (l *ledger) settle(cursor string) {
	if cursor == l.cursor {
		if l.known == nil {
			l.known = make(map[string]int64, len(l.pending))
		}
		maps.Copy(l.known, l.pending)
		for _, id := range l.gone {
			delete(l.known, id)
		}
		if l.done != nil {
			l.done()
		}
	}
	l.pending, l.gone, l.done, l.cursor = nil, nil, nil, cursor
}

// brought notes what a pull with that cursor brings. A version that is older than the one that is known is what a lagging
// index shows, and says nothing.
func (l *ledger) brought(cursor string, issues []*wireIssue, gone []string, done func()) {
	l.cursor, l.gone, l.done = cursor, gone, done
	l.pending = make(map[string]int64, len(issues))
	for _, is := range issues {
		l.pending[is.ID] = max(is.version(), l.known[is.ID])
	}
}

// behind reports whether the issue shows a change that was not accounted for.
func (l *ledger) behind(is *wireIssue) bool {
	v, ok := l.known[is.ID]
	return !ok || is.version() > v
}

// since counts the issues that changed at that moment or later, ms by Jira's clock.
func (l *ledger) since(moment int64) (n int) {
	for _, v := range l.known {
		if v >= moment {
			n++
		}
	}
	return n
}

// newest is the version of the issue that changed last, 0 where none is known.
func (l *ledger) newest() (v int64) {
	for _, x := range l.known {
		v = max(v, x)
	}
	return v
}
