package google

import (
	"slices"
	"unicode/utf16"
)

// Named ranges, comments and tabs: what lies on a document's text, or holds it.

func (e *docEdit) createNamedRange(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	name := asString(in["name"])
	if n := len(utf16.Encode([]rune(name))); n < 1 || n > 256 {
		return nil, invalid("The name of a named range must have between 1 and 256 characters.")
	}
	id := e.d.newID("kix.")
	t.ranges = append(t.ranges, namedRange{id: id, name: name, parts: []stretch{r}})
	return map[string]any{"namedRangeId": id}, nil
}

// named finds the named ranges that a request means.
func (e *docEdit) named(in map[string]any, nameKey string) (func(namedRange) bool, []*docTab, error) {
	id, name := asString(in["namedRangeId"]), asString(in[nameKey])
	if (id == "") == (name == "") {
		return nil, nil, invalid("Exactly one of namedRangeId and %s must be set.", nameKey)
	}
	tabs, err := e.criteria(in["tabsCriteria"])
	if err != nil {
		return nil, nil, err
	}
	is := func(r namedRange) bool { return r.id == id || id == "" && r.name == name }
	if id != "" && !slices.ContainsFunc(tabs, func(t *docTab) bool { return slices.ContainsFunc(t.ranges, is) }) {
		return nil, nil, invalid("The named range with ID %s was not found.", id)
	}
	return is, tabs, nil
}

func (e *docEdit) deleteNamedRange(in map[string]any) (map[string]any, error) {
	is, tabs, err := e.named(in, "name")
	if err != nil {
		return nil, err
	}
	for _, t := range tabs {
		t.ranges = slices.DeleteFunc(t.ranges, is)
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) replaceNamedRangeContent(in map[string]any) (map[string]any, error) {
	is, tabs, err := e.named(in, "namedRangeName")
	if err != nil {
		return nil, err
	}
	for _, t := range tabs {
		for i := range t.ranges {
			if !is(t.ranges[i]) || len(t.ranges[i].parts) == 0 {
				continue
			}
			// The first part takes the text, and the others go.
			for k, part := range slices.Backward(slices.Clone(t.ranges[i].parts)) {
				if err := deletable(t.units(part.segment), part); err != nil {
					return nil, err
				}
				keep := t.ranges[i]
				text := ""
				if k == 0 {
					text = asString(in["text"])
				}
				e.replace(t, part, text)
				n := len(utf16.Encode([]rune(stripped(text))))
				if k == 0 && n > 0 && !e.suggest {
					keep.parts = []stretch{{part.segment, part.from, part.from + n}}
					if !slices.ContainsFunc(t.ranges, func(r namedRange) bool { return r.id == keep.id }) {
						t.ranges = slices.Insert(t.ranges, min(i, len(t.ranges)), keep)
					} else {
						t.ranges[i] = keep
					}
				}
			}
			break
		}
	}
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) insertComment(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	content := asString(in["content"])
	switch {
	case content == "":
		return nil, invalid("The content of a comment must not be empty.")
	case len(content) > 2048:
		return nil, invalid("The content of a comment must not exceed 2048 UTF-8 code units.")
	}
	c := &docComment{
		id: e.d.newID("AAAA"), tab: t.id, on: r, quote: plainText(t.units(r.segment)[r.from:r.to]),
		posts: []docPost{{
			id: e.d.newID("post."), text: content, assignee: asString(in["assigneeEmailAddress"]), person: e.person, at: e.s.o.Now(),
		}},
	}
	e.d.comments = append(e.d.comments, c)
	all := e.d.showComments()
	return map[string]any{"commentThread": all[len(all)-1]}, nil
}

func (e *docEdit) addDocumentTab(in map[string]any) (map[string]any, error) {
	p := asMap(in["tabProperties"])
	parent := asString(p["parentTabId"])
	if parent != "" && e.d.tab(parent) == nil {
		return nil, invalid("The tab with ID %s was not found.", parent)
	}
	title := asString(p["title"])
	if title == "" {
		title = "Untitled tab"
	}
	if slices.ContainsFunc(e.d.tabs, func(t *docTab) bool { return t.title == title && t.parent == parent }) {
		return nil, invalid("A tab with the title %s exists already.", title)
	}
	t := newDocument(title, nil, e.s.o.Now()).tabs[0]
	t.id, t.title, t.parent = e.d.newID("t."), title, parent
	e.d.tabs = append(e.d.tabs, t)
	index := 0
	for _, o := range e.d.tabs {
		if o.parent == parent && o != t {
			index++
		}
	}
	out := map[string]any{"tabId": t.id, "title": title, "index": float64(index)}
	if parent != "" {
		out["parentTabId"] = parent
	}
	return map[string]any{"tabProperties": out}, nil
}

func (e *docEdit) updateDocumentTabProperties(in map[string]any) (map[string]any, error) {
	p := asMap(in["tabProperties"])
	t := e.d.tab(asString(p["tabId"]))
	if t == nil || asString(p["tabId"]) == "" {
		return nil, invalid("The tab with ID %s was not found.", asString(p["tabId"]))
	}
	if asString(in["fields"]) != "title" {
		return nil, notSpoken("Changing of a tab's " + asString(in["fields"]))
	}
	t.title = asString(p["title"])
	return nil, nil //nolint:nilnil // the reply is empty
}

func (e *docEdit) deleteTab(in map[string]any) (map[string]any, error) {
	id := asString(in["tabId"])
	if id == "" || e.d.tab(id) == nil {
		return nil, invalid("The tab with ID %s was not found.", id)
	}
	gone := map[string]bool{id: true}
	for range e.d.tabs { // children of children too
		for _, t := range e.d.tabs {
			gone[t.id] = gone[t.id] || gone[t.parent]
		}
	}
	if len(gone) == len(e.d.tabs) {
		all := true
		for _, t := range e.d.tabs {
			all = all && gone[t.id]
		}
		if all {
			return nil, invalid("The last tab of a document cannot be deleted.")
		}
	}
	e.d.tabs = slices.DeleteFunc(e.d.tabs, func(t *docTab) bool { return gone[t.id] })
	return nil, nil //nolint:nilnil // the reply is empty
}
