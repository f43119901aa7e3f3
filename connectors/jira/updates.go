package jira

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// Comments as status updates. The notes of a task are then not a text of the issue but the log of those comments that the
// configuration lets through, newest first, each with its time and author:
//
//	2026-03-02 14:05 Amina Diallo: The pump has arrived
//	  but its seal is missing
//	2026-03-01 09:30 Chen Wei: Ordered
//
// What stands in the notes and is no entry of the log is something new that a person wrote there: it becomes a comment of our
// account, and comes back as an entry with time and author. An entry of our account that was changed in the notes is changed in
// Jira; an entry of anybody else is theirs alone, and one that was taken out of the notes stays a comment.

// commentField is the id of the field that holds an issue's comments.
const commentField = "comment"

const (
	updatesMax    = 20     // entries in the notes; older ones are in Jira
	updatesLength = 30_000 // characters of the notes, which have to fit into a cell
	entryTime     = "2006-01-02 15:04"
	entryIndent   = "  "
)

type wireComment struct {
	ID         string          `json:"id"`
	Author     *wireUser       `json:"author"`
	Body       json.RawMessage `json:"body"`
	Created    string          `json:"created"`
	Visibility json.RawMessage `json:"visibility"`
	Public     *bool           `json:"jsdPublic"` // false: a service desk's internal note
}

type wireComments struct {
	Comments []wireComment `json:"comments"`
	Total    int           `json:"total"`
}

// entry is one update of the log.
type entry struct {
	id   string // of the comment; "" where the entry was read off a text
	ours bool
	head string // "2026-03-02 14:05 Amina Diallo: "
	text string // several lines where the comment has several
}

func (e entry) String() string { return e.head + strings.ReplaceAll(e.text, "\n", "\n"+entryIndent) }

// updates knows which comments are updates.
type updates struct {
	rule string // "all", or the word that such a comment contains
	zone *time.Location
	me   string // our account
	name string // what Jira calls our account
	// kept is what Jira gives back of a text that was sent to it; nil where that is the text itself.
	kept func(text string) string
}

// all reports whether every comment is an update.
func (u *updates) all() bool { return strings.EqualFold(u.rule, "all") }

// strip takes the rule's word out of a text; false where the text does not have it.
func (u *updates) strip(text string) (string, bool) {
	if u.all() {
		return text, true
	}
	found := false
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		words := strings.Fields(l)
		kept := slices.DeleteFunc(slices.Clone(words), func(w string) bool {
			return strings.EqualFold(strings.TrimRight(w, ".,;:!?)"), u.rule)
		})
		if len(kept) < len(words) {
			found = true
			lines[i] = strings.Join(kept, " ")
		}
	}
	return strings.Join(lines, "\n"), found
}

// entries are the updates among comments, newest first. A comment that is not for everybody, that has no text, or that the
// rule does not let through is none. Body reads a comment's text.
func (u *updates) entries(comments []wireComment, name, account func(wireUser) string, body func(json.RawMessage) (string, bool)) []entry {
	type dated struct {
		entry
		at time.Time
	}
	var all []dated
	for _, c := range comments {
		if !isNull(c.Visibility) || c.Public != nil && !*c.Public || isNull(c.Body) {
			continue
		}
		text, ok := body(c.Body)
		if !ok {
			continue
		}
		if text, ok = u.strip(text); !ok {
			continue
		}
		if text = tidyUpdate(text); text == "" {
			continue
		}
		d := dated{entry{id: c.ID, text: text}, parseTime(c.Created)}
		who := "somebody"
		if c.Author != nil {
			if n := name(*c.Author); n != "" {
				who = n
			}
			d.ours = u.me != "" && account(*c.Author) == u.me
		}
		d.head = d.at.In(u.zone).Format(entryTime) + " " + who + ": "
		all = append(all, d)
	}
	slices.SortStableFunc(all, func(a, b dated) int { return b.at.Compare(a.at) })
	out := make([]entry, 0, min(len(all), updatesMax))
	length := 0
	for _, d := range all {
		if length += len([]rune(d.String())) + 1; len(out) == updatesMax || length > updatesLength {
			break
		}
		out = append(out, d.entry)
	}
	return out
}

