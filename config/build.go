package config

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/merge"
	"github.com/lockstep-sync/lockstep/sync/plan"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// builder turns the checked tree into a Config and reports what the table cannot see: values that make no sense, and
// names that find nothing. It goes on after a mistake, so that all of them come at once.
type builder struct {
	loader
	rep *reporter
	// What must be unique in the whole file, with the place where it first stood.
	sourceIDs map[string]spot
	reads     []reading
	documents []usedDocument
	// partnersUnsure says that not every partner of the partnership at hand could be read.
	partnersUnsure bool
}

// reading is what a source reads, to find two that read the same.
type reading struct {
	what, source string
	at           spot
}

// usedDocument is a document and what is in it, to find one that holds a report and something else.
type usedDocument struct {
	document, what string
	report         bool
	at             spot
}

func (b *builder) config(root *value) *Config {
	c := &Config{
		Listen: or(root.get("listen").str(), defaultListen),
		Store:  or(root.get("store").str(), defaultStore),
	}
	if v := root.get("store"); v.str() != "" {
		if _, err := sqlitePath(v.text); err != nil {
			b.rep.add(v.at, "store: %w", err)
		}
	}
	b.google(root.entry("google"), c)
	ids, keys := map[string]spot{}, map[string]spot{}
	for _, v := range mappings(root.get("partnerships")) {
		p := b.partnership(v)
		b.unique(ids, v.get("id"), "partnership id", p.ID)
		at := v.get("key")
		if at == nil {
			at = v.get("id")
		}
		b.unique(keys, at, "key", p.Key)
		c.Partnerships = append(c.Partnerships, p)
	}
	b.auth(root, c)
	b.reach(root, c)
	return c
}

// reach settles where the page listens and who may reach it.
func (b *builder) reach(root *value, c *Config) {
	v := root.get("listen")
	if v.str() == "" {
		return
	}
	loopback, err := listenAddr(v.text)
	switch {
	case err != nil:
		b.rep.add(v.at, "listen: %s is %w", quote(v.shown), err)
	case !loopback && (root.get("auth") == nil || c.Auth != nil && !c.Auth.Asks() && !root.get("auth").get("trusted_network").isBroken()):
		b.rep.add(v.at, "listen: %s can be reached from other machines and asks for no login: listen on 127.0.0.1, or add auth with users_file, proxy or oidc, "+
			"or auth: {trusted_network: true} if everybody who reaches the port may look", quote(v.shown))
	}
}

func (v *value) isBroken() bool { return v != nil && v.broken }

func (b *builder) google(e *entry, c *Config) {
	if e == nil || e.value.kind != mapping {
		return
	}
	creds, endpoint := e.value.entry("credentials_file"), e.value.entry("endpoint")
	c.Google.Reads, c.Google.Writes = b.perMinute(e.value.get("reads_per_minute"), "reads_per_minute"), b.perMinute(e.value.get("writes_per_minute"), "writes_per_minute")
	if v := e.value.get("webhook_url"); v.str() != "" {
		c.Google.WebhookURL = strings.TrimRight(v.str(), "/")
		if err := webAddr(v.str()); err != nil {
			b.rep.add(v.at, "webhook_url: %s %w", quote(v.shown), err)
		} else if creds != nil && !strings.HasPrefix(v.str(), "https://") {
			b.rep.add(v.at, "webhook_url: %s is not encrypted, and Google sends nothing there: write https://", quote(v.shown))
		}
	}
	switch {
	case creds != nil && endpoint != nil:
		b.rep.add(endpoint.at, "both credentials_file and endpoint stand here: keep credentials_file for Google, endpoint for a local server")
	case creds != nil:
		if path := creds.value.str(); path != "" {
			c.Google.CredentialsFile = b.path(path)
			b.checkCredentials(creds, path)
		}
	case endpoint != nil:
		if s := endpoint.value.str(); s != "" {
			c.Google.Endpoint = strings.TrimSuffix(s, "/")
			if err := webAddr(s); err != nil {
				b.rep.add(endpoint.value.at, "endpoint: %s %w", quote(endpoint.value.shown), err)
			}
		}
	}
}

// perMinute is how many requests a minute may be sent.
func (b *builder) perMinute(v *value, name string) int {
	if v.str() == "" {
		return defaultPerMinute
	}
	n, err := parseWhole(v.text)
	if err == nil && (n < 1 || n > maxPerMinute) {
		b.rep.add(v.at, "%s: %s is out of bounds: write a number between 1 and %d", name, quote(v.shown), maxPerMinute)
	}
	return n
}

func anyBroken(v *value) bool {
	return slices.ContainsFunc(v.entries, func(e entry) bool { return e.value.broken })
}

