package richtext_test

import (
	"encoding/json"
	"fmt"
	"strings"
)

// failer is what a check reports to: a test, or a draw of a property.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

const (
	inlines = " text hardBreak mention emoji date status inlineCard placeholder mediaInline inlineExtension novelty "
	blocks  = " paragraph heading codeBlock bulletList orderedList taskList decisionList panel blockquote expand nestedExpand table rule" +
		" mediaSingle mediaGroup blockCard embedCard extension bodiedExtension layoutSection novelty "
)

// grammar says what may stand in which node: the parts of Atlassian's published JSON schema for the kinds of nodes that
// occur in these tests, less its finer distinctions of which block may stand in which container.
var grammar = map[string]struct {
	content string
	some    bool // at least one
	attrs   string
}{
	"doc": {content: blocks}, "paragraph": {content: inlines}, "heading": {content: inlines, attrs: "level"},
	"codeBlock": {content: " text "}, "bulletList": {content: " listItem ", some: true}, "orderedList": {content: " listItem ", some: true},
	"listItem": {content: blocks, some: true}, "taskList": {content: " taskItem taskList ", some: true, attrs: "localId"},
	"taskItem": {content: inlines, attrs: "localId state"}, "panel": {content: blocks, some: true, attrs: "panelType"},
	"blockquote": {content: blocks, some: true}, "expand": {content: blocks, some: true}, "table": {content: " tableRow ", some: true},
	"tableRow":  {content: " tableCell tableHeader ", some: true},
	"tableCell": {content: blocks, some: true}, "tableHeader": {content: blocks, some: true},
	"bodiedExtension": {content: blocks, some: true, attrs: "extensionKey extensionType"},
	"mediaSingle":     {content: " media ", some: true}, "mention": {attrs: "id"}, "emoji": {attrs: "shortName"}, "date": {attrs: "timestamp"},
	"status": {attrs: "text color"}, "media": {attrs: "type"}, "text": {}, "rule": {}, "hardBreak": {}, "novelty": {content: blocks},
	"blockCard": {attrs: "url"}, "mediaInline": {attrs: "id"}, "extension": {attrs: "extensionKey"}, "inlineExtension": {attrs: "extensionKey"},
}

func valid(t failer, raw json.RawMessage) {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, raw)
	}
	if v == nil {
		return
	}
	n, ok := v.(obj)
	if !ok || n["type"] != "doc" || n["version"] != 1.0 {
		t.Fatalf("not a document of version 1: %s", raw)
	}
	if why := invalid(n); why != "" {
		t.Fatalf("%s\n%s", why, raw)
	}
}

func invalid(n obj) string {
	typ, _ := n["type"].(string)
	rule, known := grammar[typ]
	if !known {
		return "unknown type " + typ
	}
	attrs, _ := n["attrs"].(obj)
	for a := range strings.FieldsSeq(rule.attrs) {
		if _, ok := attrs[a]; !ok {
			return typ + " without " + a
		}
	}
	if typ == "orderedList" {
		if o, ok := attrs["order"].(float64); attrs["order"] != nil && (!ok || o < 0) {
			return fmt.Sprint("an order that is no number: ", attrs["order"])
		}
	}
	if typ == "text" {
		s, _ := n["text"].(string)
		if s == "" {
			return "a text node without text"
		}
		return ""
	}
	content, _ := n["content"].([]any)
	if rule.some && len(content) == 0 {
		return "an empty " + typ
	}
	if n["content"] != nil && rule.content == "" {
		return typ + " has content"
	}
	for i, c := range content {
		kid, _ := c.(obj)
		kind, _ := kid["type"].(string)
		if !strings.Contains(rule.content, " "+kind+" ") {
			return kind + " in " + typ
		}
		if i == 0 && typ == "listItem" && (kind == "bulletList" || kind == "orderedList" || kind == "taskList") {
			return "an item begins with a " + kind
		}
		if typ == "codeBlock" && kid["marks"] != nil {
			return "marks in code"
		}
		if why := invalid(kid); why != "" {
			return why
		}
	}
	return ""
}
