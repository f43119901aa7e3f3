package jira

import "context"

// readBack reads what was written. What an index shows is believed only where it is newer than before the write and holds
// all that was written.
func (b *batch) readBack(ctx context.Context, todo []loose) (map[string]*wireIssue, error) {
	ids := make([]string, 0, len(todo))
	by := make(map[string]loose, len(todo))
	for _, l := range todo {
		ids = append(ids, l.id)
		by[l.id] = l
	}
	return b.c.api.fetchFresh(ctx, "read back", ids, b.c.wanted(), func(is *wireIssue) bool { return b.shows(by[is.ID], is) })
}

// shows reports that an issue as it was found shows what the patch wrote.
func (b *batch) shows(l loose, is *wireIssue) bool {
	if was := b.current[l.id]; was != nil && is.version() <= was.version() || is.version() == 0 {
		return false
	}
	if l.created {
		return true // there is no state before it that could be shown instead
	}
	b.c.note(is)
	for _, ch := range b.patches[l.at].Set {
		col, ok := b.c.column(ch.Field)
		if !ok {
			continue
		}
		got, _ := b.c.read(col, is)
		if want, problem := b.c.normalize(col, ch.To, got); problem != nil || !want.Same(got) {
			return false
		}
	}
	return true
}