func (b *builder) partnership(v *value) Partnership {
	p := Partnership{
		ID:       b.id(v.get("id")),
		Timezone: or(v.get("timezone").str(), defaultTimezone),
		Interval: defaultInterval,
	}
	p.Name = or(v.get("name").str(), p.ID)
	p.Key = b.key(v, p.ID)
	loc, err := parseZone(p.Timezone)
	if err != nil {
		b.rep.add(v.get("timezone").at, "timezone: %s is %w", quote(v.get("timezone").shown), err)
	}
	p.Location = loc
	if d, err := parseInterval(v.get("interval").str()); err == nil {
		p.Interval = d
	}
	p.Active = min(defaultActive, p.Interval)
	if a := v.get("active_interval"); a.str() != "" {
		if d, err := parseInterval(a.str()); err == nil {
			p.Active = d
		}
		if p.Active > p.Interval {
			b.rep.add(a.at, "active_interval: %s is longer than the interval, %s: it is the shorter pause, after people's edits", quote(a.shown), p.Interval)
		}
	}
	if t, err := parseDay(v.get("agreement_date").str()); err == nil {
		p.AgreementDate = task.DateValue(t)
	}
	p.Partners = b.partners(v.get("partners"))
	b.partnersUnsure = unsure(v.get("partners"))
	b.agreed(v, &p)
	b.notify(v.get("notify"), &p)
	p.People = b.people(v.get("people"), p.Partners)
	b.sources(v.get("sources"), &p)
	b.accounts(v.get("people"), v.get("sources"), &p)
	b.share(v.get("share"), v.get("sources"), &p)
	b.scorecard(v.get("scorecard"), &p)
	p.Merge = b.merge(v.get("merge"))
	combineNotes(&p, v.get("merge"))
	p.Guards = b.guards(v.get("guards"))
	return p
}

func (b *builder) key(v *value, id string) string {
	k := v.get("key")
	if k == nil {
		made := keyFrom(id)
		if id != "" && !validKey(made) {
			b.rep.add(v.get("id").at, "no key can be made of the id %s: add key: with 2 to 10 capital letters", quote(id))
		}
		return made
	}
	s := k.str()
	if s != "" && !validKey(s) {
		remedy := "write 2 to 10 letters A to Z, as in CW"
		if up := keyFrom(strings.ToUpper(s)); validKey(up) {
			remedy += " or " + up
		}
		b.rep.add(k.at, "key: %s cannot begin task ids: %s", quote(k.shown), remedy)
	}
	return s
}

// id returns the id that stands at v, "" where there is none, and reports one that cannot be used.
func (b *builder) id(v *value) string {
	s := v.str()
	if s == "" || validID(s) {
		return s
	}
	remedy := "use a-z, 0-9, - and _, at most 63"
	if better := idFrom(s); validID(better) {
		remedy += ", such as " + better
	}
	b.rep.add(v.at, "id: %s cannot be an id: %s", quote(v.shown), remedy)
	return s
}

// unique reports a name that stands in seen already.
func (b *builder) unique(seen map[string]spot, v *value, what, name string) {
	if name == "" || v == nil {
		return
	}
	if first, ok := seen[name]; ok {
		b.rep.add(v.at, "the %s %s is taken (line %d): choose another", what, quote(name), first.line)
		return
	}
	seen[name] = v.at
}

func (b *builder) partners(v *value) []Partner {
	var out []Partner
	ids, called := map[string]spot{}, map[string]string{}
	for _, it := range mappings(v) {
		p := Partner{
			ID:      b.id(it.get("id")),
			Sector:  it.get("sector").str(),
			Aliases: textsOf(it.get("aliases")),
		}
		p.Name = or(it.get("name").str(), p.ID)
		b.unique(ids, it.get("id"), "partner id", p.ID)
		b.word(called, it.get("id"), "id", p.ID)
		b.word(called, it.get("name"), p.ID, it.get("name").str())
		for _, a := range items(it.get("aliases")) {
			b.word(called, a, p.ID, a.str())
		}
		out = append(out, p)
	}
	return out
}

// word reports a word that means somebody else already: a cell that holds it could not be read. Who is the one that it
// is to mean; the same word twice for one is harmless.
func (b *builder) word(called map[string]string, v *value, who, word string) {
	if v == nil || word == "" {
		return
	}
	if who == "id" {
		who = word
	}
	folded := fold(word)
	if other, ok := called[folded]; ok && other != who {
		b.rep.add(v.at, "%s means %s already: use a word that means only one", quote(v.shown), quote(other))
		return
	}
	called[folded] = who
}

func (b *builder) people(v *value, partners []Partner) []Person {
	var out []Person
	called, named := map[string]string{}, map[string]spot{}
	for _, it := range mappings(v) {
		p := Person{
			Name:    task.PersonValue(it.get("name").str()).String(),
			Partner: b.partnerID(it.get("partner"), partners),
			Email:   it.get("email").str(),
			Aliases: textsOf(it.get("aliases")),
		}
		if p.Email != "" && !validEmail(p.Email) {
			b.rep.add(it.get("email").at, "email: %s is not an e-mail address: write one such as amina@example.org", quote(it.get("email").shown))
		}
		if first, ok := named[fold(p.Name)]; ok && p.Name != "" {
			b.rep.add(it.get("name").at, "the person %s stands here a second time (line %d): put both together, or tell them apart by name", quote(p.Name), first.line)
		} else if p.Name != "" {
			named[fold(p.Name)] = it.get("name").at
			b.word(called, it.get("name"), p.Name, p.Name)
		}
		b.word(called, it.get("email"), p.Name, p.Email)
		for _, a := range items(it.get("aliases")) {
			b.word(called, a, p.Name, a.str())
		}
		out = append(out, p)
	}
	return out
}

