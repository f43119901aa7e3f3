package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
)

// The pages of the scorecard, as the file names them.
const (
	PageSummary   = "summary"
	PageConflicts = "conflicts"
	PageActivity  = "activity"
	PageQuality   = "data_quality"
)

// Pages returns the names of all pages of the scorecard, in order. The slice is the caller's.
func Pages() []string { return []string{PageSummary, PageConflicts, PageActivity, PageQuality} }

// What it means that a row of the scorecard was deleted.
const (
	RestoreRows = "restore"
	CancelTasks = "cancel"
)

// How long a period of the report is.
const (
	EveryDay   = "day"
	EveryWeek  = "week"
	EveryMonth = "month"
)

func periods() []string { return []string{EveryDay, EveryWeek, EveryMonth} }

func deletedRows() []string { return []string{RestoreRows, CancelTasks} }

const (
	defaultHeartbeat = time.Hour
	// noHeartbeat is how the file says that there is to be none.
	noHeartbeat = "off"
)

func lateFrom() []string {
	return []string{string(scorecard.LateMissed), string(scorecard.LateCurrent), string(scorecard.LateBaseline)}
}

func weekdays() []string {
	out := make([]string, 7)
	for d := range out {
		out[d] = strings.ToLower(time.Weekday((d + 1) % 7).String())
	}
	return out
}

// The most that the rules take: more days or weeks than this are a slip of the pen.
const (
	mostDays  = 3650
	mostWeeks = 520
)

// ruleKeys are the keys of scorecard.rules. Their defaults are those of the rules themselves.
func ruleKeys() []key {
	r := scorecard.DefaultRules()
	n := func(x int) string { return fmt.Sprint(x) }
	return []key{
		{name: "late_from", of: lateFrom, def: string(r.LateFrom), doc: "What an overdue task's days are counted from: the first date that passed while it stood, the current date, or the first agreed date."},
		{name: "tolerance", shape: whole, def: n(r.Tolerance), doc: "By how many days a task may be overdue and still be amber, not red."},
		{name: "due_soon", shape: whole, def: n(r.DueSoon), doc: "Within how many days a due date is near: what is blocked is then red, what is not started amber."},
		{name: "moves", shape: whole, def: n(r.Moves), doc: "How many moves of the due date make a task amber; 0 turns it off."},
		{name: "untouched", shape: whole, def: n(r.Untouched), doc: "After how many days without a change a task in progress is amber; 0 turns it off."},
		{name: "adherence_red", shape: portion, def: shareOf(r.AdherenceRed), doc: "Schedule adherence (finished of what was to be finished by now) below which a partner, or the whole, is red."},
		{name: "adherence_amber", shape: portion, def: shareOf(r.AdherenceAmber), doc: "The same for amber."},
		{name: "on_time_red", shape: portion, def: shareOf(r.OnTimeRed), doc: "On-time rate (finished on or before the first agreed date) below which it is red."},
		{name: "on_time_amber", shape: portion, def: shareOf(r.OnTimeAmber), doc: "The same for amber."},
		{name: "on_time_days", shape: whole, def: n(r.Period), doc: "Over how many days, up to yesterday, the on-time rate is taken."},
		{name: "week_begins", of: weekdays, def: strings.ToLower(r.FirstDay.String()), doc: "The day on which a week begins and its commitments are frozen."},
		{name: "commitment_weeks", shape: whole, def: n(r.CommitmentWeeks), doc: "How many weeks of commitments are looked at, the current one not counted."},
		{name: "stale_intervals", shape: whole, def: n(r.StaleIntervals), doc: "How many intervals a source may go unread before its data is called stale."},
	}
}

// shareOf is a share as the file has it.
func shareOf(x float64) string { return fmt.Sprintf("%.4g%%", x*100) }

