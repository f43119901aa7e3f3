package jira

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/jira"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// charge is what a step took, between the least that any client could do with and the most that it may take.
type charge struct {
	step        string
	took, least toll
	most        int // requests
	time        time.Duration
}

// ceil is how many groups of at most size it takes for n.
func ceil(n, size int) int { return (n + size - 1) / size }

// charges goes through a Jira's life, from the first pull on, with a part of its issues changed here and there.
//
// How the least is found, with N issues, k of them changed, and P whole issues a page (100 on Cloud, where it is the most that
// search gives; 1,000 on Data Center, as far as its administrators leave it at that):
//
//   - First pull: ⌈N/P⌉ pages, and what has to be known of the site to make sense of them: its fields, priorities,
//     resolutions, and the statuses of the project. (We ask besides what kind of Jira it is and who we are, and read 500
//     issues at most from Data Center at a time, for an answer must not grow beyond what we read, with long texts.)
//   - Idle: 1, for one has to ask. (At times we take a page of a census beside it, or a look at the site's settings.)
//   - Changed there: ⌈k/P⌉, to ask and to read in one. Changed once more while increments still reach back to the first time, the
//     least is the same: nothing stops a client from reading only what is newer. (Ours must not believe the index in that, so
//     it reads a list first.)
//   - Pushed: nothing is written unseen, so each issue is read before, past the index. Cloud gives ⌈k/100⌉ bulk reads for that; Data
//     Center has only reads one by one, k. What was written is read back: Cloud gives back an edited issue with the answer;
//     else it takes ⌈k/100⌉ bulk reads on Cloud, and on Data Center, where a search may do, ⌈k/P⌉.
//   - Fields that differ from issue to issue: k writes. There is no call that takes different values for many issues.
//   - One common transition: which transitions there are, 1 read. On Cloud then 1 order (of up to 1,000 issues) and 1 look at how it
//     went; on Data Center k writes. (We ask besides whether the account may make bulk changes.)
//   - Two hops: that twice; it is read back once. (We read after each hop: what did not arrive must not be sent on.)
//   - Mixed, in equal parts due dates, transitions, both at once, and new issues: the sum of these; of a new issue 2 reads of what
//     the project asks for, then 1 write for 50 together, and read back. (We make new issues one by one: a cut connection then
//     leaves one in doubt and not fifty.)
//   - Pull after a push: 1. (Ours reads our own writes whole once more: others may have written since.)
//
// The most is the design's target: 2 for an idle cycle, 2k + k/100 for k changed issues, and beside it a few requests that do
// not grow with k. Two hops of k issues that cannot be moved together, and a transition with an edit of the same issue, take a
// write each, so on Data Center the target is 3k there.
func (s *bigJira) charges(share int) []charge {
	s.tb.Helper()
	var out []charge
	add := func(step string, least toll, most int, f func()) {
		s.tb.Helper()
		took, span := s.cost(f)
		out = append(out, charge{step, took, least, most, span})
	}
	cloudy := s.spoken.flavor == sandbox.Cloud
	k := s.n / share
	// pages is how many pages there are of n whole issues in our own size, with what Data Center's overlap.
	pages := func(n int) int {
		size := min(s.page, pageMax)
		if cloudy {
			return ceil(n, size)
		}
		return 1 + ceil(max(n-size, 0), size-1-size/overlapPart)
	}
	const site, extra = 4, 6 // what is to be known of a site, and how much more we ask
	add("first pull", toll{ceil(s.n, s.page) + site, 0}, pages(s.n)+site+extra, func() { s.all(s.pull()) })
	s.calm()
	out = append(out, s.idle(100, "idle, the most of 100"))
	s.calm()

	some := s.records[:k]
	add("1 % changed there", toll{ceil(k, s.page), 0}, pages(k+1), func() { s.edit(some, "2027-01-15"); s.brought(s.pull(), k) })
	add("1 % changed there again", toll{ceil(k, s.page), 0}, 1+pages(2*k), func() { s.edit(some, "2027-01-16"); s.brought(s.pull(), k) })
	s.calm()

	least := func(before, edits, moved, created, writes int) toll {
		if cloudy {
			return toll{ceil(before, 100) + ceil(moved+created, 100), writes}
		}
		return toll{before + ceil(edits+moved+created, s.page), writes}
	}
	target := 2*k + ceil(k, 100)
	const few = 8 // transitions, permissions, progress: what does not grow with k
	var patches []task.Patch
	push := func() { s.push(patches) }

	s.strange()
	patches = s.dues(s.records[k:2*k], 0)
	add("1 % pushed: fields", least(k, k, 0, 0, k), target+few, push)
	add("the pull after it", toll{1, 0}, pages(k+1)+1, func() { s.pull() })
	s.calm()

	s.strange()
	patches = s.moves(s.records[2*k:3*k], task.InProgress)
	together := func(hops int) toll {
		l := least(k, 0, k, 0, hops*k)
		if l.reads += hops; cloudy {
			l.reads, l.writes = l.reads+hops, hops
		}
		return l
	}
	most := target
	if cloudy {
		most = 2 * ceil(k, 100)
	}
	add("1 % pushed: one common transition", together(1), most+few, push)
	add("the pull after it", toll{1, 0}, pages(k+1)+1, func() { s.pull() })
	s.calm()

	s.strange()
	patches = s.moves(s.records[3*k:4*k], task.Blocked)
	if most = target + k; cloudy {
		most = 3 * ceil(k, 100)
	}
	add("1 % pushed: the same two transitions", together(2), most+2*few, push)
	s.calm()

	s.strange()
	q := k / 4
	edits, moves, both := s.dues(s.records[4*k:4*k+q], 0), s.moves(s.records[4*k+q:4*k+2*q], task.InProgress), s.records[4*k+2*q:4*k+3*q]
	patches = slices.Concat(edits, moves)
	for i, r := range both {
		patches = append(patches, s.patch(r, task.Values{task.Status: task.EnumValue(task.InProgress), task.Due: day(s.tb, i)}))
	}
	made := k - 3*q
	for i := range made {
		p := s.patch(task.Record{}, task.Values{task.Title: task.TextValue(fmt.Sprintf("Test the water %d", i)), task.Due: day(s.tb, i)})
		p.Op, p.Task = task.Create, task.ID(fmt.Sprintf("CW-%d", i+1))
		patches = append(patches, p)
	}
	l := least(3*q, 2*q, q, made, 2*q+2*q+made)
	if l.reads += 1 + 2; cloudy {
		l.reads, l.writes = l.reads+1, 2*q+1+ceil(made, 50)
	}
	most = 3*k + ceil(k, 100)
	if cloudy {
		most = target
	}
	add("1 % pushed: mixed", l, most+2*few, push)
	add("the pull after it", toll{1, 0}, pages(k+1)+1, func() { s.pull() })
	s.calm()
	return append(out, s.idle(10, "idle again, the most of 10"))
}

