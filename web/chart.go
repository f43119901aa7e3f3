package web

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// The size of charts, in units of their own.
const (
	chartWidth, chartHeight = 960, 300
	chartLeft, chartRight   = 44, 16
	chartTop, chartBottom   = 16, 34
)

// mark is a text at a place on a chart.
type mark struct {
	X, Y int
	Text string
}

// columnChart are two columns a week: kept and missed, one upon the other.
type columnChart struct {
	Columns []column
	Marks   []mark // the numbers at the left
	Summary string
}

type column struct {
	Name             string // of the week
	X, W             int
	KeptY, KeptH     int
	MissedY, MissedH int
	Kept, Missed     int
	Label            bool // the name has room below
	LabelX           int
	Current          bool
}

// scale puts a figure from 0 to most on the height of a chart.
func scale(n, most int) int {
	return chartHeight - chartBottom - n*(chartHeight-chartTop-chartBottom)/max(most, 1)
}

// niceTop is a round number at or above n, so that the lines of a chart stand at whole numbers.
func niceTop(n int) int {
	for step := 1; ; step *= 10 {
		for _, m := range []int{4, 8, 12, 16, 20, 24, 32} {
			if top := step * m; n <= top {
				return top
			}
		}
	}
}

// levels are the lines of a chart with their numbers.
func levels(top int) []mark {
	var out []mark
	for i := range 5 {
		n := top * i / 4
		out = append(out, mark{chartLeft - 8, scale(n, top), fmt.Sprint(n)})
	}
	return out
}

func weeksChart(weeks []scorecard.Week, year int) columnChart {
	most := 1
	kept, made := 0, 0
	for _, w := range weeks {
		most = max(most, w.Commitments.Whole)
		kept, made = kept+w.Commitments.Part, made+w.Commitments.Whole
	}
	top := niceTop(most)
	c := columnChart{Marks: levels(top), Summary: fmt.Sprintf("Commitments of %s: %d kept, %d missed or still open.", count(len(weeks), "week"), kept, made-kept)}
	step := (chartWidth - chartLeft - chartRight) / max(len(weeks), 1)
	for i, w := range weeks {
		first, _ := w.First.Time()
		x := column{
			Name: day(first, year), X: chartLeft + i*step + step/8, W: max(2, min(step*3/4, 60)), Kept: w.Commitments.Part, Missed: w.Commitments.Whole - w.Commitments.Part,
			Label: len(weeks) <= 12 || i%4 == 0, Current: w.Current,
		}
		x.LabelX = x.X + x.W/2
		x.KeptY = scale(x.Kept, top)
		x.KeptH = chartHeight - chartBottom - x.KeptY
		x.MissedY = scale(x.Kept+x.Missed, top)
		x.MissedH = x.KeptY - x.MissedY
		c.Columns = append(c.Columns, x)
	}
	return c
}

// burnupChart is how much there is to do, how much is done, and when all of it will be.
type burnupChart struct {
	Scope, Done string // points of lines
	Fan         string // points of the area between the earliest and the latest forecast
	Middle      string // points of the line to the day that is as likely as not
	Marks       []mark // the numbers at the left
	Days        []mark // below
	Flags       []flag // today, the target, the forecasts
	Summary     string
}

// flag is an upright line with a word.
type flag struct {
	X     int
	Class string // "today", "target", "p50", "p85", "p95"
	Text  string
	Row   int // texts that would run into each other stand one below the other
	Y     int
}

// dayMarks is how many days are named below a chart, at most.
const dayMarks = 7

func burnup(x *scorecard.Rollup, now time.Time) burnupChart {
	var c burnupChart
	if len(x.Burnup) == 0 {
		return c
	}
	begin, _ := x.Burnup[0].Day.Time()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	end := today
	var f scorecard.Forecast
	if x.Forecast != nil {
		f = *x.Forecast
	}
	for _, v := range []task.Value{f.P50, f.P85, f.P95, x.Target} {
		if t, ok := v.Time(); ok && t.After(end) {
			end = t
		}
	}
	if limit := today.AddDate(3, 0, 0); end.After(limit) {
		end = limit // what lies beyond would press all else into a corner
	}
	span := max(end.Sub(begin).Hours(), 24)
	at := func(t time.Time) int {
		return chartLeft + int(float64(chartWidth-chartLeft-chartRight)*min(1, t.Sub(begin).Hours()/span))
	}
	last := x.Burnup[len(x.Burnup)-1]
	most := last.Scope
	for _, p := range x.Burnup {
		most = max(most, p.Scope)
	}
	top := niceTop(most)
	var scope, done []string
	point := func(px, py int) string { return fmt.Sprintf("%d,%d", px, py) }
	for _, p := range x.Burnup {
		t, _ := p.Day.Time()
		scope, done = append(scope, point(at(t), scale(p.Scope, top))), append(done, point(at(t), scale(p.Done, top)))
	}
	c.Scope, c.Done, c.Marks = strings.Join(scope, " "), strings.Join(done, " "), levels(top)
	from := point(at(today), scale(last.Done, top))
	if p50, ok := f.P50.Time(); ok {
		c.Middle = from + " " + point(at(p50), scale(last.Scope, top))
		if p95, ok := f.P95.Time(); ok {
			c.Fan = strings.Join([]string{from, point(at(p50), scale(last.Scope, top)), point(at(p95), scale(last.Scope, top))}, " ")
		}
	}
	c.flags(x, &f, at, today, now.Year())
	step := max(1, int(end.Sub(begin).Hours()/24)/dayMarks)
	for t := begin; !t.After(end.AddDate(0, 0, -step/3)); t = t.AddDate(0, 0, step) {
		c.Days = append(c.Days, mark{at(t), chartHeight - 10, day(t, now.Year())})
	}
	c.Summary = fmt.Sprintf("%d of %s done.", last.Done, count(last.Scope, "task"))
	if x.Forecast != nil {
		c.Summary += " Forecast: " + x.Forecast.String() + "."
	}
	if t, ok := x.Target.Time(); ok {
		c.Summary += " Target: " + day(t, now.Year()) + "."
	}
	return c
}

// flags mark today, the target and the forecasts.
func (c *burnupChart) flags(x *scorecard.Rollup, f *scorecard.Forecast, at func(time.Time) int, today time.Time, year int) {
	add := func(v task.Value, class, word string) {
		if t, ok := v.Time(); ok {
			c.Flags = append(c.Flags, flag{X: at(t), Class: class, Text: word + " " + day(t, year)})
		}
	}
	add(task.DateValue(today), "today", "Today")
	add(x.Target, "target", "Target")
	add(f.P50, "p50", "50 %")
	add(f.P85, "p85", "85 %")
	add(f.P95, "p95", "95 %")
	for i := range c.Flags {
		c.Flags[i].Row, c.Flags[i].Y = i, chartTop+12+i*15
	}
}
