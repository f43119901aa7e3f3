package jira

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors/jira/richtext"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// richCustom is how the schema of a custom field says that it holds a text with layout.
const richCustom = ":textarea"

// isRich reports that a field holds a text with layout.
func isRich(f wireField) bool {
	return f.ID == "description" || f.ID == "environment" || strings.HasSuffix(f.Schema.Custom, richCustom)
}

// document is what a field with layout holds: a document, or wiki markup; false where it holds something else.
func (d dialect) document(raw json.RawMessage) (richtext.Doc, bool) {
	var s string
	switch {
	case isNull(raw):
		if d.documents {
			return richtext.Doc{}, true
		}
		return richtext.ParseWiki(""), true
	case json.Unmarshal(raw, &s) == nil:
		if d.documents {
			return richtext.NewADF(s), true // a text without any layout
		}
		return richtext.ParseWiki(s), true
	case !d.documents:
		return richtext.Doc{}, false
	}
	doc, err := richtext.ParseADF(raw)
	return doc, err == nil
}

// readRich is the text of a field with layout, a line for each block; false where the field holds something else.
func (d dialect) readRich(raw json.RawMessage) (string, bool) {
	doc, ok := d.document(raw)
	return doc.Text(), ok
}

// writeRich is a text as a field with layout takes it; old is what the field holds by now, of which everything stays that
// the text does not change. Images and macros stay in any case, so what Jira then shows may be more than the text: a text
// that would change nothing at all is an error, as is one that is too long with its layout.
func (d dialect) writeRich(old json.RawMessage, text string) (any, error) {
	was, ok := d.document(old)
	if !ok {
		return nil, fmt.Errorf("change a text with layout that cannot be read")
	}
	now := was.Edited(text)
	switch {
	case now.Len() > richtext.Limit:
		return nil, fmt.Errorf("with its layout the text has %d characters, and Jira takes %d: shorten it", now.Len(), richtext.Limit)
	case now.Equal(was) && now.Text() != text && !isNull(old):
		return nil, fmt.Errorf("images and macros of the text are never taken out of Jira: take them out there, or put %s back",
			quoteName(firstMissing(now.Text(), text)))
	case now.IsEmpty():
		return nil, nil //nolint:nilnil // null is how Jira's fields are emptied
	case d.documents:
		return now.ADF(), nil
	}
	return now.Wiki(), nil
}

// kept is what a field with layout that held nothing shows of a text once it was written there; the text itself where it
// cannot be.
func (d dialect) kept(text string) string {
	wire, err := d.writeRich(nil, text)
	if err != nil || wire == nil {
		return text
	}
	raw, err := json.Marshal(wire)
	if err != nil {
		return text
	}
	shown, ok := d.readRich(raw)
	if !ok {
		return text
	}
	return shown
}

// firstMissing is the first line of have that want does not have.
func firstMissing(have, want string) string {
	lines := map[string]bool{}
	for l := range strings.SplitSeq(want, "\n") {
		lines[l] = true
	}
	for l := range strings.SplitSeq(have, "\n") {
		if !lines[l] && l != "" {
			return l
		}
	}
	return have
}

// fitted is a text as far as Jira has room for it, where it shows have now. In wiki markup a text takes more room than its
// characters, since those that would be markup are escaped; how much more is known only of a field that held nothing before,
// or that holds what fitted.
func (d dialect) fitted(text, have string) string {
	text = cut(text, textMax)
	if d.documents || len(text)*2 <= textMax || richtext.NewWiki(text).Len() <= richtext.Limit {
		return text
	}
	n := sort.Search(len(text), func(n int) bool { return richtext.NewWiki(cut(text, n+1)).Len() > richtext.Limit })
	if short := cut(text, n); have == "" || have == task.TextValue(short).String() {
		return short
	}
	return text
}
