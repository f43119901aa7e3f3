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
	newest := l.newest()
	for _, is := range issues {
		newest = max(newest, is.version())
	}
	var late []string
	for _, is := range issues {
		v := is.version()
		l.pending[is.ID] = max(v, l.known[is.ID])
		if mayRepeat(v, newest) && v-1 > l.known[is.ID] {
			late = append(late, is.ID)
		}
	}
	if len(late) > lateMax {
		return // an import: nobody goes on to edit all of it
	}
	for _, id := range late {
		l.pending[id]--
	}
}

// lateMax bounds how many issues are read once more because they may have changed again within a second.
const lateMax = 500

// mayRepeat reports that another change of the issue could have the same version: some databases keep moments to the second.
// What changed in the newest second that is known is read once more, and then accounted for.
func mayRepeat(version, newest int64) bool { return version%1000 == 0 && newest-version <= 1000 }

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
