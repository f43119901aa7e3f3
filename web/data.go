package web

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// holdsShown is how many held values a page lists.
const holdsShown = 100

// dataBody is the page of sources and data quality.
type dataBody struct {
	Sources []sourceLine
	Quality []qualityLine
	Holds   []heldLine
	Total   int // held values that fit the filter
	Reason  string
	All     string // address of the list without a filter
	Before  string // address of the page before; "" on the first
	Next    string // of the next; "" on the last
	From    int
	To      int
}

// sourceLine is a source with what is known of it.
type sourceLine struct {
	sourceView

	Owner, Interval string
	Items, Held     int
	Scorecard       bool
}

// qualityLine is a figure of data quality.
type qualityLine struct {
	Count int
	What  string
	URL   string // of what is counted; "" where there is no list of it
	Words string
}

// heldLine is one thing that is held, and where.
type heldLine struct {
	holdView

	Source, SourceURL string
}

func dataPage(r *request) (any, error) {
	q := r.URL.Query()
	b := dataBody{Reason: q.Get("reason"), All: r.at("data") + "#held"}
	items, held := make(map[task.SourceID]int), make(map[task.SourceID]int)
	for i := range r.State.Links {
		items[r.State.Links[i].Source]++
	}
	for i := range r.State.Holds {
		held[r.State.Holds[i].Source]++
	}
	for _, s := range r.Partnership.Sources {
		l := sourceLine{
			sourceView: r.source(s), Interval: s.Interval.String(), Items: items[s.ID], Held: held[s.ID], Scorecard: s.ID == r.Partnership.Scorecard,
		}
		if s.Partner != "" {
			l.Owner = r.Partnership.PartnerName(s.Partner)
		}
		b.Sources = append(b.Sources, l)
	}
	b.Quality = r.qualityLines()
	r.heldLines(&b, q)
	return b, nil
}

// qualityLines are the figures of data quality that are not zero.
func (v *teller) qualityLines() []qualityLine {
	x := &v.Score.Quality
	list := func(reason task.HoldReason) string {
		return v.with("data", url.Values{"reason": {string(reason)}}) + "#held"
	}
	all := []qualityLine{
		{Count: x.UnmatchedPeople, What: "people not known in a tool", URL: list(task.HoldUnmatchedPerson)},
		{Count: x.UnreadableCells, What: "cells that cannot be read", URL: list(task.HoldUnreadable)},
		{Count: x.UnmappedStatuses, What: "unknown statuses", URL: list(task.HoldUnmappedStatus)},
		{Count: x.UnknownPartners, What: "unknown partners", URL: list(task.HoldUnknownPartner)},
		{Count: x.HeldConflicts, What: "open conflicts", URL: v.at("conflicts")},
		{Count: x.StaleSources, What: "sources whose data is old", URL: v.at("data")},
		{Count: x.NeverRead, What: "sources never read", URL: v.at("data")},
	}
	if !x.OldestConflict.IsZero() {
		all[4].Words = "the oldest since " + ago(v.Now.Sub(x.OldestConflict))
	}
	for _, t := range []struct {
		what, filter string
		n            int
	}{
		{"open tasks without an owner", "no_owner", v.Score.Partnership.Counts.NoOwner}, {"open tasks without a date", "no_date", v.Score.Partnership.Counts.NoDate},
	} {
		all = append(all, qualityLine{Count: t.n, What: t.what, URL: v.with("tasks", url.Values{"look": {t.filter}})})
	}
	return slices.DeleteFunc(all, func(q qualityLine) bool { return q.Count == 0 })
}

// heldLines lists a page of what is held.
func (v *teller) heldLines(b *dataBody, q url.Values) {
	from, err := strconv.Atoi(q.Get("from"))
	if err != nil || from < 0 {
		from = 0
	}
	for i := range v.State.Holds {
		h := &v.State.Holds[i]
		if b.Reason != "" && string(h.Reason) != b.Reason {
			continue
		}
		b.Total++
		if b.Total <= from || len(b.Holds) == holdsShown {
			continue
		}
		tool := v.Partnership.Tool(h.Source)
		b.Holds = append(b.Holds, heldLine{v.hold(*h), v.Partnership.SourceName(h.Source), safeURL(tool.URL)})
	}
	page := func(from int) string {
		p := url.Values{}
		if b.Reason != "" {
			p.Set("reason", b.Reason)
		}
		if from > 0 {
			p.Set("from", strconv.Itoa(from))
		}
		return v.with("data", p) + "#held"
	}
	b.From, b.To = min(from+1, b.Total), min(from, b.Total)+len(b.Holds)
	if from > 0 {
		b.Before = page(max(0, from-holdsShown))
	}
	if b.To < b.Total {
		b.Next = page(from + holdsShown)
	}
}