// tidyUpdate is a comment's text without lines that hold nothing.
func tidyUpdate(s string) string {
	lines := strings.Split(task.TextValue(s).String(), "\n")
	out := lines[:0]
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// render is the notes that show the entries.
func render(entries []entry) string {
	lines := make([]string, 0, len(entries))
	for _, e := range entries {
		lines = append(lines, e.String())
	}
	return task.TextValue(strings.Join(lines, "\n")).String()
}

var entryHead = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d [^\n]+?: `)

// part is a piece of notes: an entry, or what a person wrote there.
type part struct {
	entry
	free bool
}

// parts takes notes apart. Heads are those that are known: a name may have a colon in it.
func parts(notes string, heads map[string]bool) []part {
	var out []part
	for line := range strings.SplitSeq(notes, "\n") {
		head := entryHead.FindString(line)
		for h := range heads {
			if strings.HasPrefix(line, strings.TrimRight(h, " ")) && len(h) > len(head) {
				head = h
			}
		}
		last := len(out) - 1
		switch {
		case head != "":
			out = append(out, part{entry: entry{head: head, text: strings.TrimPrefix(line, head)}})
		case strings.TrimSpace(line) == "":
			if last >= 0 && out[last].free {
				out = append(out, part{}) // a blank line parts two things that were written
			}
		case last >= 0 && !out[last].free && out[last].head != "" && strings.HasPrefix(line, entryIndent):
			out[last].text += "\n" + strings.TrimPrefix(line, entryIndent)
		case last >= 0 && out[last].free:
			out[last].text += "\n" + strings.TrimSpace(line)
		default:
			out = append(out, part{entry: entry{text: strings.TrimSpace(line)}, free: true})
		}
	}
	return slices.DeleteFunc(out, func(p part) bool { return p.head == "" && p.text == "" })
}

// commentWrite is one comment that is to be made, or with an id changed.
type commentWrite struct{ id, text string }

// changes is what has to be written so that the log says what the notes say, oldest first, and the notes that Jira then shows,
// but for the time and author of what is new.
func (u *updates) changes(has []entry, notes string) (writes []commentWrite, shown string) {
	heads := make(map[string]bool, len(has))
	for _, e := range has {
		heads[e.head] = true
	}
	after := slices.Clone(has)
	used := make([]bool, len(has))
	var fresh []string
	for _, p := range parts(notes, heads) {
		if p.free {
			fresh = append(fresh, p.text)
			continue
		}
		i := match(has, used, p)
		if i < 0 {
			continue // an entry that Jira does not show any more
		}
		used[i] = true
		if text := tidyUpdate(p.text); has[i].ours && u.echo(text) != has[i].text && u.echo(text) != "" {
			after[i].text = text
			writes = append(writes, commentWrite{has[i].id, text})
		}
	}
	var news []string
	for _, text := range fresh {
		text = tidyUpdate(text)
		echo := u.echo(text)
		i := slices.IndexFunc(has, func(e entry) bool { return e.ours && e.text == echo })
		switch {
		case echo == "":
			continue // it would be no update
		case i >= 0 && !used[i]:
			used[i] = true // it was written before, and nobody was told
			continue
		}
		news = append(news, text)
		writes = append(writes, commentWrite{text: text})
	}
	// The topmost is the newest, so it is written last.
	slices.Reverse(writes)
	lines := make([]string, 0, 2)
	if len(news) > 0 {
		lines = append(lines, strings.Join(news, "\n\n"))
	}
	if log := render(after); log != "" {
		lines = append(lines, log)
	}
	return writes, task.TextValue(strings.Join(lines, "\n")).String()
}

// echo is a text of ours as the log will show it, "" where it will show nothing.
func (u *updates) echo(text string) string {
	text = u.body(text)
	if u.kept != nil {
		text = u.kept(text)
	}
	text, _ = u.strip(text)
	return tidyUpdate(text)
}

// match finds the entry that a part of the notes is: the same one, else one with the same time and author.
func match(has []entry, used []bool, p part) int {
	same := -1
	for i, e := range has {
		switch {
		case used[i] || e.head != p.head:
		case e.text == tidyUpdate(p.text):
			return i
		case same < 0:
			same = i
		}
	}
	return same
}

// read takes the entries off notes that Jira was seen to show.
func (u *updates) read(notes string) []entry {
	var out []entry
	for _, p := range parts(notes, nil) {
		if !p.free {
			p.text = tidyUpdate(p.text)
			p.ours = u.name != "" && strings.HasSuffix(p.head, " "+u.name+": ")
			out = append(out, p.entry)
		}
	}
	return out
}

// body is the text of a comment of ours.
func (u *updates) body(text string) string {
	if u.all() {
		return text
	}
	return text + " " + u.rule
}
