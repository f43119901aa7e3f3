package jira

import (
	"context"
	"maps"
	"slices"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// look reads what has to be known of the site before issues can be read.
func (c *Connector) look(ctx context.Context) error { return inTurn(ctx, c.siteLooks()) }

// lookAtProjects reads the statuses and components of the projects, which are known once issues were read.
func (c *Connector) lookAtProjects(ctx context.Context, before map[string][]string) error {
	return inTurn(ctx, c.projectLooks(before))
}

func inTurn(ctx context.Context, looks []func(context.Context) error) error {
	for _, l := range looks {
		if err := l(ctx); err != nil {
			return err
		}
	}
	return nil
}

// siteLooks are the requests of look.
func (c *Connector) siteLooks() []func(context.Context) error {
	return []func(context.Context) error{c.lookAtFields, c.lookAtPriorities, c.lookAtResolutions}
}

func (c *Connector) lookAtFields(ctx context.Context) error {
	known, err := c.api.fields(ctx)
	if err != nil {
		return err
	}
	var held []task.Hold
	c.columns, held = columns(c.withEpics(c.cfg.mapping(), known), known)
	c.epicName = epicName(known)
	c.held = append(slices.DeleteFunc(c.held, func(h task.Hold) bool { return h.Field != task.Status.String() }), held...)
	return nil
}

func (c *Connector) lookAtPriorities(ctx context.Context) error {
	if _, ok := c.column(task.Priority); !ok {
		return nil
	}
	found, err := c.api.priorities(ctx)
	if err == nil {
		c.priorities = found
	}
	return err
}

func (c *Connector) lookAtResolutions(ctx context.Context) error {
	names, err := c.api.resolutions(ctx)
	if err != nil {
		return err
	}
	for _, n := range names {
		c.meaning.resolution(n)
	}
	return nil
}

// projectLooks are the requests of lookAtProjects. What they find counts when the last of them is done.
func (c *Connector) projectLooks(before map[string][]string) []func(context.Context) error {
	const manyProjects = 20 // beyond, the site's own list costs less
	projects := slices.Clone(c.projects)
	if p := c.createProject(); p != "" && !slices.Contains(projects, p) {
		projects = append(projects, p)
	}
	if len(projects) > manyProjects {
		projects = nil
	}
	statuses, components := map[string]wireStatus{}, []string(nil)
	var looks []func(context.Context) error
	add := func(one []string) {
		looks = append(looks, func(ctx context.Context) error {
			found, err := c.api.statuses(ctx, one)
			maps.Copy(statuses, found)
			return err
		})
	}
	if len(projects) == 0 {
		add(nil)
	}
	for _, p := range projects {
		add([]string{p})
	}
	if slices.ContainsFunc(c.columns, func(col column) bool { return col.shape == shapeComponents }) {
		for _, p := range projects {
			looks = append(looks, func(ctx context.Context) error {
				found, err := c.api.components(ctx, p)
				components = append(components, found...)
				return err
			})
		}
	}
	looks = append(looks, c.optionLooks(projects)...)
	looks = append(looks, c.epicLooks(projects)...)
	last := looks[len(looks)-1]
	looks[len(looks)-1] = func(ctx context.Context) error {
		if err := last(ctx); err != nil {
			return err
		}
		ids, held := c.meaning.learn(statuses, before)
		c.statusIDs, c.components = memory(before, ids), components
		c.held = append(slices.DeleteFunc(c.held, func(h task.Hold) bool { return h.Field == task.Status.String() }), held...)
		c.ready = true
		return nil
	}
	return looks
}
