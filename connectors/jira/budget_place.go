package jira

import (
	"slices"
	"strings"
)

// place says which endpoint a request goes to, with its method and with placeholders for what names one thing, and which
// issue it writes to, "" where none.
func place(method, path string) (route, issue string) {
	if i := strings.Index(path, "/rest/"); i >= 0 {
		path = path[i:]
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		before := ""
		if i > 0 {
			before = parts[i-1]
		}
		words, named := listWords()[before]
		switch {
		case i == 2 && parts[0] == "rest":
			parts[i] = "{version}" // Jira counts an endpoint's versions together
		case named && !slices.Contains(words, part):
			if before == "issue" && method != "GET" && method != "HEAD" {
				issue = strings.ToUpper(part)
			}
			parts[i] = "{" + before + "}"
		case strings.Trim(part, "0123456789") == "":
			parts[i] = "{number}"
		}
	}
	return method + " " + strings.Join(parts, "/"), issue
}

// listWords are the parts of a path behind which one thing is named, with the words that stand there and name none.
func listWords() map[string][]string {
	return map[string][]string{
		"issue": {
			"archive", "archival", "bulk", "bulkfetch", "createmeta", "limit", "picker", "properties", "unarchive", "watching",
		},
		"project":    {"recent", "search", "type"},
		"createmeta": {},
		"issuetypes": {},
		"properties": {"multi", "analytics"},
		"comment":    {"list"},
		"remotelink": {},
		"worklog":    {"deleted", "list", "move", "updated"},
		"queue":      {},
	}
}
