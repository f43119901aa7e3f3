package view

import (
	"cmp"
	"slices"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Partnership is what is agreed about one beside its tasks: what the configuration says of it, as far as people see it.
type Partnership struct {
	ID, Name, Key string
	Purpose       string // in a sentence; "" where nobody wrote one
	Phase         string // "" where it has none
	// Timezone is where days begin and end; nil is UTC.
	Timezone  *time.Location
	Agreement task.Value // the date of the agreement; empty where there is none
	Target    task.Value // the date by which all is to be finished; empty where none is agreed
	Rules     scorecard.Rules

	Partners    []Partner
	Sources     []Source // the scorecard among them
	Workstreams []scorecard.Workstream
	Milestones  []scorecard.Milestone
	Gates       []scorecard.Gate // decisions are in the history, not here
	Indicators  []scorecard.Indicator

	Scorecard    task.SourceID // "" where there is none
	ScorecardURL string
}

// Partner is one organisation.
type Partner struct{ ID, Name, Sector string }

// Source is one tool.
type Source struct {
	ID       task.SourceID
	Kind     string // "jira", "sheet" or "doc"
	Partner  string // its owner's id; "" for the scorecard
	Name     string // "" or the id: named after its owner, "AquaFund’s Jira"
	URL      string
	Interval time.Duration // how often it is read
}

// Named returns the partnership with a name that people know it by for every source, where it has none but its id; and with a
// time zone.
func (p *Partnership) Named() Partnership {
	out := *p
	out.Timezone = cmp.Or(p.Timezone, time.UTC)
	out.Sources = slices.Clone(p.Sources)
	seen := make(map[string]int)
	for i, s := range out.Sources {
		if s.Name == "" || s.Name == string(s.ID) {
			out.Sources[i].Name = p.toolName(s)
		}
		seen[out.Sources[i].Name]++
	}
	for i, s := range out.Sources {
		if seen[s.Name] > 1 { // two sheets of one partner
			out.Sources[i].Name = s.Name + " (" + string(s.ID) + ")"
		}
	}
	return out
}

func (p *Partnership) toolName(s Source) string {
	if s.ID == p.Scorecard {
		return "Scorecard"
	}
	i := slices.IndexFunc(p.Partners, func(x Partner) bool { return x.ID == s.Partner })
	if i < 0 {
		return string(s.ID)
	}
	return p.Partners[i].Name + "’s " + toolWord(s.Kind)
}

// toolWord is what people call a kind of source.
func toolWord(kind string) string {
	switch kind {
	case "jira":
		return "Jira"
	case "sheet", "doc":
		return kind
	}
	return "tool"
}

// PartnerName is a partner's name, its id where the configuration does not know it, and "No partner yet" of "".
func (p *Partnership) PartnerName(id string) string {
	if i := slices.IndexFunc(p.Partners, func(x Partner) bool { return x.ID == id }); i >= 0 {
		return p.Partners[i].Name
	}
	return cmp.Or(id, "No partner yet")
}

// Tool is a source of the configuration; the zero Source where it has left it.
func (p *Partnership) Tool(id task.SourceID) Source {
	if i := slices.IndexFunc(p.Sources, func(s Source) bool { return s.ID == id }); i >= 0 {
		return p.Sources[i]
	}
	return Source{}
}

// SourceName is what people call a source; its id where it has left the configuration.
func (p *Partnership) SourceName(id task.SourceID) string { return cmp.Or(p.Tool(id).Name, string(id)) }
