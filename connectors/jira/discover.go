package jira

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Discovery is what was found in a Jira for a configuration that is to be written.
type Discovery struct {
	Flavor   string   // "cloud" or "datacenter"; "" where the Jira could not be reached
	Projects []string // keys of the projects that the issues are in, sorted
	Statuses []StatusFound
	Fields   []FieldFound // that can be read besides the ones that are mapped by default, sorted by name
	// Findings are what was tried, good and bad; see connectors.Checker.
	Findings []connectors.Finding
}

// StatusFound is a status of the projects.
type StatusFound struct {
	Name  string
	Means string // by its category; "" where that says nothing
}

// FieldFound is a field of the site.
type FieldFound struct{ ID, Name string }

// Discover looks what a Jira has: see Discovery. It only reads. What it cannot find out is a finding; an error comes back only
// where ctx ended.
func (c *Connector) Discover(ctx context.Context) (Discovery, error) {
	k := &checkup{c: c, types: map[string]*wireIssue{}, statuses: map[string]*wireIssue{}}
	reached := true
	for _, step := range []func(context.Context) bool{k.login, k.filter, k.fields, k.permissions} {
		if err := ctx.Err(); err != nil {
			return Discovery{}, fmt.Errorf("discover the Jira: %w", err)
		}
		if reached = step(ctx); !reached {
			break
		}
	}
	d := Discovery{Findings: k.out}
	if c.api.met {
		d.Flavor = c.api.d.flavor
	}
	if !reached {
		return d, nil
	}
	d.Projects = slices.Sorted(slices.Values(c.projects))
	for _, id := range sortedKeys(c.meaning.statuses) {
		st := c.meaning.statuses[id]
		means, _ := c.meaning.of(st, "")
		d.Statuses = append(d.Statuses, StatusFound{Name: st.Name, Means: means})
	}
	known, err := c.api.fields(ctx)
	if err != nil {
		return d, nil //nolint:nilerr // they were read a moment ago, and are a help only
	}
	mapped := c.cfg.mapping()
	for _, f := range known {
		if !slices.ContainsFunc(task.AllFields(), func(t task.Field) bool { return mapped[t] == f.ID }) {
			d.Fields = append(d.Fields, FieldFound{ID: f.ID, Name: f.Name})
		}
	}
	slices.SortFunc(d.Fields, func(x, y FieldFound) int { return strings.Compare(x.Name, y.Name) })
	return d, nil
}
