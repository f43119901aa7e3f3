package jira

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// richCustom is how the schema of a custom field says that it holds a text with layout.
const richCustom = ":textarea"

// isRich reports that a field holds a text with layout.
func isRich(f wireField) bool {
	return f.ID == "description" || f.ID == "environment" || strings.HasSuffix(f.Schema.Custom, richCustom)
}

// readRich is the text of a field with layout, a line for each block; false where the field holds something else.
func (d dialect) readRich(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s, true
	}
	var doc docNode
	if !d.documents || json.Unmarshal(raw, &doc) != nil || doc.Type != "doc" {
		return "", false
	}
	return strings.Join(doc.lines(nil), "\n"), true
}

// writeRich is a text as a field with layout takes it; old is what the field holds by now.
func (d dialect) writeRich(old json.RawMessage, text string) (any, error) {
	if !d.documents {
		return text, nil
	}
	if was, ok := d.readRich(old); ok && was == text && !isNull(old) {
		return old, nil
	}
	doc := docNode{Type: "doc", Version: 1, Content: []docNode{}}
	for line := range strings.SplitSeq(text, "\n") {
		p := docNode{Type: "paragraph"}
		if line != "" { // a text node must not be empty
			p.Content = []docNode{{Type: "text", Text: line}}
		}
		doc.Content = append(doc.Content, p)
	}
	return doc, nil
}

// docNode is a node of an Atlassian document.
type docNode struct {
	Type    string         `json:"type"`
	Version int            `json:"version,omitempty"`
	Text    string         `json:"text,omitempty"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Content []docNode      `json:"content,omitempty"`
}

// lines adds the lines of a node to out.
func (n docNode) lines(out []string) []string {
	for i := range n.Content {
		if _, inline := n.Content[i].inline(); inline {
			var b strings.Builder
			for _, c := range n.Content {
				s, _ := c.inline()
				b.WriteString(s)
			}
			return append(out, b.String())
		}
	}
	if len(n.Content) == 0 && n.Type == "paragraph" {
		return append(out, "")
	}
	for _, c := range n.Content {
		out = c.lines(out)
	}
	return out
}

// inline is what a node adds to its line; false where it is a block.
func (n docNode) inline() (string, bool) {
	attr := func(key string) string {
		s, _ := n.Attrs[key].(string)
		return s
	}
	switch n.Type {
	case "text":
		return n.Text, true
	case "hardBreak":
		return "\n", true
	case "mention", "status":
		return attr("text"), true
	case "emoji":
		if s := attr("text"); s != "" {
			return s, true
		}
		return attr("shortName"), true
	case "inlineCard":
		return attr("url"), true
	case "date":
		ms, err := strconv.ParseInt(fmt.Sprint(n.Attrs["timestamp"]), 10, 64)
		if err != nil {
			return "", true
		}
		return time.UnixMilli(ms).UTC().Format(time.DateOnly), true
	}
	return "", false
}