// partnerID returns the id at v, and reports one that no partner has.
func (b *builder) partnerID(v *value, partners []Partner) string {
	s := v.str()
	if s == "" || b.partnersUnsure || slices.ContainsFunc(partners, func(p Partner) bool { return p.ID == s }) {
		return s
	}
	var ids []string
	for _, p := range partners {
		if p.ID != "" {
			ids = append(ids, p.ID)
		}
	}
	remedy := meant(s, ids)
	for _, p := range partners {
		if strings.EqualFold(p.Name, s) {
			remedy = "write its id, " + p.ID
		}
	}
	b.rep.add(v.at, "unknown partner %s: %s", quote(v.shown), remedy)
	return s
}

func (b *builder) merge(v *value) merge.Rules {
	rules := merge.DefaultRules()
	rules.Default = b.rule(v.get("default"), "default", rules.Default)
	if v == nil {
		return rules
	}
	for _, e := range v.entries {
		if f, ok := task.ParseField(e.name); ok {
			if rules.Fields == nil {
				rules.Fields = map[task.Field]merge.Rule{}
			}
			rules.Fields[f] = b.rule(e.value, e.name, rules.Default)
		}
	}
	return rules
}

// rule reads one rule; what it does not say is as in base.
func (b *builder) rule(v *value, field string, base merge.Rule) merge.Rule {
	out := merge.Rule{Authority: slices.Clone(base.Authority), Hold: base.Hold, Combine: base.Combine}
	if a := v.get("authority"); a != nil && a.kind == list {
		out.Authority = nil
		if len(a.items) == 0 {
			b.rep.add(a.at, "authority is empty: write [owner, scorecard], or remove it")
		}
		for _, it := range a.items {
			if r := merge.Role(it.str()); slices.Contains(out.Authority, r) && r != "" {
				b.rep.add(it.at, "authority: %s stands in the list twice: keep the first", quote(it.shown))
			} else {
				out.Authority = append(out.Authority, r)
			}
		}
	}
	switch v.get("on_conflict").str() {
	case "hold":
		out.Hold, out.Combine = true, false
	case "authority":
		out.Hold, out.Combine = false, false
	case "combine":
		out.Hold, out.Combine = false, true
		if field != task.Notes.String() {
			b.rep.add(v.get("on_conflict").at, "on_conflict: combine is for notes, where both texts can stand: write authority or hold")
		}
	}
	return out
}

// combineNotes makes the notes of a partnership whose notes are logs of comments keep what both sides add, unless the file
// says otherwise: a comment that comes while somebody writes on the scorecard is no contradiction.
func combineNotes(p *Partnership, v *value) {
	if v.get("notes").get("on_conflict") != nil || v.get("default").get("on_conflict") != nil {
		return
	}
	if !slices.ContainsFunc(p.Sources, func(s Source) bool { return s.Jira != nil && s.Jira.Comments != "" }) {
		return
	}
	rule := p.Merge.For(task.Notes)
	rule.Combine = true
	if p.Merge.Fields == nil {
		p.Merge.Fields = map[task.Field]merge.Rule{}
	}
	p.Merge.Fields[task.Notes] = rule
}

func (b *builder) guards(v *value) plan.Guards {
	g := plan.DefaultGuards()
	if x, err := parsePortion(v.get("max_changes").str()); err == nil {
		g.MaxChanges = x
	}
	if x, err := parsePortion(v.get("max_removals").str()); err == nil {
		g.MaxRemovals = x
	}
	if m := v.get("minimum"); m.str() != "" {
		n, err := parseWhole(m.text)
		if err == nil && n < 0 {
			b.rep.add(m.at, "minimum: %s is below zero: write 0 or more", quote(m.shown))
		}
		g.Minimum = n
	}
	return g
}

// or returns s, or other where s is empty.
func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// mappings returns the items of a list that are mappings.
func mappings(v *value) []*value {
	return slices.DeleteFunc(slices.Clone(items(v)), func(it *value) bool { return it.kind != mapping })
}

func items(v *value) []*value {
	if v == nil || v.broken {
		return nil
	}
	return v.items
}

func textsOf(v *value) []string {
	var out []string
	for _, it := range items(v) {
		if s := it.str(); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// fold makes texts comparable that a person would take for the same.
func fold(s string) string {
	return strings.ToLower(regexp.MustCompile(`\s+`).ReplaceAllString(task.TextValue(s).String(), " "))
}
