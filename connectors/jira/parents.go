package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// An issue may stand below an epic, whose summary is then the value: a workstream, say. On Cloud the epic is the issue's
// parent and comes with it. On Data Center its key stands in a field of its own, so that the summaries of epics have to be
// known. To put an issue below an epic they have to be known on both.
//
// A sub-task's parent is no epic, and an epic stands below none: they are left alone.

const (
	parentField = "parent"
	epicWord    = "epic" // what people may call the field in the configuration
	epicLevel   = 1      // of Cloud's hierarchy of issue types
	epicsMax    = 100    // keys that are looked up in one request
	epicType    = "epic" // the folded name of the issue type, where no level is told
)

// epics are those of the projects that are known.
type epics struct {
	summary map[string]string // by key
	looked  bool              // for all of them
	renamed int               // how often one got another summary: issues that were read before show the old one
}

func (e *epics) learn(key, summary string) {
	if key == "" || summary == "" {
		return
	}
	if old, ok := e.summary[key]; ok && old != summary {
		e.renamed++
	}
	e.summary[key] = summary
}

// read is the summary of an epic; false where it is not known.
func (e *epics) read(key string) (task.Value, bool) {
	if strings.TrimSpace(key) == "" {
		return task.Empty(task.Text), true
	}
	s, ok := e.summary[key]
	return task.TextValue(s), ok
}

// keys are those of the epics that have the summary, in whichever case, sorted.
func (e *epics) keys(summary string) []string {
	var out []string
	for _, key := range sortedKeys(e.summary) {
		if fold(e.summary[key]) == fold(summary) {
			out = append(out, key)
		}
	}
	return out
}

// wireAbove is an issue as those below it show it, and the type of an issue.
type wireAbove struct {
	Key    string `json:"key"`
	Fields struct {
		Summary string   `json:"summary"`
		Type    wireType `json:"issuetype"`
	} `json:"fields"`
}

type wireType struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Subtask bool   `json:"subtask"`
	Level   *int   `json:"hierarchyLevel"` // of Cloud
}

// epic reports that issues of the type are epics.
func (t wireType) epic() bool {
	if t.Level != nil {
		return *t.Level == epicLevel
	}
	return fold(t.Name) == epicType
}

// belowEpics reports that an issue can stand below an epic.
func (c *Connector) belowEpics(is *wireIssue) bool {
	var t wireType
	is.get("issuetype", &t)
	_, epic := c.epics.summary[is.Key]
	return !t.Subtask && !t.epic() && !epic && (t.Level == nil || *t.Level == 0)
}

func readParent(raw json.RawMessage) (task.Value, bool) {
	var p wireAbove
	if json.Unmarshal(raw, &p) != nil || p.Fields.Summary == "" {
		return task.Value{}, false
	}
	return task.TextValue(p.Fields.Summary), true
}

// noteEpics learns epics from an issue that is one, or that stands below one.
func (c *Connector) noteEpics(is *wireIssue) {
	var t wireType
	var s string
	if is.get("issuetype", &t) && t.epic() && is.get("summary", &s) {
		c.epics.learn(is.Key, s)
	}
	var p wireAbove
	if is.get(parentField, &p) && p.Fields.Type.epic() {
		c.epics.learn(p.Key, p.Fields.Summary)
	}
}

// epicColumn is the column that holds an epic; false where none does.
func (c *Connector) epicColumn() (column, bool) {
	i := slices.IndexFunc(c.columns, func(col column) bool { return col.shape == shapeParent || col.shape == shapeEpic })
	if i < 0 {
		return column{}, false
	}
	return c.columns[i], true
}

// withEpics is the mapping in which an epic, or a parent, is the field that holds it on this Jira.
func (c *Connector) withEpics(mapping map[task.Field]string, known []wireField) map[task.Field]string {
	link := slices.IndexFunc(known, func(f wireField) bool { return strings.HasSuffix(f.Schema.Custom, epicLinkCustom) })
	for f, to := range mapping {
		word := strings.ToLower(strings.TrimSpace(to))
		if word != parentField && word != epicWord || !c.api.d.epicLinks {
			continue
		}
		mapping[f] = "Epic Link" // where there is none, this is what a hint names
		if link >= 0 {
			mapping[f] = known[link].ID
		}
	}
	return mapping
}

