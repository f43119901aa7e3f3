package match

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// likeness is how sure it is that an item is the one that was known by other content.
type likeness uint8

const (
	unlike   likeness = iota // another item
	resemble                 // could be: a person must tell
	alike                    // the same, unless another fits too
)

// likenessOf compares what was accounted for with what is read. The title was edited if the rest is the same: all other
// fields that hold something, two at least, or a title that still shares half of its letter pairs. A title that is nearly the
// same bears one more difference.
func likenessOf(base, now *task.Values) likeness {
	same, differ := 0, 0
	for f := range base {
		switch was, is := base[f], now[f]; {
		case task.Field(f) == task.Title, was.IsNone(), is.IsNone(), was.IsEmpty() && is.IsEmpty():
		case was == is:
			same++
		default:
			differ++
		}
	}
	title := pairs(Fold(base[task.Title]), Fold(now[task.Title]))
	switch {
	case differ == 0 && (same >= 2 || title >= 0.5), differ <= 1 && title >= 0.8:
		return alike
	case differ == 0 && same > 0, title >= 0.5:
		return resemble
	}
	return unlike
}

// pairs is the share of letter pairs that two texts have in common, from 0 to 1.
func pairs(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	if len(x) < 2 || len(y) < 2 {
		return 0
	}
	count := make(map[[2]rune]int, len(x))
	for i := range len(x) - 1 {
		count[[2]rune{x[i], x[i+1]}]++
	}
	common := 0
	for i := range len(y) - 1 {
		if p := [2]rune{y[i], y[i+1]}; count[p] > 0 {
			count[p]--
			common++
		}
	}
	return 2 * float64(common) / float64(len(x)+len(y)-2)
}

// byLikeness finds the items of a source that were known by their content alone and whose title was edited, and those that
// lost their mark while the task got another title elsewhere: what no title leads to is compared with what was accounted
// for in the items that are missing. It is never guessed: where two fit, they are held.
func (m *matcher) byLikeness(src task.SourceID) {
	var lost []*Task
	for _, t := range m.tasks {
		if l := t.lostIn(src); l != nil && !t.Removed && !m.taken[slot{t.ID, src}] {
			lost = append(lost, t)
		}
	}
	if len(lost) == 0 {
		return
	}
	slices.SortFunc(lost, func(x, y *Task) int { return strings.Compare(string(x.ID), string(y.ID)) })
	fresh := m.nobodys(src)
	fits := make([][]likeness, len(fresh)) // by item, then by lost task
	claims := make([]int, len(lost))       // how many items each lost task could be
	for i := range fresh {
		fits[i] = make([]likeness, len(lost))
		for k, t := range lost {
			if fits[i][k] = t.lostIn(src).fits(&fresh[i].Values); fits[i][k] != unlike {
				claims[k]++
			}
		}
	}
	for i, r := range fresh {
		var could []*Task
		sure := true
		for k, fit := range fits[i] {
			if fit != unlike {
				could = append(could, lost[k])
				sure = sure && fit == alike && claims[k] == 1
			}
		}
		switch {
		case len(could) == 0:
		case len(could) == 1 && sure:
			m.forget(r.Ref)
			m.assign(r, could[0].ID)
		default:
			m.forget(r.Ref)
			m.holdLikely(r, could)
		}
	}
}

// fits says how alike an item is to the one that is missing; of one that was only not seen it is never sure.
func (l *Link) fits(now *task.Values) likeness {
	if l.Missing {
		return l.alike(now)
	}
	return min(l.alike(now), resemble)
}

// alike compares contents. An item that bore our mark may have lost that, but then nothing else: whoever types a new item does
// not repeat another to the letter.
func (l *Link) alike(now *task.Values) likeness {
	if (task.Ref{Key: l.Key}).Provisional() {
		return likenessOf(&l.Base, now)
	}
	for f := range now {
		if was, is := l.Base[f], now[f]; !was.IsNone() && !is.IsNone() && !was.Same(is) {
			return unlike
		}
	}
	if Fold(now[task.Title]) == "" {
		return unlike
	}
	return alike
}

// lostIn is the task's link in a source where its item is missing, or was not seen; nil where there is none.
func (t *Task) lostIn(s task.SourceID) *Link {
	for i := range t.Links {
		if l := &t.Links[i]; l.Source == s && (l.Missing || l.Unseen) {
			return l
		}
	}
	return nil
}

// nobodys are the records of the source that would be new tasks each by itself, or that cannot be tasks as they are.
func (m *matcher) nobodys(s task.SourceID) []task.Record {
	var out []task.Record
	for _, g := range m.out.Born {
		if g.Marker == "" && len(g.Records) == 1 && g.Records[0].Ref.Source == s {
			out = append(out, g.Records[0])
		}
	}
	for _, it := range m.unfit {
		if it.rec.Ref.Source == s && it.rec.Marker == "" {
			out = append(out, it.rec)
		}
	}
	return out
}

// forget takes back what was concluded of a record: that it is new, or held.
func (m *matcher) forget(ref task.Ref) {
	m.out.Born = slices.DeleteFunc(m.out.Born, func(g Group) bool { return len(g.Records) == 1 && g.Records[0].Ref == ref })
	m.out.Held = slices.DeleteFunc(m.out.Held, func(h task.Hold) bool { return h.Source == ref.Source && h.Key == ref.Key })
}

func (m *matcher) holdLikely(r task.Record, could []*Task) {
	var names []string
	for _, t := range could {
		names = append(names, string(t.ID))
		m.unsure(t.ID, r.Ref.Source)
	}
	m.out.Held = append(m.out.Held, task.Hold{
		Source: r.Ref.Source, Key: r.Ref.Key, Name: r.Name, Field: task.Title.String(), Reason: task.HoldAmbiguous,
		Raw: r.Values[task.Title].String(),
		Hint: fmt.Sprintf("it may be %s, whose row is gone under its old title, or a new task: put the old title back and change one row at a time",
			strings.Join(names, " or ")),
	})
}