// board fills in what the scorecard shows beside the tasks.
func (b *builder) board(v *value, p *Partnership) {
	s := &p.Scorecard
	s.DeletedRows = or(v.get("deleted_rows").str(), RestoreRows)
	s.Heartbeat, s.Pages = max(defaultHeartbeat, p.Interval), Pages()
	if pages := v.get("pages"); pages != nil {
		named := textsOf(pages)
		s.Pages = slices.DeleteFunc(s.Pages, func(name string) bool { return !slices.Contains(named, name) })
	}
	if h := v.get("heartbeat"); h.str() != "" {
		d, err := parseHeartbeat(h.text)
		if err == nil && d > 0 && d < p.Interval {
			b.rep.add(h.at, "heartbeat: %s is shorter than the interval of %v: write that or more, or off", quote(h.shown), p.Interval)
		}
		s.Heartbeat = d
	}
	s.Rules = b.rules(v.get("rules"))
}

// report reads which report is kept; nil where none is.
func (b *builder) report(v *value, p *Partnership) *Report {
	e := v.entry("report")
	if e == nil || e.value.kind != mapping || e.value.broken {
		return nil
	}
	at := e.value.get("document")
	r := &Report{Document: at.str(), Every: or(e.value.get("every").str(), EveryWeek)}
	b.fileID(at, "document")
	if r.Document != "" {
		b.apart(at, r.Document, "the report of "+p.ID, true)
	}
	return r
}

// apart reports a document that is to hold a report and something else, too: a report is a document of its own.
func (b *builder) apart(v *value, document, what string, report bool) {
	for _, d := range b.documents {
		if d.document == document && (d.report || report) {
			b.rep.add(v.at, "document: %s holds %s already (line %d): give the report a document of its own", quote(v.shown), d.what, d.at.line)
			return
		}
	}
	b.documents = append(b.documents, usedDocument{document, what, report, v.at})
}

// parseHeartbeat reads a duration, or off, which is 0.
func parseHeartbeat(s string) (time.Duration, error) {
	if s == noHeartbeat {
		return 0, nil
	}
	return parseInterval(s)
}

func (b *builder) rules(v *value) scorecard.Rules {
	r := scorecard.DefaultRules()
	for name, to := range map[string]*int{
		"tolerance": &r.Tolerance, "due_soon": &r.DueSoon, "moves": &r.Moves, "untouched": &r.Untouched,
	} {
		b.between(v.get(name), name, 0, mostDays, to)
	}
	b.between(v.get("on_time_days"), "on_time_days", 1, mostDays, &r.Period)
	b.between(v.get("commitment_weeks"), "commitment_weeks", 1, mostWeeks, &r.CommitmentWeeks)
	b.between(v.get("stale_intervals"), "stale_intervals", 1, mostDays, &r.StaleIntervals)
	b.thresholds(v, "adherence", &r.AdherenceRed, &r.AdherenceAmber)
	b.thresholds(v, "on_time", &r.OnTimeRed, &r.OnTimeAmber)
	if s := v.get("late_from").str(); s != "" {
		r.LateFrom = scorecard.Late(s)
	}
	if i := slices.Index(weekdays(), v.get("week_begins").str()); i >= 0 {
		r.FirstDay = time.Weekday((i + 1) % 7)
	}
	return r
}

// between reads a whole number within bounds.
func (b *builder) between(v *value, name string, least, most int, to *int) {
	if v.str() == "" {
		return
	}
	n, err := parseWhole(v.text)
	if err != nil {
		return // that has been said
	}
	if n < least || n > most {
		b.rep.add(v.at, "%s: %s is out of bounds: write a whole number from %d to %d", name, quote(v.shown), least, most)
		return
	}
	*to = n
}

// thresholds reads the shares below which something is red and amber.
func (b *builder) thresholds(v *value, name string, red, amber *float64) {
	at := v.get(name + "_red")
	for suffix, to := range map[string]*float64{"_red": red, "_amber": amber} {
		if x, err := parsePortion(v.get(name + suffix).str()); err == nil {
			*to = x
		}
	}
	if at == nil {
		at = v.get(name + "_amber")
	}
	if *red > *amber {
		b.rep.add(at.at, "%s_red is above %s_amber: what is red is worse than amber, so write less than %s", name, name, shareOf(*amber))
	}
}
