package config

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// authKeys are the keys of auth.
func authKeys() []key {
	return []key{
		{
			name: "trusted_network", shape: truth, def: "false",
			doc: "`true`: whoever can reach the port may look at everything. Use it behind a proxy with a login, or in a container whose port is published on loopback.",
		},
		{name: "url", doc: "Where people reach the page: `https://lockstep.example.org`. `oidc` needs it; with https, cookies go over nothing else."},
		{name: "users_file", doc: "A file of users and hashed passwords, a line each, as `lockstep passwd` and `htpasswd -B` make them. It is read anew when it changes."},
		{name: "proxy", shape: section, doc: "A proxy that has people log in, and tells in a header who they are.", sub: []key{
			{name: "header", required: true, doc: "The header with the e-mail address or user name: `X-Forwarded-Email`. The proxy must take it out of what people send."},
			{name: "from", shape: texts, required: true, doc: "The proxy's addresses, alone or as networks: `[10.0.0.7, 10.1.0.0/16]`. From anywhere else the header is not believed."},
		}},
		{name: "oidc", shape: section, doc: "A login provider that speaks OpenID Connect. Let it send people back to `/auth/callback` under `url`.", sub: []key{
			{name: "issuer", required: true, doc: "The provider's address: `https://login.example.org`."},
			{name: "client_id", required: true, doc: "The id under which the provider knows Lockstep."},
			{name: "client_secret", required: true, secret: true, doc: "The secret that goes with it."},
		}},
		{name: "roles", shape: sections, doc: "Who may do what. Of several that fit somebody, the highest counts.", sub: []key{
			{name: "people", shape: texts, required: true, doc: "E-mail addresses or user names. `*@riverton.gov` is all of a domain, `*` everybody who logged in."},
			{name: "role", required: true, of: pageRoles, doc: "`viewer` looks, `editor` also settles conflicts, records decisions at gates and says how it goes, `operator` also runs it."},
			{name: "partnerships", shape: texts, def: "all", doc: "Ids of the partnerships in which they have it."},
		}},
	}
}

func pageRoles() []string {
	return []string{auth.Viewer.String(), auth.Editor.String(), auth.Operator.String()}
}

// auth reads who may see the page; nil where the file says nothing. The partnerships must have been read.
func (b *builder) auth(root *value, c *Config) {
	e := root.entry("auth")
	if e == nil || e.value.kind != mapping || e.value.broken {
		return
	}
	v := e.value
	a := &auth.Config{TrustedNetwork: truthOf(v.get("trusted_network")), URL: strings.TrimRight(v.get("url").str(), "/")}
	c.Auth = a
	if u := v.get("url"); u.str() != "" {
		if err := webAddr(u.str()); err != nil {
			b.rep.add(u.at, "url: %s %w", quote(u.shown), err)
		}
	}
	if f := v.entry("users_file"); f != nil && f.value.str() != "" {
		a.UsersFile = b.path(f.value.str())
		if data, ok := b.file(f, f.value.str()); ok {
			if _, err := auth.ParseUsers(data); err != nil {
				b.rep.add(f.value.at, "users_file: %w", err)
			}
		}
	}
	b.proxy(v.entry("proxy"), a)
	if o := v.entry("oidc"); o != nil && o.value.kind == mapping && !o.value.broken {
		b.oidc(o, v, a)
	}
	b.roles(v.get("roles"), a, c)
	if logins := a.UsersFile != "" || a.Proxy != nil || a.OIDC != nil; logins && v.get("roles") == nil {
		b.rep.add(e.at, "auth: people can log in, and nobody may do anything: add roles, such as [{people: [\"*\"], role: viewer}]")
	}
}

func (b *builder) proxy(e *entry, a *auth.Config) {
	if e == nil || e.value.kind != mapping || e.value.broken {
		return
	}
	p := &auth.Proxy{Header: e.value.get("header").str()}
	for _, it := range items(e.value.get("from")) {
		s := it.str()
		prefix, err := netip.ParsePrefix(s)
		if addr, bare := netip.ParseAddr(s); bare == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if s != "" && err != nil {
			b.rep.add(it.at, "from: %s is no address: write one such as 10.0.0.7, or a network such as 10.1.0.0/16", quote(it.shown))
			continue
		}
		if s != "" {
			p.From = append(p.From, prefix.Masked())
		}
	}
	a.Proxy = p
}

func (b *builder) oidc(e *entry, v *value, a *auth.Config) {
	a.OIDC = &auth.OIDC{Issuer: e.value.get("issuer").str(), ClientID: e.value.get("client_id").str(), ClientSecret: secret.New(b.secret(e.value, "client_secret"))}
	if i := e.value.get("issuer"); i.str() != "" {
		if err := webAddr(i.str()); err != nil {
			b.rep.add(i.at, "issuer: %s %w", quote(i.shown), err)
		}
	}
	if v.get("url") == nil {
		b.rep.add(e.at, "oidc: the provider has to send people back, and nothing says where: add url, the page's address")
	}
}

func (b *builder) roles(v *value, a *auth.Config, c *Config) {
	var ids []string
	for _, p := range c.Partnerships {
		ids = append(ids, p.ID)
	}
	for _, it := range mappings(v) {
		role, _ := auth.ParseRole(it.get("role").str()) // another word has been reported
		g := auth.Grant{People: textsOf(it.get("people")), Role: role}
		for _, p := range items(it.get("partnerships")) {
			if s := p.str(); s != "" {
				g.Partnerships = append(g.Partnerships, s)
				if !slices.Contains(ids, s) {
					b.rep.add(p.at, "unknown partnership %s: %s", quote(p.shown), meant(s, ids))
				}
			}
		}
		a.Grants = append(a.Grants, g)
	}
}
