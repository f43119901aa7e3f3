package google

import (
	"maps"
	"strings"
	"time"
)

// How suggestions are shown.
const (
	inlineView   = "SUGGESTIONS_INLINE"
	acceptedView = "PREVIEW_SUGGESTIONS_ACCEPTED"
	withoutView  = "PREVIEW_WITHOUT_SUGGESTIONS"
)

// docView is how a document is asked for.
type docView struct {
	tabs, comments bool
	suggestions    string
}

// show is the Document message. A revision id is only for whom may edit.
func (d *document) show(v docView) map[string]any {
	if v.suggestions == acceptedView || v.suggestions == withoutView {
		d = d.decided(v.suggestions == acceptedView)
	}
	out := map[string]any{"documentId": d.id, "title": d.title, "suggestionsViewMode": v.suggestions}
	if !d.readOnly {
		out["revisionId"] = d.revision()
	}
	if v.tabs {
		out["tabs"] = d.showTabs("", 0, v.comments)
	} else {
		maps.Copy(out, d.tabs[0].show())
	}
	if v.comments {
		out["commentsViewMode"] = "COMMENTS_VIEW_MODE_INCLUDED"
		out["comments"], out["suggestions"] = d.showComments(), d.showSuggestions()
	}
	return out
}

func (d *document) showTabs(parent string, depth int, comments bool) []any {
	var out []any
	for _, t := range d.tabs {
		if t.parent != parent {
			continue
		}
		p := map[string]any{"tabId": t.id, "title": t.title, "index": float64(len(out))}
		if parent != "" {
			p["parentTabId"], p["nestingLevel"] = parent, float64(depth)
		}
		content := t.show()
		if anchors := d.anchors(t.id); comments && len(anchors) > 0 {
			content["commentAnchors"] = anchors
		}
		tab := map[string]any{"tabProperties": p, "documentTab": content}
		if children := d.showTabs(t.id, depth+1, comments); len(children) > 0 {
			tab["childTabs"] = children
		}
		out = append(out, tab)
	}
	return out
}

// show is the DocumentTab message.
func (t *docTab) show() map[string]any {
	out := maps.Clone(t.rest)
	out["body"] = map[string]any{"content": buildContent(t.body)}
	for id, s := range t.others {
		all, _ := out[s.kind].(map[string]any)
		if all == nil {
			all = map[string]any{}
			out[s.kind] = all
		}
		all[id] = map[string]any{strings.TrimSuffix(s.kind, "s") + "Id": id, "content": buildContent(s.units)}
	}
	if len(t.ranges) > 0 {
		out["namedRanges"] = t.showRanges()
	}
	if len(t.dropdowns) > 0 {
		all := map[string]any{}
		for id, d := range t.dropdowns {
			all[id] = d
		}
		out["dropdownDefinitions"] = all
	}
	return out
}

func (t *docTab) showRanges() map[string]any {
	out := map[string]any{}
	for _, r := range t.ranges {
		byName, _ := out[r.name].(map[string]any)
		if byName == nil {
			byName = map[string]any{"name": r.name, "namedRanges": []any{}}
			out[r.name] = byName
		}
		parts := []any{}
		for _, p := range r.parts {
			parts = append(parts, t.showStretch(p))
		}
		byName["namedRanges"] = append(asList(byName["namedRanges"]), map[string]any{"namedRangeId": r.id, "name": r.name, "ranges": parts})
	}
	return out
}

// showStretch is the Range message.
func (t *docTab) showStretch(p stretch) map[string]any {
	out := map[string]any{"startIndex": float64(p.from), "endIndex": float64(p.to), "tabId": t.id}
	if p.segment != "" {
		out["segmentId"] = p.segment
	}
	return out
}

func (d *document) anchors(tabID string) map[string]any {
	out := map[string]any{}
	for _, c := range d.comments {
		if c.tab == tabID && c.on.from < c.on.to {
			out["kix."+c.id] = map[string]any{"anchorId": "kix." + c.id, "ranges": []any{d.tab(tabID).showStretch(c.on)}}
		}
	}
	return out
}

func (d *document) showComments() []any {
	out := []any{}
	for _, c := range d.comments {
		status := "OPEN"
		if c.resolved {
			status = "RESOLVED"
		}
		thread := map[string]any{
			"commentId": c.id, "status": status, "plainTextQuote": c.quote, "headPost": c.posts[0].show(),
		}
		if c.on.from < c.on.to {
			thread["anchorId"] = "kix." + c.id
		}
		if len(c.posts) > 1 {
			var replies []any
			for _, p := range c.posts[1:] {
				replies = append(replies, p.show())
			}
			thread["replies"] = replies
		}
		out = append(out, thread)
	}
	return out
}

func (p docPost) show() map[string]any {
	out := map[string]any{
		"postId": p.id, "author": docAuthor(p.person), "createTime": docTime(p.at), "updateTime": docTime(p.at),
	}
	if p.deleted {
		out["deleted"] = true
		return out
	}
	out["content"] = p.text
	return out
}

// docAuthor is who wrote: a person, or the account of the APIs.
func docAuthor(person bool) map[string]any {
	if person {
		return map[string]any{"displayName": "A person", "user": "users/101"}
	}
	return map[string]any{"displayName": "lockstep", "user": "users/100", "me": true}
}

func docTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

func (d *document) showSuggestions() []any {
	out := []any{}
	for _, s := range d.suggestions {
		out = append(out, map[string]any{
			"suggestionId": s.id, "status": s.status, "summaryText": d.summary(s.id),
			"headPost": map[string]any{"postId": "p." + s.id, "author": docAuthor(s.person), "createTime": docTime(s.at), "updateTime": docTime(s.at)},
		})
	}
	return out
}
