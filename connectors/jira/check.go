package jira

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

var _ connectors.Checker = (*Connector)(nil)

// How much of the issues a check looks at: the newest ones.
const (
	checkSample   = 100
	checkStatuses = 12 // of which transitions are read, an issue each
	checkTypes    = 5  // of which the edit screen is read, an issue each
)

// Check tries what the source needs against the live Jira: see connectors.Checker. It only reads: about ten requests, one more for
// each project, for each person who is looked up, and for each issue of its sample whose transitions or screen it reads.
func (c *Connector) Check(ctx context.Context) ([]connectors.Finding, error) {
	k := &checkup{c: c, types: map[string]*wireIssue{}, statuses: map[string]*wireIssue{}}
	for _, step := range []func(context.Context) bool{
		k.login, k.filter, k.fields, k.permissions, k.meanings, k.screens, k.transitions, k.creates, k.people, k.comments, k.webhook,
	} {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("check the Jira: %w", err)
		}
		if !step(ctx) {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("check the Jira: %w", err)
	}
	return k.out, nil
}

// checkup is one Check. Each of its steps reports whether the rest can be tried.
type checkup struct {
	c        *Connector
	out      []connectors.Finding
	types    map[string]*wireIssue // a sample of each issue type, by project and type
	statuses map[string]*wireIssue // and of each status
}

func (k *checkup) ok(topic, format string, args ...any) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelOK, Topic: topic, Text: fmt.Sprintf(format, args...)})
}

func (k *checkup) warn(topic, hint, format string, args ...any) {
	k.out = append(k.out, connectors.Finding{Level: connectors.LevelWarning, Topic: topic, Text: fmt.Sprintf(format, args...), Hint: hint})
}

// bad is what went wrong when something was tried.
func (k *checkup) bad(topic string, level connectors.Level, err error) {
	f := fault.Of(err)
	k.out = append(k.out, connectors.Finding{Level: level, Topic: topic, Text: f.Error(), Hint: f.Hint})
}

func (k *checkup) login(ctx context.Context) bool {
	c := k.c
	if err := c.api.myself(ctx); err != nil {
		k.bad("login", connectors.LevelError, err)
		return false
	}
	me := c.api.self
	zone := ""
	if me.TimeZone != "" {
		zone = ", time zone " + me.TimeZone
	}
	k.ok("login", "%s lets %s in (%s %s%s)", c.api.d.name, quoteName(me.DisplayName), c.api.d.accountIs, c.api.d.account(me), zone)
	return true
}

func (k *checkup) filter(ctx context.Context) bool {
	c := k.c
	n, err := c.api.d.count(c.api, ctx, c.jql)
	if err != nil {
		k.bad("filter", connectors.LevelError, err)
		return false
	}
	if n == 0 {
		k.warn("filter", "check jql, and give the account the permission Browse Projects", "no issue matches %s", quoteName(c.jql))
	} else {
		k.ok("filter", "%d issues match %s", n, quoteName(c.jql))
	}
	return true
}

// fields looks at the site as a pull does, and takes the sample.
func (k *checkup) fields(ctx context.Context) bool {
	c := k.c
	if err := c.look(ctx); err != nil {
		k.bad("fields", connectors.LevelError, err)
		return false
	}
	page, err := c.api.search(ctx, "read some issues", searchRequest{JQL: "(" + c.jql + ") ORDER BY updated DESC", Fields: c.wanted(), Max: checkSample})
	if err != nil {
		k.bad("issues", connectors.LevelError, err)
		return false
	}
	unread := map[string]int{}
	for i := range page.Issues {
		is := &page.Issues[i]
		c.note(is)
		if kind := is.named("project").Key + " " + is.named("issuetype").Name; k.types[kind] == nil {
			k.types[kind] = is
		}
		if st := is.status().ID; k.statuses[st] == nil {
			k.statuses[st] = is
		}
		for _, col := range c.columns {
			if v, _ := c.read(col, is); v.IsUnreadable() && col.shape != shapeStatus {
				unread[fmt.Sprintf("%s of %s", col.field, is.Key)]++
			}
		}
	}
	if err := c.lookAtProjects(ctx, c.statusIDs); err != nil {
		k.bad("statuses", connectors.LevelError, err)
		return false
	}
	for _, col := range c.columns {
		switch {
		case col.writable():
			k.ok("fields", "%s is %s (%s)", col.field, quoteName(col.name), col.id)
		default:
			k.warn("fields", fmt.Sprintf("change it in Jira, or map another field to %s", col.field), "%s is %s (%s), which can only be read", col.field, quoteName(col.name), col.id)
		}
	}
	for _, h := range c.held {
		if h.Field != task.Status.String() {
			k.warn("fields", h.Hint, "%s: Jira has no field %s that can be read", h.Field, quoteName(h.Raw))
		}
	}
	for _, what := range sortedKeys(unread) {
		k.warn("values", "correct it in Jira: it is held until then", "%s cannot be read", what)
	}
	return true
}

