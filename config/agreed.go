package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Agreed is what the partners agreed on beside their tasks. What they decide at a gate is not in the file: they record it on the page.
type Agreed struct {
	Purpose, Phase string
	Target         task.Value // of kind Date, or None where the file does not say
	Workstreams    []scorecard.Workstream
	Milestones     []scorecard.Milestone
	Gates          []scorecard.Gate
	Indicators     []scorecard.Indicator
}

// agreedKeys are the keys of a partnership that say what was agreed.
func agreedKeys() []key {
	return []key{
		{name: "purpose", doc: "What the partnership is for, in a sentence."},
		{name: "phase", doc: "The phase that it is in."},
		{name: "target", shape: day, doc: "The day by which all is to be finished: the forecast is held against it."},
		{name: "workstreams", shape: sections, doc: "The strands of work. Those that only tasks name come by themselves.", sub: []key{
			{name: "name", required: true, doc: "As tasks write it; case and blanks do not matter."},
			{name: "lead", doc: "Id of the partner that leads it."},
			{name: "target", shape: day, doc: "The day by which it is to be finished."},
		}},
		{name: "milestones", shape: sections, doc: "Dated events. One that a task stands for has the task's dates and history; another has its own.", sub: []key{
			{name: "id", required: true, doc: "Short name: a-z, 0-9, `-` and `_`."},
			{name: "name", def: "the task's title, or `id`", doc: "The name that people know."},
			{name: "task", doc: "Id of the task that stands for it: `CW-4`."},
			{name: "due", shape: day, doc: "Without a task: its date."},
			{name: "reached", shape: day, doc: "Without a task: the day on which it was reached."},
			{name: "critical", shape: truth, def: "false", doc: "`true`: the partnership is red while it is red."},
			{name: "partner", doc: "Id of the partner whose it is."},
			{name: "workstream", doc: "Name of its workstream."},
		}},
		{name: "gates", shape: sections, doc: "Decision points between phases. What is decided there is recorded on the page.", sub: []key{
			{name: "id", required: true, doc: "Short name: a-z, 0-9, `-` and `_`. Do not change it later: decisions hang on it."},
			{name: "name", def: "`id`", doc: "The name that people know."},
			{name: "date", shape: day, doc: "The day on which it is to be decided."},
			{name: "criteria", shape: sections, doc: "What has to be so for it to be passed.", sub: []key{
				{name: "text", required: true, doc: "The criterion in words."},
				{name: "met", shape: truth, def: "false", doc: "`true`: somebody says that it is met. Else its tasks or its indicator show it."},
				{name: "tasks", shape: texts, doc: "Ids of tasks: it is met when all of them are done."},
				{name: "indicator", doc: "Id of an indicator: it is met when its target is reached."},
			}},
			{name: "deliverables", shape: texts, doc: "Ids of the tasks that have to be done."},
			{name: "deciders", shape: texts, doc: "Who decides: partners or people, as the page is to name them."},
		}},
		{name: "indicators", shape: sections, doc: "The monitoring plan: what is measured, where it began, and where it is to come.", sub: []key{
			{name: "id", required: true, doc: "Short name: a-z, 0-9, `-` and `_`."},
			{name: "name", def: "`id`", doc: "The name that people know."},
			{name: "definition", doc: "What exactly is counted."},
			{name: "unit", doc: "In what: `homes`, `%`."},
			{name: "baseline", shape: figure, def: "0", doc: "What it was at the beginning."},
			{name: "target", shape: figure, required: true, doc: "What it is to become."},
			{name: "actuals", shape: sections, doc: "What was measured, one item a period.", sub: []key{
				{name: "period", required: true, doc: "Its name: `2026-Q3`."},
				{name: "end", shape: day, required: true, doc: "Its last day."},
				{name: "value", shape: figure, required: true, doc: "What it was then."},
			}},
		}},
	}
}

// parseFigure reads a number that may have decimals.
func parseFigure(s string) (float64, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, fmt.Errorf("not a number: write %s", figure.want())
	}
	return f, nil
}

func figureOf(v *value) float64 {
	f, _ := parseFigure(v.str()) // what is wrong with it has been said
	return f
}

func dayValue(v *value) task.Value {
	if t, err := parseDay(v.str()); err == nil {
		return task.DateValue(t)
	}
	return task.Value{}
}

func truthOf(v *value) bool {
	yes, _ := parseFlag(v.str()) // likewise
	return yes
}

// agreed reads what the partners agreed on. The partners must have been read.
func (b *builder) agreed(v *value, p *Partnership) {
	a := &p.Agreed
	a.Purpose, a.Phase, a.Target = v.get("purpose").str(), v.get("phase").str(), dayValue(v.get("target"))
	named := map[string]spot{}
	for _, it := range mappings(v.get("workstreams")) {
		name := it.get("name").str()
		b.unique(named, it.get("name"), "workstream", strings.ToLower(strings.Join(strings.Fields(name), " ")))
		a.Workstreams = append(a.Workstreams, scorecard.Workstream{Name: name, Lead: b.partnerID(it.get("lead"), p.Partners), Target: dayValue(it.get("target"))})
	}
	b.indicators(v.get("indicators"), a)
	b.milestones(v.get("milestones"), p)
	b.gates(v, p)
}

