package config

import (
	"slices"
	"strings"
)

// checker holds the tree against the table: unknown keys, wrong types, what is missing.
type checker struct {
	rep *reporter
	top []key
}

// section checks a mapping's keys. At is where a missing key is reported: the place of the parent.
func (c checker) section(v *value, keys []key, at spot, what string) {
	all := accepted(keys)
	var taken []string // keys that somebody meant and misspelled: they are not missing too
	for _, e := range v.entries {
		i := slices.IndexFunc(all, func(k key) bool { return k.name == e.name })
		switch {
		case i < 0:
			taken = append(taken, c.unknown(e, all))
		case all[i].refused != "":
			c.rep.add(e.at, "%s %s", e.name, all[i].refused)
			e.value.broken = true
		default:
			c.value(e, all[i])
		}
	}
	for _, k := range keys {
		if !k.required {
			continue
		}
		e := v.entry(k.name)
		if e == nil && k.secret {
			e = v.entry(k.name + fileSuffix)
		}
		switch {
		case e == nil && slices.Contains(taken, k.name):
		case e == nil:
			c.rep.add(at, "%s%s is missing: add %s", what, k.name, remedy(k))
		case e.value.blank || empty(e.value):
			c.rep.add(e.at, "%s is empty: write %s", e.name, remedy(k))
		}
	}
}

// empty reports that a key stands there with nothing behind it.
func empty(v *value) bool {
	switch v.kind {
	case nothing:
		return !v.broken
	case scalar:
		return !v.broken && strings.TrimSpace(v.text) == ""
	case list:
		return len(v.items) == 0
	case mapping:
		return len(v.entries) == 0
	}
	return false
}

// remedy is how a required key is written.
func remedy(k key) string {
	add := k.name + ": "
	switch k.name {
	case "id":
		return add + "with a short name"
	case "google":
		return add + "{credentials_file: FILE} with a service account's key"
	case "partnerships", "partners", "sources":
		return add + "with at least one item"
	case "token":
		return add + `"${NAME}", or token_file: with the path of a file that holds it`
	case "columns":
		return add + "{title: HEADER, status: HEADER, …} with the headers in the tab"
	case "scorecard":
		return add + "{sheet: {spreadsheet: ID, tab: NAME}}"
	case "sheet":
		return add + "{spreadsheet: ID, tab: NAME}"
	case "partner":
		return add + "with the id of the partner whose tool this is"
	case "url":
		return add + "with the address of the site, such as https://aquafund.atlassian.net"
	case "tab":
		return add + "with the name of the tab"
	case "spreadsheet", "document":
		return add + "with what stands between /d/ and /edit in its address"
	case "project":
		return add + "with the key of the project, such as WASH"
	case "name":
		return add + "with the name as people write it"
	}
	return add + "with " + k.shape.want()
}

// unknown reports a key that may not stand here: the nearest that may, or the section that it belongs to. It returns the
// nearest, "" where none is near.
func (c checker) unknown(e entry, here []key) string {
	e.value.broken = true
	var known []string
	for _, k := range here {
		if k.refused == "" {
			known = append(known, k.name)
		}
	}
	if near, ok := nearest(e.name, known); ok {
		c.rep.add(e.at, "unknown key %s: did you mean %s?", quote(e.name), quote(near))
		return near
	}
	if homes := homesOf(c.top, e.name, "the top of the file"); len(homes) > 0 && len(homes) <= 4 {
		c.rep.add(e.at, "unknown key %s here: it belongs under %s", quote(e.name), strings.Join(homes, " or "))
		return ""
	}
	c.rep.add(e.at, "unknown key %s: use one of %s", quote(e.name), listed(known))
	return ""
}

// homesOf lists the sections in which a key of that name may stand.
func homesOf(keys []key, name, section string) []string {
	var out []string
	for _, k := range accepted(keys) {
		if k.name == name && k.refused == "" {
			out = append(out, section)
		}
		out = append(out, homesOf(k.sub, name, k.name+":")...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// value checks what stands under a key.
func (c checker) value(e entry, k key) {
	v := e.value
	if v.broken {
		return
	}
	if v.kind == nothing {
		if !k.required {
			c.wrong(v, e.at, k)
		}
		return
	}
	if v.kind != k.shape.kind() {
		c.wrong(v, v.at, k)
		return
	}
	if empty(v) && v.kind == scalar {
		if !k.required {
			c.rep.add(v.at, "%s is empty: write %s, or remove the key", k.name, k.shape.want())
		}
		v.broken, v.blank = true, true
		return
	}
	switch k.shape {
	case text:
		c.word(v, k)
	case whole, truth, duration, heartbeat, day, portion, figure:
		if bad := scalarProblem(k.shape, v.text); bad != "" {
			c.rep.add(v.at, "%s: %s is %s", k.name, quote(v.shown), bad)
			v.broken = true
		}
	case texts:
		c.list(v, k)
	case names, words, rules:
		c.open(v, k)
	case section:
		c.section(v, k.sub, e.at, k.name+".")
	case sections:
		for _, it := range v.items {
			if it.kind != mapping {
				if !it.broken {
					c.rep.add(it.at, "%s: an item is %s where keys and values should be: begin it with \"- %s: …\"", k.name, it.kind, k.sub[0].name)
				}
				it.broken = true
				continue
			}
			c.section(it, k.sub, it.at, "")
		}
	}
}

func (s shape) kind() kind {
	switch s {
	case texts, sections:
		return list
	case names, words, section, rules:
		return mapping
	case text, whole, truth, duration, heartbeat, day, portion, figure:
	}
	return scalar
}

func (c checker) wrong(v *value, at spot, k key) {
	v.broken = true
	if v.kind == nothing {
		c.rep.add(at, "%s has no value: write %s, or remove the key", k.name, k.shape.want())
		return
	}
	c.rep.add(at, "%s is %s: write %s", k.name, v.kind, k.shape.want())
}

// word checks a text against its closed set, if it has one.
func (c checker) word(v *value, k key) {
	if k.of == nil || v.broken || slices.Contains(k.of(), v.text) {
		return
	}
	c.rep.add(v.at, "%s: unknown word %s: %s", k.name, quote(v.shown), meant(v.text, k.of()))
	v.broken = true
}

func (c checker) list(v *value, k key) {
	for _, it := range v.items {
		switch {
		case it.broken:
		case it.kind != scalar:
			c.rep.add(it.at, "%s: an item is %s: write %s", k.name, it.kind, k.shape.want())
			it.broken = true
		case strings.TrimSpace(it.text) == "":
			c.rep.add(it.at, "%s: an item is empty: remove it", k.name)
			it.broken = true
		default:
			c.word(it, k)
		}
	}
}

// open checks a mapping whose keys are names of fields, statuses or sources.
func (c checker) open(v *value, k key) {
	for _, e := range v.entries {
		if k.by != nil && !slices.Contains(k.by(), e.name) {
			c.rep.add(e.at, "%s: unknown %s %s: %s", k.name, k.member(), quote(e.name), meant(e.name, k.by()))
			e.value.broken = true
			continue
		}
		if k.clears && e.value.kind == scalar && e.value.text == "" {
			continue
		}
		inner := key{name: k.name + "." + clip(e.name), shape: text, sub: k.sub}
		switch k.shape { //nolint:exhaustive // the others are not open
		case words:
			inner.shape = texts
		case rules:
			inner.shape = section
		}
		c.value(e, inner)
	}
}

// member is what the keys of an open mapping are called in messages.
func (k key) member() string {
	if k.name == "status" {
		return "status"
	}
	return "field"
}