// permissions that are needed, by what they are for.
func (k *checkup) permissions(ctx context.Context) bool {
	c := k.c
	type right struct {
		name, hint string
		level      connectors.Level
	}
	fatal, warning := connectors.LevelError, connectors.LevelWarning
	give := func(words, why string) string { return "give the account the permission " + words + ": " + why }
	rights := []right{
		{"BROWSE_PROJECTS", give("Browse Projects", "without it no issue can be read"), fatal},
		{"EDIT_ISSUES", give("Edit Issues", "without it no field can be changed"), fatal},
		{"TRANSITION_ISSUES", give("Transition Issues", "without it no status can be changed"), fatal},
		{"ASSIGN_ISSUES", give("Assign Issues", "without it no assignee can be changed"), warning},
		{"SCHEDULE_ISSUES", give("Schedule Issues", "without it no due date can be changed"), warning},
		{"RESOLVE_ISSUES", give("Resolve Issues", "without it no resolution can be set"), warning},
		{"ADMINISTER_PROJECTS", give("Administer Projects", "without it each edit sends e-mails to the issue's watchers (notifyUsers=false is not granted)"), warning},
		{"USER_PICKER", give("Browse users and groups", "without it people are known only by the account ids under people"), warning},
	}
	if c.cfg.Create != nil {
		rights = append(rights, right{"CREATE_ISSUES", give("Create Issues", "create is configured"), fatal})
	}
	if c.updates != nil {
		rights = append(rights, right{"ADD_COMMENTS", give("Add Comments", "comments is configured"), fatal},
			right{"EDIT_OWN_COMMENTS", give("Edit Own Comments", "else what is corrected in the notes stays as it was in Jira"), warning})
	}
	if c.api.d.crowds {
		rights = append(rights, right{"BULK_CHANGE", give("Make bulk changes", "without it many issues are moved one by one, with e-mails"), warning})
	}
	names := make([]string, 0, len(rights))
	for _, r := range rights {
		names = append(names, r.name)
	}
	projects := slices.Clone(c.projects)
	if p := c.createProject(); p != "" && !slices.Contains(projects, p) {
		projects = append(projects, p)
	}
	for _, p := range projects {
		have, err := c.api.permissions(ctx, p, names...)
		if err != nil {
			k.bad("permissions", connectors.LevelWarning, err)
			continue
		}
		var granted []string
		for _, r := range rights {
			if have[r.name] || r.name == "ADMINISTER_PROJECTS" && have["ADMINISTER"] {
				granted = append(granted, r.name)
				continue
			}
			k.out = append(k.out, connectors.Finding{
				Level: r.level, Topic: "permissions", Text: fmt.Sprintf("project %s: %s is missing", quoteName(p), r.name), Hint: r.hint,
			})
		}
		k.ok("permissions", "project %s: %s", quoteName(p), strings.Join(granted, ", "))
		if hides, err := c.api.hasLevels(ctx, p); err == nil && hides {
			k.warn("permissions", "give the account access to all levels, or set up a webhook, which tells what was deleted",
				"project %s has security levels: an issue that one hides cannot be told from a deleted one", quoteName(p))
		}
	}
	return true
}

// meanings says what each status of the projects means, and what each of ours becomes.
func (k *checkup) meanings(context.Context) bool {
	m := k.c.meaning
	by := map[string][]string{}
	for _, id := range sortedKeys(m.statuses) {
		st := m.statuses[id]
		word, ok := m.of(st, "")
		if !ok {
			k.warn("statuses", "say under status: what it means", "the status %s means nothing: its category says neither to do, in progress nor done", quoteName(st.Name))
			continue
		}
		by[word] = append(by[word], quoteName(st.Name))
	}
	for _, want := range task.Statuses() {
		shown, problem := m.normalize(task.EnumValue(want), task.Value{})
		names := by[want]
		slices.Sort(names)
		switch {
		case len(names) > 0:
			k.ok("statuses", "%s is %s", task.StatusDisplay(want), strings.Join(slices.Compact(names), ", "))
		case problem != nil:
			k.warn("statuses", problem.Hint, "%s has no status here", task.StatusDisplay(want))
		case shown.String() != want:
			k.warn("statuses", fmt.Sprintf("name a status under status.%s if there is one for it", want),
				"%s has no status here and is shown as %s", task.StatusDisplay(want), task.StatusDisplay(shown.String()))
		default:
			k.ok("statuses", "%s is a closed issue with a resolution that says so", task.StatusDisplay(want))
		}
	}
	for _, h := range k.c.held {
		if h.Field == task.Status.String() {
			k.warn("statuses", h.Hint, "status %s of the configuration is not there", quoteName(h.Raw))
		}
	}
	return true
}
