package jira

import (
	"encoding/json"
	"time"
)

// The wire types are our own where go-jira's lose something: fields by configured id, times in other forms, transitions
// with their screens.

type wireIssue struct {
	ID     string                     `json:"id"`
	Key    string                     `json:"key"`
	Fields map[string]json.RawMessage `json:"fields"`
}

type wireUser struct {
	AccountID   string `json:"accountId"`
	AccountType string `json:"accountType"`
	Name        string `json:"name"` // Server
	Key         string `json:"key"`  // Server
	DisplayName string `json:"displayName"`
	Email       string `json:"emailAddress"`
	Active      *bool  `json:"active"`
	TimeZone    string `json:"timeZone"` // only of ourselves
}

type wireCategory struct {
	Key string `json:"key"`
}

type wireStatus struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Category wireCategory `json:"statusCategory"`
}

// wireNamed is a priority, a resolution, a component, a project, an issue type, or an option of a select list.
type wireNamed struct {
	ID    string `json:"id,omitempty"`
	Key   string `json:"key,omitempty"`
	Name  string `json:"name,omitempty"`
	Value string `json:"value,omitempty"`
}

func (n wireNamed) text() string {
	if n.Name != "" {
		return n.Name
	}
	return n.Value
}

type wireField struct {
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Custom bool       `json:"custom"`
	Schema wireSchema `json:"schema"`
}

type wireSchema struct {
	Type   string `json:"type"`
	Items  string `json:"items"`
	System string `json:"system"`
	Custom string `json:"custom"`
}

type searchRequest struct {
	JQL       string   `json:"jql"`
	Fields    []string `json:"fields"`
	Max       int      `json:"maxResults,omitempty"`
	Token     string   `json:"nextPageToken,omitempty"`
	Reconcile []int64  `json:"reconcileIssues,omitempty"`
	Validate  *bool    `json:"-"` // Data Center's: false lets the query name what is gone
}

type searchPage struct {
	Issues []wireIssue `json:"issues"`
	Token  string      `json:"nextPageToken"`
	Last   *bool       `json:"isLast"`
}

type bulkRequest struct {
	IDs    []string `json:"issueIdsOrKeys"`
	Fields []string `json:"fields"`
}

type wireTransition struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Available *bool      `json:"isAvailable"`
	To        wireStatus `json:"to"`
	// Fields are those of the transition's screen, by id.
	Fields map[string]wireScreenField `json:"fields"`
}

// wireCreateField is a field of a create screen.
type wireCreateField struct {
	FieldID string `json:"fieldId"`
	Key     string `json:"key"`
	wireScreenField
}

// isNull reports that a field holds nothing.
func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// get reads one field of an issue into v; false where it is absent, null, or of another shape.
func (is *wireIssue) get(field string, v any) bool {
	raw := is.Fields[field]
	return !isNull(raw) && json.Unmarshal(raw, v) == nil
}

// updated is when the issue changed last; zero where the issue does not say.
func (is *wireIssue) updated() time.Time {
	var s string
	if !is.get("updated", &s) {
		return time.Time{}
	}
	return parseTime(s)
}

func (is *wireIssue) version() int64 {
	if t := is.updated(); !t.IsZero() {
		return t.UnixMilli()
	}
	return 0
}

// untouched reports that the issue was not changed since it was made.
func (is *wireIssue) untouched() bool {
	var made string
	at := is.updated()
	return is.get("created", &made) && !at.IsZero() && parseTime(made).Equal(at)
}

func (is *wireIssue) status() wireStatus {
	var st wireStatus
	is.get("status", &st)
	return st
}

func (is *wireIssue) named(field string) wireNamed {
	var n wireNamed
	is.get(field, &n)
	return n
}

// parseTime reads the forms in which Jira writes a moment; zero for any other.
func parseTime(s string) time.Time {
	if t, ok := readMoment(s); ok {
		return t.UTC()
	}
	return time.Time{}
}
