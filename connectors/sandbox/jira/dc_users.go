package jira

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// People on Data Center: they are known by a user name, which an administrator may change, and by a key, which stays.

// fold is what users are looked up by: user names in any case, account ids as they are.
func (c *catalogue) fold(account string) string {
	if c.server {
		return strings.ToLower(account)
	}
	return account
}

// account finds a person by what clients call them; nil when there is none.
func (c *catalogue) account(name string) *user { return c.byAccount[c.fold(name)] }

// keyed finds a person by their key; nil when there is none.
func (c *catalogue) keyed(key string) *user {
	return byID(c.users, key, func(u *user) string { return u.key })
}

// nameFor is the user name of the person who is called so and has that e-mail address, and a free one when there is nobody.
func (c *catalogue) nameFor(display, email string) string {
	for _, u := range c.users {
		if strings.EqualFold(u.name, display) && strings.EqualFold(u.email, email) {
			return u.account
		}
	}
	return c.freeName(display, email)
}

// freeName makes a user name that nobody has, as administrators do: out of the e-mail address, else out of the name.
func (c *catalogue) freeName(display, email string) string {
	local, _, _ := strings.Cut(email, "@")
	words := strings.FieldsFunc(strings.ToLower(display), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	base := cmp.Or(strings.ToLower(local), strings.Join(words, "."), "user")
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name += strconv.Itoa(n)
		}
		if c.account(name) == nil {
			return name
		}
	}
}

// loadedName is the user name of a person in a file: their own, or one made up for an account of Cloud.
func (c *catalogue) loadedName(u *loadedUser, display string) string {
	if name := cmp.Or(u.Name, u.Key); name != "" {
		return name
	}
	if old := c.byName[strings.ToLower(display)]; old != nil && u.EmailAddress == "" {
		return old.account
	}
	return c.nameFor(display, u.EmailAddress)
}

// named is a user as Data Center writes them.
func (l lens) named(u *user) map[string]any {
	face := l.base + "/sandbox/face.svg?id=" + url.QueryEscape(u.account)
	out := map[string]any{
		"self": l.self("user?username=" + url.QueryEscape(u.account)), "name": u.account, "key": u.key,
		"displayName": u.name, "active": u.active, "timeZone": u.zone,
		"avatarUrls": map[string]string{"16x16": face, "24x24": face, "32x32": face, "48x48": face},
	}
	if u.email != "" && (!l.s.hideEmails || u == l.s.bot) {
		out["emailAddress"] = u.email
	}
	return out
}

// serverShape turns the people inside a field that the sandbox only passes on into Data Center's: no account ids.
func (s *Server) serverShape(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if _, person := v["displayName"].(string); person && (v["name"] != nil || v["accountId"] != nil) {
			raw, _ := json.Marshal(v)
			var u loadedUser
			if json.Unmarshal(raw, &u) == nil {
				if known := s.loadUser(&u); known != nil {
					return map[string]any{
						"name": known.account, "key": known.key, "displayName": known.name, "active": known.active, "timeZone": known.zone,
					}
				}
			}
		}
		for k, x := range v {
			v[k] = s.serverShape(x)
		}
	case []any:
		for n, x := range v {
			v[n] = s.serverShape(x)
		}
	}
	return v
}

// readNamed reads a person out of {"name": "fred"}. An assignee without a name is an error; any other field is cleared by
// one, and a reporter must not be.
func (s *Server) readNamed(m map[string]any, isObject bool, field string) (*user, string) {
	if !isObject {
		return nil, "data was not an object"
	}
	raw, told := m["name"]
	name, isText := raw.(string)
	switch {
	case !told && field == "assignee":
		return nil, "expected Object containing a 'name' property"
	case raw == nil && field == "reporter":
		return nil, "Reporter is required."
	case raw == nil:
		return nil, ""
	case !isText:
		return nil, "expected 'name' property to be a string"
	case name == "" || name == "-1" && field == "assignee": // "-1" asks for the project's default, which is nobody
		return nil, ""
	}
	u := s.catalogue.account(name)
	switch {
	case u == nil:
		return nil, fmt.Sprintf("User '%s' does not exist.", name)
	case !u.active:
		return nil, fmt.Sprintf("User '%s' cannot be assigned issues.", name)
	}
	return u, ""
}

func (c *call) myselfDC() answer {
	me := c.lens().named(c.s.bot)
	me["deleted"], me["locale"], me["expand"] = false, "en_US", "groups,applicationRoles"
	me["groups"] = map[string]any{"size": 1, "items": []any{}}
	me["applicationRoles"] = map[string]any{"size": 1, "items": []any{}}
	return ok(me)
}

func (c *call) getUserDC() answer {
	q := c.r.URL.Query()
	name, key := q.Get("username"), q.Get("key")
	if name == "" && key == "" {
		return fail(http.StatusNotFound, "Either the 'username' or the 'key' query parameters need to be provided")
	}
	u, problem := c.s.catalogue.account(name), "The user named '"+name+"' does not exist"
	if key != "" {
		u, problem = c.s.catalogue.keyed(key), "The user with the key '"+key+"' does not exist"
	}
	if u == nil {
		return fail(http.StatusNotFound, problem)
	}
	return ok(c.lens().named(u))
}

// searchUsersDC finds people by the beginning of their user name, of a word of their display name, or of their e-mail
// address. "." finds everybody.
func (c *call) searchUsersDC() answer {
	q := c.r.URL.Query()
	word := q.Get("username")
	if word == "" {
		return fail(http.StatusBadRequest, "The username query parameter was not provided")
	}
	active, inactive := q.Get("includeActive") != "false", q.Get("includeInactive") == "true"
	return c.people(word, func(u *user) bool { return u.active && active || !u.active && inactive })
}

// assignableUsersDC finds, in the same way, people to whom issues of a project can be given.
func (c *call) assignableUsersDC() answer {
	q := c.r.URL.Query()
	switch i := c.s.find(q.Get("issueKey")); {
	case q.Get("project") == "" && q.Get("issueKey") == "":
		return fail(http.StatusBadRequest, "Either the 'project' or the 'issueKey' query parameters need to be provided")
	case q.Get("issueKey") != "" && (i == nil || !c.sees(i)):
		return c.unseenDC(i)
	case q.Get("issueKey") == "" && !c.browses(c.s.catalogue.projectBy(q.Get("project"))):
		return c.noProject(q.Get("project"))
	}
	return c.people(cmp.Or(q.Get("username"), "."), func(u *user) bool { return u.active })
}

func (c *call) people(word string, fits func(*user) bool) answer {
	word = strings.ToLower(word)
	var all []*user
	if !c.stranger && !c.s.denied["USER_PICKER"] {
		for _, u := range c.s.catalogue.users {
			email := !c.s.hideEmails && strings.HasPrefix(strings.ToLower(u.email), word)
			hit := word == "." || email || strings.HasPrefix(strings.ToLower(u.account), word) || beginsWord(strings.ToLower(u.name), word)
			if hit && fits(u) {
				all = append(all, u)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *user) int { return cmp.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	start, count := c.page(50, 1000)
	out := []any{}
	for _, u := range cut(all, start, count) {
		out = append(out, c.lens().named(u))
	}
	return ok(out)
}