// meetEpics looks up the epics that issues name by their keys alone and that are not known.
func (c *Connector) meetEpics(ctx context.Context, op string, issues []*wireIssue) error {
	col, ok := c.epicColumn()
	if !ok || col.shape != shapeEpic {
		return nil
	}
	var unknown []string
	for _, is := range issues {
		var key string
		if is == nil || !is.get(col.id, &key) || key == "" || slices.Contains(unknown, key) {
			continue
		}
		if _, ok := c.epics.summary[key]; !ok {
			unknown = append(unknown, key)
		}
	}
	lenient := false
	for some := range slices.Chunk(unknown, epicsMax) {
		quoted := make([]string, 0, len(some))
		for _, key := range some {
			quoted = append(quoted, quoteJQL(key))
		}
		p, err := c.api.search(ctx, op, searchRequest{
			JQL: "key in (" + strings.Join(quoted, ", ") + ")", Fields: []string{"summary"}, Max: epicsMax, Validate: &lenient,
		})
		if err := unlessTold(err); err != nil {
			return err
		}
		for i := range p.Issues {
			c.learnEpic(&p.Issues[i])
		}
	}
	return nil
}

func (c *Connector) learnEpic(is *wireIssue) {
	var s string
	if is.get("summary", &s) {
		c.epics.learn(is.Key, s)
	}
}

// epicLooks are the requests that find the epics of projects; none where no epic is mapped.
func (c *Connector) epicLooks(projects []string) []func(context.Context) error {
	if _, ok := c.epicColumn(); !ok || len(projects) == 0 {
		return nil
	}
	quoted := make([]string, 0, len(projects))
	for _, p := range projects {
		quoted = append(quoted, quoteJQL(p))
	}
	in := "project in (" + strings.Join(quoted, ", ") + ") AND "
	which := "issuetype = Epic"
	if c.epicName != "" { // by what every epic has, whatever the type is called in the site's language
		which = "cf[" + strings.TrimPrefix(c.epicName, "customfield_") + "] is not EMPTY"
	}
	var looks []func(context.Context) error
	if !c.api.d.epicLinks {
		looks = append(looks, func(ctx context.Context) error {
			types, err := c.api.issueTypes(ctx)
			ids := make([]string, 0, len(types))
			for _, t := range types {
				if t.epic() {
					ids = append(ids, t.ID)
				}
			}
			if len(ids) > 0 {
				which = "issuetype in (" + strings.Join(ids, ", ") + ")"
			}
			return unlessTold(err)
		})
	}
	return append(looks, func(ctx context.Context) error {
		found, err := c.readPages(ctx, searchRequest{JQL: in + which + " ORDER BY key ASC", Fields: []string{"summary"}, Max: pageMax})
		there := map[string]bool{}
		for _, is := range found {
			c.learnEpic(is)
			there[is.Key] = true
		}
		if err == nil {
			maps.DeleteFunc(c.epics.summary, func(key, _ string) bool { return !there[key] }) // those elsewhere are met again
		}
		c.epics.looked = c.epics.looked || unlessTold(err) == nil
		return unlessTold(err)
	})
}

// issueTypes are the issue types that the account can see.
func (c *client) issueTypes(ctx context.Context) ([]wireType, error) {
	var out []wireType
	err := c.call(ctx, "read the issue types", http.MethodGet, "issuetype", nil, &out)
	return out, err
}

// normalizeEpic finds the epic by its summary.
func (c *Connector) normalizeEpic(want, have task.Value) (task.Value, *task.Problem) {
	if want.IsEmpty() || !c.epics.looked && !c.ready {
		return want, nil
	}
	keys := c.epics.keys(want.String())
	if len(keys) == 1 {
		return task.TextValue(c.epics.summary[keys[0]]), nil
	}
	if fold(want.String()) == fold(have.String()) {
		return have, nil
	}
	_, err := c.epicOf(want.String())
	return have, &task.Problem{Reason: task.HoldUnsupported, Hint: err.Error()}
}

// epicOf is the key of the epic with a summary. The error says what to do where there is none, or where there are several.
func (c *Connector) epicOf(summary string) (string, error) {
	keys := c.epics.keys(summary)
	switch len(keys) {
	case 1:
		return keys[0], nil
	case 0:
		names := make([]string, 0, len(c.epics.summary))
		for _, key := range sortedKeys(c.epics.summary) {
			names = append(names, c.epics.summary[key])
		}
		return "", fmt.Errorf("this Jira shows no epic that is called %s: make one there%s", quoteName(summary), didYouMean(summary, names))
	}
	return "", fmt.Errorf("several epics are called %s: give %s other summaries in Jira, or choose the epic there",
		quoteName(summary), strings.Join(keys, ", "))
}

// epicName is the id of the field that holds the short name of every epic; "" where there is none.
func epicName(known []wireField) string {
	for _, f := range known {
		if strings.HasSuffix(f.Schema.Custom, epicNameCustom) && strings.HasPrefix(f.ID, "customfield_") {
			return f.ID
		}
	}
	return ""
}