// all fails the test unless every issue came.
func (s *bigJira) all(n int) { s.brought(n, s.n) }

// brought fails the test unless a pull brought at least so many issues.
func (s *bigJira) brought(got, want int) {
	s.tb.Helper()
	if got < want {
		s.tb.Fatalf("%d issues came, want %d", got, want)
	}
}

// idle is the dearest of some pulls in which nothing changed, a minute apart, and of those of a thorough census a day later.
func (s *bigJira) idle(pulls int, step string) charge {
	s.tb.Helper()
	out := charge{step: step, least: toll{1, 0}, most: 2}
	one := func() {
		s.tb.Helper()
		took, span := s.cost(func() { s.pull() })
		if took.sum() > out.took.sum() {
			out.took = took
		}
		out.time = max(out.time, span)
	}
	for range pulls {
		one()
	}
	s.clock.pass(defaultFullEvery)
	for one(); s.conn.upkeep.census != nil || len(s.conn.upkeep.looks) > 0; one() {
	}
	return out
}

// day is a due date, different from issue to issue.
func day(tb testing.TB, i int) task.Value {
	tb.Helper()
	v, err := task.Parse(task.Date, time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format(time.DateOnly))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// dues wants other due dates.
func (s *bigJira) dues(which []task.Record, from int) []task.Patch {
	out := make([]task.Patch, 0, len(which))
	for i, r := range which {
		out = append(out, s.patch(r, task.Values{task.Due: day(s.tb, from+i)}))
	}
	return out
}

// moves wants one status.
func (s *bigJira) moves(which []task.Record, to string) []task.Patch {
	out := make([]task.Patch, 0, len(which))
	for _, r := range which {
		out = append(out, s.patch(r, task.Values{task.Status: task.EnumValue(to)}))
	}
	return out
}

// hold fails the test where a step took more than it may, or less than can be: then the least is wrong.
func hold(tb testing.TB, charges []charge) {
	tb.Helper()
	for _, c := range charges {
		if c.took.sum() > c.most {
			tb.Errorf("%s: it took %s requests, at most %d are meant", c.step, c.took, c.most)
		}
		if c.took.reads < c.least.reads || c.took.writes < c.least.writes {
			tb.Errorf("%s: it took %s requests, which is less than the least, %s", c.step, c.took, c.least)
		}
	}
}

// TestRequests holds what pulls and pushes cost against the targets of the design.
func TestRequests(t *testing.T) {
	t.Parallel()
	for _, sp := range everyJira() {
		t.Run(sp.name, func(t *testing.T) {
			t.Parallel()
			// Short pages: a thousand issues then fill as many as many thousand would.
			hold(t, newBigJira(t, sp, 1000, 60, weeks).charges(1000/(fewIssues+10)))
		})
	}
}

// TestIdleAfterAnImport has all issues carry the same moment of change, as an import or a migration leaves them: an idle pull must
// not read through them each time, and a change among them must be seen at once.
func TestIdleAfterAnImport(t *testing.T) {
	t.Parallel()
	for _, sp := range everyJira() {
		t.Run(sp.name, func(t *testing.T) {
			t.Parallel()
			s := newBigJira(t, sp, 600, 60, 0)
			s.all(s.pull())
			hold(t, []charge{s.idle(40, "idle after an import")})
			s.calm()
			some := s.records[100 : 100+2*s.page] // more than a page
			s.edit(some, "2027-01-15")
			s.brought(s.pull(), len(some))
			for _, r := range s.records[100 : 100+len(some)] {
				if got := r.Values[task.Due].String(); got != "2027-01-15" {
					t.Errorf("%s is due %s", r.Name, got)
				}
			}
			s.edit(some, "2027-01-16") // and while increments still reach back to that
			s.brought(s.pull(), len(some))
			hold(t, []charge{s.idle(40, "idle after many changes")})
		})
	}
}

// BenchmarkRequests prints what a cycle of 10,000 issues costs:
//
//	go test ./connectors/jira -run '^$' -bench '^BenchmarkRequests$' -benchtime 1x
func BenchmarkRequests(b *testing.B) {
	for b.Loop() {
		clouds := newBigJira(b, spoken{flavor: sandbox.Cloud, api: 3}, 10_000, 0, weeks).charges(100)
		centers := newBigJira(b, spoken{flavor: sandbox.DataCenter, api: 2}, 10_000, 0, weeks).charges(100)
		for _, sp := range []spoken{{flavor: sandbox.Cloud, api: 3}, {flavor: sandbox.DataCenter, api: 2}} {
			s := newBigJira(b, sp, 30_000, 0, weeks)
			s.all(s.pull())
			s.calm()
			c := s.idle(100, "idle at 30,000 issues, the most of 100")
			if sp.flavor == sandbox.Cloud {
				clouds = append(clouds, c)
			} else {
				centers = append(centers, c)
			}
		}
		hold(b, clouds)
		hold(b, centers)
		var table strings.Builder
		table.WriteString("requests (reads/writes)\n\n| cycle | Cloud | at least | time | Data Center | at least | time |\n|---|---:|---:|---:|---:|---:|---:|\n")
		for i, c := range clouds {
			d := centers[i]
			fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s | %s |\n", c.step, c.took, c.least, short(c.time), d.took, d.least, short(d.time))
		}
		b.Log(table.String())
	}
}

func short(d time.Duration) string { return d.Round(time.Millisecond).String() }
