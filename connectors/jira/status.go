package jira

import (
	"fmt"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// notDone are the names of resolutions, folded, that end an issue without its work being done. Without a configured
// name they make a done issue a cancelled one.
var notDone = []string{
	"won't do", "won't fix", "wontfix", "duplicate", "invalid", "declined", "rejected", "cannot reproduce",
	"can't reproduce", "not a bug", "not our bug", "incomplete", "obsolete", "abandoned", "withdrawn", "cancelled",
	"canceled", "out of scope", "out of date", "hold", "needs more info", "not an issue", "works as designed", "known error",
}

// doneWords are names of resolutions, folded, that say that the work is done, best first.
var doneWords = []string{"done", "fixed", "resolved", "complete", "completed", "implemented"}

// meaning says what the statuses of this Jira mean.
type meaning struct {
	config map[string][]string
	byName map[string]string // folded configured name → status

	// What is known of the site.
	byID        map[string]string     // id of a configured status → status, renamed ones included
	statuses    map[string]wireStatus // by id, of the projects that are read
	resolutions map[string]string     // folded → name as Jira writes it; nil until one was seen
}

func newMeaning(config map[string][]string) *meaning {
	m := &meaning{config: config, byName: map[string]string{}, resolutions: map[string]string{}}
	for status, names := range config {
		for _, n := range names {
			m.byName[fold(n)] = status
		}
	}
	return m
}

// learn takes the site's statuses and the ids that configured names had before, and returns the ids that they have
// now and what is held because a name is gone.
func (m *meaning) learn(statuses map[string]wireStatus, before map[string][]string) (map[string][]string, []task.Hold) {
	m.statuses, m.byID = statuses, map[string]string{}
	ids := map[string][]string{}
	for _, id := range sortedKeys(statuses) {
		n := fold(statuses[id].Name)
		if status, ok := m.byName[n]; ok {
			m.byID[id] = status
			ids[n] = append(ids[n], id)
		}
	}
	var held []task.Hold
	for _, status := range task.Statuses() {
		for _, name := range m.config[status] {
			if h, gone := m.missing(status, name, ids, before); gone {
				held = append(held, h)
			}
		}
	}
	return ids, held
}

// missing looks for a configured name that no status has. A status that had it is still meant, whatever it is called now.
func (m *meaning) missing(status, name string, ids, before map[string][]string) (task.Hold, bool) {
	n := fold(name)
	if len(ids[n]) > 0 {
		return task.Hold{}, false
	}
	h := task.Hold{Field: task.Status.String(), Reason: task.HoldSchemaDrift, Raw: name}
	renamed := ""
	for _, id := range before[n] {
		st, ok := m.statuses[id]
		if !ok {
			continue
		}
		if _, configured := m.byName[fold(st.Name)]; !configured {
			m.byID[id] = status
			renamed = st.Name
		}
		ids[n] = append(ids[n], id)
	}
	if renamed != "" {
		h.Hint = fmt.Sprintf("status %s is now called %s: change the configuration", quoteName(name), quoteName(renamed))
		return h, true
	}
	if len(ids[n]) > 0 {
		return task.Hold{}, false // its new name is configured already
	}
	if _, ok := m.resolutions[n]; ok {
		return task.Hold{}, false
	}
	if len(m.resolutions) == 0 && (status == task.Done || status == task.Cancelled) {
		return task.Hold{}, false // it may be a resolution that no issue shows yet
	}
	names := make([]string, 0, len(m.statuses)+len(m.resolutions))
	for _, id := range sortedKeys(m.statuses) {
		names = append(names, m.statuses[id].Name)
	}
	for _, k := range sortedKeys(m.resolutions) {
		names = append(names, m.resolutions[k])
	}
	h.Hint = fmt.Sprintf("this Jira has no status or resolution %s: change status.%s in the configuration%s",
		quoteName(name), status, didYouMean(name, names))
	return h, true
}

// resolution notes that a resolution of that name exists.
func (m *meaning) resolution(name string) {
	if name != "" {
		m.resolutions[fold(name)] = name
	}
}

// knows reports that the status is known under that very name.
func (m *meaning) knows(st wireStatus) bool {
	known, ok := m.statuses[st.ID]
	return ok && known.Name == st.Name
}

// read is what an issue's status means; false where no rule tells.
func (m *meaning) read(is *wireIssue) (string, bool) {
	return m.of(is.status(), is.named("resolution").Name)
}

// of is what a status means together with a resolution, "" for none. First comes what the configuration says of the
// resolution of a done issue, then of the status, then Jira's own category.
func (m *meaning) of(st wireStatus, resolution string) (string, bool) {
	closed := st.Category.Key == "done"
	if closed && resolution != "" {
		if status, ok := m.byName[fold(resolution)]; ok {
			return status, true
		}
	}
	if status, ok := m.byID[st.ID]; ok {
		return status, true
	}
	if status, ok := m.byName[fold(st.Name)]; ok {
		return status, true
	}
	switch st.Category.Key {
	case "new":
		return task.NotStarted, true
	case "indeterminate":
		return task.InProgress, true
	case "done":
		if slices.Contains(notDone, fold(resolution)) {
			return task.Cancelled, true
		}
		return task.Done, true
	}
	return "", false
}

// reaches reports that some status of the projects means want by itself.
func (m *meaning) reaches(want string) bool {
	for _, st := range m.statuses {
		if got, ok := m.of(st, ""); ok && got == want {
			return true
		}
	}
	return false
}

// cancels reports that some resolution makes a done issue a cancelled one.
func (m *meaning) cancels() bool {
	for _, n := range m.config[task.Cancelled] {
		// A configured name that is no status can only be a resolution; whether it is there may not be known yet.
		if _, ok := m.resolutions[fold(n)]; ok || len(m.resolutions) == 0 && !m.isStatus(n) {
			return true
		}
	}
	for n := range m.resolutions {
		if _, configured := m.byName[n]; !configured && slices.Contains(notDone, n) {
			return true
		}
	}
	return false
}

func (m *meaning) isStatus(name string) bool {
	for _, st := range m.statuses {
		if fold(st.Name) == fold(name) {
			return true
		}
	}
	return false
}

// normalize is the status that Jira would show if want were set on an issue that shows have.
func (m *meaning) normalize(want, have task.Value) (task.Value, *task.Problem) {
	w := want.String()
	switch {
	case want.IsEmpty() || want == have:
		return have, nil // an issue always has a status
	case !slices.Contains(task.Statuses(), w):
		return have, &task.Problem{Reason: task.HoldUnsupported, Hint: fmt.Sprintf("%s is not a status", quoteName(w))}
	case len(m.statuses) == 0:
		return want, nil // nothing is known yet
	case m.reaches(w):
		return want, nil
	case w == task.Cancelled && m.cancels():
		return want, nil
	case w == task.Blocked && m.reaches(task.InProgress):
		return task.EnumValue(task.InProgress), nil
	}
	return have, &task.Problem{
		Reason: task.HoldUnsupported,
		Hint: fmt.Sprintf("no status of this Jira means %s: name one under status.%s in the configuration",
			task.StatusDisplay(w), w),
	}
}

// choose picks from the resolutions that a transition offers the one that makes the issue mean want; false where none does.
func (m *meaning) choose(st wireStatus, want string, offered []string) (string, bool) {
	fits := func(name string) bool {
		got, ok := m.of(st, name)
		return ok && got == want
	}
	for _, n := range m.config[want] {
		for _, o := range offered {
			if fold(o) == fold(n) && fits(o) {
				return o, true
			}
		}
	}
	words := doneWords
	if want == task.Cancelled {
		words = notDone
	}
	for _, w := range words {
		for _, o := range offered {
			if fold(o) == w && fits(o) {
				return o, true
			}
		}
	}
	if want == task.Cancelled {
		return "", false // any other word might say that the work is done
	}
	for _, o := range offered {
		if fits(o) {
			return o, true
		}
	}
	return "", false
}

// memory is the ids of configured names with those that a failed look-up would otherwise forget.
func memory(before, now map[string][]string) map[string][]string {
	out := maps.Clone(now)
	for n, ids := range before {
		if len(out[n]) == 0 {
			out[n] = ids
		}
	}
	return out
}