func (b *builder) milestones(v *value, p *Partnership) {
	ids := map[string]spot{}
	for _, it := range mappings(v) {
		m := scorecard.Milestone{
			ID: b.id(it.get("id")), Name: it.get("name").str(), Partner: b.partnerID(it.get("partner"), p.Partners), Workstream: it.get("workstream").str(),
			Critical: truthOf(it.get("critical")), Task: b.taskID(it.get("task"), p.Key), Due: dayValue(it.get("due")), Reached: dayValue(it.get("reached")),
		}
		b.unique(ids, it.get("id"), "milestone id", m.ID)
		switch {
		case it.get("task") != nil && it.get("due") != nil:
			b.rep.add(it.get("due").at, "due: the milestone %s has the dates of its task: remove due, or task", quote(m.ID))
		case it.get("task") != nil && it.get("reached") != nil:
			b.rep.add(it.get("reached").at, "reached: the milestone %s is reached when its task is done: remove reached, or task", quote(m.ID))
		case it.get("task") == nil && it.get("due") == nil && it.get("id") != nil:
			b.rep.add(it.get("id").at, "the milestone %s has no date: add due, or the task that stands for it", quote(m.ID))
		}
		p.Agreed.Milestones = append(p.Agreed.Milestones, m)
	}
}

func (b *builder) indicators(v *value, a *Agreed) {
	ids := map[string]spot{}
	for _, it := range mappings(v) {
		x := scorecard.Indicator{
			ID: b.id(it.get("id")), Definition: it.get("definition").str(), Unit: it.get("unit").str(), Baseline: figureOf(it.get("baseline")), Target: figureOf(it.get("target")),
		}
		x.Name = or(it.get("name").str(), x.ID)
		b.unique(ids, it.get("id"), "indicator id", x.ID)
		if t := it.get("target"); t.str() != "" && !t.broken && x.Baseline == x.Target {
			b.rep.add(t.at, "target: %s is the baseline already, and no progress can be told: write where it is to come", quote(t.shown))
		}
		for _, y := range mappings(it.get("actuals")) {
			x.Actuals = append(x.Actuals, scorecard.Actual{Period: y.get("period").str(), End: dayValue(y.get("end")), Value: figureOf(y.get("value"))})
		}
		a.Indicators = append(a.Indicators, x)
	}
}

func (b *builder) gates(v *value, p *Partnership) {
	ids := map[string]spot{}
	var indicators []string
	for _, x := range p.Agreed.Indicators {
		indicators = append(indicators, x.ID)
	}
	for _, it := range mappings(v.get("gates")) {
		g := scorecard.Gate{ID: b.id(it.get("id")), Date: dayValue(it.get("date")), Deciders: textsOf(it.get("deciders")), Deliverables: b.taskIDs(it.get("deliverables"), p.Key)}
		g.Name = or(it.get("name").str(), g.ID)
		b.unique(ids, it.get("id"), "gate id", g.ID)
		for _, y := range mappings(it.get("criteria")) {
			c := scorecard.Criterion{Text: y.get("text").str(), Met: truthOf(y.get("met")), Tasks: b.taskIDs(y.get("tasks"), p.Key), Indicator: y.get("indicator").str()}
			if c.Indicator != "" && !slices.Contains(indicators, c.Indicator) && !unsureIDs(v.get("indicators")) {
				b.rep.add(y.get("indicator").at, "unknown indicator %s: %s", quote(y.get("indicator").shown), meant(c.Indicator, indicators))
			}
			g.Criteria = append(g.Criteria, c)
		}
		p.Agreed.Gates = append(p.Agreed.Gates, g)
	}
}

// unsureIDs reports that a list is there, and that an id in it could not be read.
func unsureIDs(v *value) bool { return v != nil && unsure(v) }

// taskIDs are the task ids of a list.
func (b *builder) taskIDs(v *value, prefix string) []task.ID {
	var out []task.ID
	for _, it := range items(v) {
		if id := b.taskID(it, prefix); id != "" {
			out = append(out, id)
		}
	}
	return out
}

// taskID reads the id of a task, and reports what can be none of this partnership.
func (b *builder) taskID(v *value, prefix string) task.ID {
	s := v.str()
	if s == "" || prefix == "" {
		return task.ID(s)
	}
	number, ok := strings.CutPrefix(s, prefix+"-")
	if n, err := strconv.ParseInt(number, 10, 64); !ok || err != nil || n <= 0 || strconv.FormatInt(n, 10) != number {
		b.rep.add(v.at, "%s is no task of this partnership: write an id such as %s-4", quote(v.shown), prefix)
	}
	return task.ID(s)
}
