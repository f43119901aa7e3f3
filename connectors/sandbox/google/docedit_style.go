package google

import (
	"maps"
	"slices"
	"strings"
)

// masked puts what a mask names of a style into another: what is named and not given is reset.
func masked(into, from map[string]any, fields string, known []string) (map[string]any, error) {
	out := maps.Clone(into)
	if out == nil {
		out = map[string]any{}
	}
	if strings.TrimSpace(fields) == "" {
		return nil, invalid("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
	}
	names := strings.Split(fields, ",")
	if strings.TrimSpace(fields) == "*" {
		names = known
	}
	for _, n := range names {
		n, _, _ = strings.Cut(strings.TrimSpace(n), ".") // a part of a border or a link is set with the whole
		n = camel(n)
		if !slices.Contains(known, n) {
			return nil, invalid("Invalid field: %s", n)
		}
		if v, ok := from[n]; ok && !equalJSON(v, map[string]any{}) {
			out[n] = v
		} else {
			delete(out, n)
		}
	}
	return out, nil
}

// fieldsOf are the fields of a message, sorted.
func fieldsOf(message string) []string {
	return slices.Sorted(maps.Keys(docsSchema().messages[message]))
}

func (e *docEdit) updateTextStyle(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting a style")
	}
	fields, known := asString(in["fields"]), fieldsOf("TextStyle")
	style := asMap(in["textStyle"])
	if link := asMap(style["link"]); link != nil {
		// A link brings the look of links, unless the request says otherwise.
		style = maps.Clone(style)
		for k, v := range map[string]any{"underline": true, "foregroundColor": linkColor()} {
			if !strings.Contains(fields, k) && fields != "*" {
				style[k] = v
				fields += "," + k
			}
		}
	}
	units := t.units(r.segment)
	fresh := map[*look]*look{}
	for i := r.from; i < r.to; i++ {
		u := &units[i]
		if u.look == nil {
			continue
		}
		n, done := fresh[u.look]
		if !done {
			s, err := masked(u.look.style, style, fields, known)
			if err != nil {
				return nil, err
			}
			n = u.look.with(func(l *look) { l.style = s })
			fresh[u.look] = n
		}
		u.look = n
	}
	settle(units, r.from, r.to)
	return nil, nil //nolint:nilnil // the reply is empty
}

func linkColor() map[string]any {
	return map[string]any{"color": map[string]any{"rgbColor": map[string]any{"red": 0.06666667, "green": 0.33333334, "blue": 0.8}}}
}

// paragraphs calls f for the newline of each paragraph that the range overlaps.
func paragraphs(units []unit, r stretch, f func(u *unit) error) error {
	for i := r.from; i < len(units); i++ {
		if units[i].kind == newlineUnit {
			if err := f(&units[i]); err != nil {
				return err
			}
			if i >= r.to-1 {
				return nil
			}
		}
	}
	return nil
}

func (e *docEdit) updateParagraphStyle(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting a style")
	}
	style := asMap(in["paragraphStyle"])
	return nil, paragraphs(t.units(r.segment), r, func(u *unit) error {
		s, err := masked(asMap(u.what["paragraphStyle"]), style, asString(in["fields"]), fieldsOf("ParagraphStyle"))
		if err != nil {
			return err
		}
		named := asString(s["namedStyleType"])
		if delete(s, "headingId"); strings.HasPrefix(named, "HEADING_") || named == "TITLE" {
			if s["headingId"] = asMap(u.what["paragraphStyle"])["headingId"]; s["headingId"] == nil {
				s["headingId"] = e.d.newID("h.")
			}
		}
		if named == "" {
			s["namedStyleType"] = "NORMAL_TEXT"
		}
		if !has(s, "direction") {
			s["direction"] = "LEFT_TO_RIGHT"
		}
		u.what = maps.Clone(u.what)
		u.what["paragraphStyle"] = s
		return nil
	})
}

func (e *docEdit) createParagraphBullets(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting bullets")
	}
	preset := asString(in["bulletPreset"])
	if preset == "" || strings.HasSuffix(preset, "UNSPECIFIED") {
		return nil, invalid("The bullet preset must be specified.")
	}
	// Tabs at a paragraph's start say how deep it is, and go.
	depth := map[int]int{}
	units := t.units(r.segment)
	first := r.from
	for first > 0 && units[first-1].inline() {
		first--
	}
	for i := r.to - 1; i >= first; i-- {
		if units[i].kind != textUnit || units[i].char != '\t' || i > first && units[i-1].inline() && units[i-1].char != '\t' {
			continue
		}
		e.d.splice(t, r.segment, i, i+1, nil)
		units = t.units(r.segment)
		r.to--
		end := i
		for end < len(units) && units[end].kind != newlineUnit {
			end++
		}
		for at, n := range depth { // what was noted behind this place moved
			if at > end {
				delete(depth, at)
				depth[at-1] = n
			}
		}
		depth[end]++
	}
	id := e.d.newID("kix.list.")
	lists := maps.Clone(asMap(t.rest["lists"]))
	if lists == nil {
		lists = map[string]any{}
	}
	lists[id] = bulletList(preset)
	t.rest["lists"] = lists
	r.from, r.to = first, max(r.to, first+1)
	at := 0
	return nil, paragraphs(units, r, func(u *unit) error {
		for &units[at] != u {
			at++
		}
		b := map[string]any{"listId": id, "textStyle": map[string]any{}}
		if depth[at] > 0 {
			b["nestingLevel"] = float64(depth[at])
		}
		u.what = maps.Clone(u.what)
		u.what["bullet"] = b
		return nil
	})
}

// bulletList is the List message of a preset.
func bulletList(preset string) map[string]any {
	levels := make([]any, 9)
	for i := range levels {
		l := map[string]any{"bulletAlignment": "START", "glyphFormat": "%" + string(rune('0'+i)), "startNumber": 1.0, "textStyle": map[string]any{"underline": false}}
		switch {
		case strings.HasPrefix(preset, "NUMBERED"):
			l["glyphType"] = []string{"DECIMAL", "ALPHA", "ROMAN"}[i%3]
			l["glyphFormat"] = asString(l["glyphFormat"]) + "."
		case strings.HasSuffix(preset, "CHECKBOX"):
			l["glyphType"] = "GLYPH_TYPE_UNSPECIFIED"
		default:
			l["glyphSymbol"] = []string{"●", "○", "■"}[i%3]
		}
		levels[i] = l
	}
	return map[string]any{"listProperties": map[string]any{"nestingLevels": levels}}
}

func (e *docEdit) deleteParagraphBullets(in map[string]any) (map[string]any, error) {
	t, r, err := e.span(in["range"])
	if err != nil {
		return nil, err
	}
	if e.suggest {
		return nil, notSpoken("Suggesting bullets")
	}
	return nil, paragraphs(t.units(r.segment), r, func(u *unit) error {
		u.what = without(u.what, "bullet")
		return nil
	})
}
