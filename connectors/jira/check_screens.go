package jira

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// screens looks for fields that are mapped and not on the edit screen of an issue type.
func (k *checkup) screens(ctx context.Context) bool {
	c := k.c
	for n, kind := range slices.Sorted(maps.Keys(k.types)) {
		if n == checkTypes {
			break
		}
		screen, err := c.api.editScreen(ctx, k.types[kind].ID)
		if err != nil {
			k.bad("screens", connectors.LevelWarning, err)
			continue
		}
		if len(screen) == 0 {
			k.warn("screens", "give the account the permission Edit Issues", "nothing of %s can be edited", k.types[kind].Key)
			continue
		}
		var off []string
		for _, col := range c.columns {
			_, on := screen[col.id]
			if !on && col.writable() && col.shape != shapeStatus && col.shape != shapeLog {
				off = append(off, quoteName(col.name))
			}
		}
		if _, on := screen["labels"]; !on && !slices.Contains(off, quoteName("labels")) {
			off = append(off, quoteName("labels"))
		}
		if len(off) > 0 {
			k.warn("screens", "add them to the edit screen of that issue type, or take the fields out of the configuration",
				"%s: the edit screen lacks %s", kind, strings.Join(off, ", "))
			continue
		}
		k.ok("screens", "%s: every field can be edited", kind)
	}
	return true
}

// transitions looks for statuses that cannot be reached from one in which issues are.
func (k *checkup) transitions(ctx context.Context) bool {
	c := k.c
	ids := slices.Sorted(maps.Keys(k.statuses))
	if len(ids) > checkStatuses {
		ids = ids[:checkStatuses]
	}
	edges := map[string][]edge{}
	for _, id := range ids {
		got, _, err := c.edgesFrom(ctx, k.statuses[id])
		if err != nil {
			k.bad("transitions", connectors.LevelWarning, err)
			return true
		}
		edges[id] = got
	}
	fine := 0
	for _, id := range ids {
		is := k.statuses[id]
		from, _ := c.meaning.read(is)
		for _, want := range task.Statuses() {
			if want == from || !c.meaning.reaches(want) && (want != task.Cancelled || !c.meaning.cancels()) {
				continue
			}
			ways, unknown := c.survey(is, edges[id], want, nil, hopsMax, true)
			switch _, err := c.best(ways, want); {
			case len(ways) > 0 && err != nil:
				k.bad("transitions", connectors.LevelWarning, err)
			case len(ways) > 0 || len(unknown) > 0:
				fine++
			default:
				k.bad("transitions", connectors.LevelWarning, c.noWay(is, edges[id], want))
			}
		}
	}
	if fine > 0 {
		k.ok("transitions", "%d ways from a status to another are open, as far as the newest issues show", fine)
	}
	return true
}

// creates tries what a new issue needs.
func (k *checkup) creates(ctx context.Context) bool {
	c := k.c
	if c.cfg.Create == nil {
		k.ok("create", "no issues are made here: create is not configured")
		return true
	}
	form, err := c.createForm(ctx)
	if err == nil {
		_, _, err = c.newIssue(task.Patch{Op: task.Create, Task: "CHECK-1", Set: []task.Change{{Field: task.Title, To: task.TextValue("check")}}}, form)
	}
	if err != nil {
		k.bad("create", connectors.LevelError, err)
		return true
	}
	k.ok("create", "new issues are of type %s in project %s", quoteName(c.cfg.issueType()), quoteName(c.createProject()))
	return true
}

// people looks for the account of each person of the configuration.
func (k *checkup) people(ctx context.Context) bool {
	c := k.c
	if _, ok := c.column(task.Assignee); !ok || len(c.cfg.People) == 0 {
		return true
	}
	if err := c.lookUpPeople(ctx); err != nil {
		k.bad("people", connectors.LevelWarning, err)
		return true
	}
	var unasked, unseen []string
	for _, p := range c.cfg.People {
		switch _, ok := c.people.account(task.PersonValue(p.Name).String()); {
		case ok:
		case p.Email == "":
			unasked = append(unasked, quoteName(p.Name))
		default:
			unseen = append(unseen, quoteName(p.Name))
		}
	}
	hint := "if an issue here may be theirs, add the " + c.api.d.accountIs + " under people: … jira: {" + string(c.o.Source) + ": …}"
	if len(unasked) > 0 {
		k.warn("people", hint, "no account is known for %s: the configuration gives no e-mail address", strings.Join(unasked, ", "))
	}
	if len(unseen) > 0 {
		k.warn("people", hint, "Jira shows nobody with the e-mail address of %s: it may be hidden, or another one there", strings.Join(unseen, ", "))
	}
	found := len(c.cfg.People) - len(unasked) - len(unseen)
	k.ok("people", "%d of %d people have an account here", found, len(c.cfg.People))
	return true
}

func (k *checkup) comments(context.Context) bool {
	if c := k.c; c.updates != nil {
		what := "all comments are updates"
		if !c.updates.all() {
			what = "comments with " + quoteName(c.updates.rule) + " are updates"
		}
		k.ok("comments", "%s", what)
	}
	return true
}

func (k *checkup) webhook(context.Context) bool {
	c := k.c
	secret, err := c.cfg.SecretOfWebhooks()
	switch {
	case err != nil:
		k.bad("webhook", connectors.LevelError, c.fault(fault.New(fault.Permanent, fault.Invalid, "read the webhook secret", "%w", err)))
	case secret == "":
		k.ok("webhook", "none is configured: changes are seen at the next interval")
	default:
		k.ok("webhook", "Jira may send webhooks to /webhooks/jira/%s", c.o.Source)
	}
	return true
}
