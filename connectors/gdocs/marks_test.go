package gdocs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// keys says which row has which key: provisional keys are "~".
func keys(records []task.Record) string {
	var out []string
	for _, r := range records {
		key := r.Ref.Key
		if strings.HasPrefix(key, "~") {
			key = "~"
		}
		out = append(out, r.Values[task.Title].String()+"="+key)
	}
	return strings.Join(out, " ")
}

// A mark that is in doubt gives way to the content, and adopting the row mends it.
func TestMarksThatWander(t *testing.T) {
	t.Parallel()
	named := func(name, from, to string) string {
		return fmt.Sprintf(`{"createNamedRange":{"name":%q,"range":{"startIndex":%s,"endIndex":%s}}}`, name, from, to)
	}
	lose := func(p *actionPlan, name string) {
		p.must(p.srv.LoseRanges(p.id, func(n string) bool { return n == name }))
	}
	tests := []struct {
		name, want string
		do         func(p *actionPlan)
	}{
		{"untouched", "A=CW-1 B=CW-2 C=CW-3", func(*actionPlan) {}},
		{"vanished", "A=CW-1 B=~ C=CW-3", func(p *actionPlan) { lose(p, "lockstep:CW-2") }},
		{"moved within the cell", "A=CW-1 B=CW-2 C=CW-3", func(p *actionPlan) {
			lose(p, "lockstep:CW-2")
			p.edit(false, named("lockstep:CW-2", "{cell 2 0}", "{end 2 0}"))
		}},
		{"moved within the row", "A=CW-1 B=CW-2 C=CW-3", func(p *actionPlan) {
			lose(p, "lockstep:CW-2")
			p.edit(false, named("lockstep:CW-2", "{cell 2 4}", "{end 2 4 1}"))
		}},
		{"moved to another's row", "A=CW-1 B=~ C=CW-3", func(p *actionPlan) {
			lose(p, "lockstep:CW-2")
			p.edit(false, named("lockstep:CW-2", "{cell 3 4}", "{end 3 4 1}"))
		}},
		{"stretched over two rows", "A=CW-1 B=CW-2 C=CW-3", func(p *actionPlan) {
			lose(p, "lockstep:CW-2")
			p.edit(false, named("lockstep:CW-2", "{end 2 0}", "{end 3 0 1}"))
		}},
		{"doubled, once as it was put", "A=CW-1 B=CW-2 C=CW-3", func(p *actionPlan) {
			p.edit(false, named("lockstep:CW-2", "{cell 3 1}", "{end 3 1 1}"))
		}},
		{"doubled, both as if put so", "A=CW-1 B=~ C=CW-3", func(p *actionPlan) {
			lose(p, "lockstep:CW-3")
			p.edit(false, named("lockstep:CW-2", "{end 3 0}", "{end 3 0 1}"), named("lockstep:CW-3", "{end 3 0}", "{end 3 0 1}"))
		}},
		{"in the header", "A=CW-1 B=~ C=CW-3", func(p *actionPlan) {
			lose(p, "lockstep:CW-2")
			p.edit(false, named("lockstep:CW-2", "{end 0 0}", "{end 0 0 1}"))
		}},
		{"another's mark", "A=CW-1 B=CW-2 C=CW-3", func(p *actionPlan) {
			p.edit(false, named("lockstep:XY-9", "{end 2 0}", "{end 2 0 1}"), named("somebody's", "{end 2 0}", "{end 2 0 1}"))
		}},
		{"the row cut and pasted", "B=~ A=CW-1 C=CW-3", func(p *actionPlan) { p.must(p.srv.MoveTableRow(p.id, 0, 2, 1)) }},
		{"the row copied", "A=CW-1 B=CW-2 C=CW-3 B=~", func(p *actionPlan) { p.must(p.srv.CopyTableRow(p.id, 0, 2, 4)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlan(t, []string{"A", "x"}, []string{"B", "x"}, []string{"C", "x"})
			c := p.connect()
			p.adopt(c)
			tt.do(p)
			records := p.pull(c).Records
			if got := keys(records); got != tt.want {
				t.Errorf("it is read as %s, want %s", got, tt.want)
			}
			// Whatever lost its mark is adopted anew, under a new id here: every row then has one, and no mark is left over.
			var patches []task.Patch
			for i, r := range records {
				if r.Marker == "" {
					patches = append(patches, task.Patch{Op: task.Adopt, Task: task.ID(fmt.Sprintf("CW-%d", 11+i)), Ref: r.Ref, Expect: r.Values})
				}
			}
			for _, got := range c.Apply(t.Context(), patches) {
				if got.Err != nil || got.Record == nil || got.Record.Marker == "" {
					t.Errorf("adopt it: %+v", got)
				}
			}
			if got := keys(p.pull(c).Records); strings.Contains(got, "~") {
				t.Errorf("after that it is read as %s", got)
			}
		})
	}
}

// Adopting a row takes away what is left of its own mark elsewhere, and other marks in the row.
func TestAdoptTakesWornMarksAway(t *testing.T) {
	t.Parallel()
	p := newPlan(t, []string{"A"}, []string{"B"})
	p.edit(false,
		`{"createNamedRange":{"name":"lockstep:CW-5","range":{"startIndex":{end 1 0},"endIndex":{end 1 0 1}}}}`,
		`{"createNamedRange":{"name":"lockstep:CW-6","range":{"startIndex":{end 1 0},"endIndex":{end 1 0 1}}}}`,
		`{"createNamedRange":{"name":"lockstep:CW-7","range":{"startIndex":1,"endIndex":3}}}`,
		`{"createNamedRange":{"name":"ours","range":{"startIndex":{end 1 0},"endIndex":{end 1 0 1}}}}`,
	)
	c := p.connect()
	r := p.pull(c).Records[0]
	if r.Marker != "" {
		t.Fatalf("a row with two marks is %s", r.Marker)
	}
	got := c.Apply(t.Context(), []task.Patch{{Op: task.Adopt, Task: "CW-7", Ref: r.Ref, Expect: r.Values}})
	if got[0].Err != nil || got[0].Record.Marker != "CW-7" {
		t.Fatalf("%+v", got[0])
	}
	var names []string
	for name, all := range p.document().Tabs[0].DocumentTab.NamedRanges {
		for range all.NamedRanges {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if fmt.Sprint(names) != "[lockstep:CW-7 ours]" {
		t.Errorf("the document has the ranges %v", names)
	}
}
