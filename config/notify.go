package config

import (
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/internal/notify"
	"github.com/lockstep-sync/lockstep/internal/notify/channel"
	"github.com/lockstep-sync/lockstep/internal/secret"
)

// notifyKeys are the keys of a channel.
func notifyKeys() []key {
	return []key{
		{name: "id", required: true, doc: "Short name: a-z, 0-9, `-` and `_`. Do not change it later: what was told through a channel is remembered by it."},
		{name: "partner", doc: "Id of a partner: the channel is told only what concerns it."},
		{name: "tell", shape: texts, of: notifyKinds, def: "all of them", doc: "What is told: `digest` once a week, `slipped` when a due date is moved later or has passed, `conflicts` that stay open, `stale` tools that cannot be read."},
		{name: "digest_at", def: "`" + notify.DefaultWeekly().String() + "`", doc: "When the digest is sent, in the partnership's time zone: a day and a time."},
		{name: "quiet", shape: texts, doc: "When nothing is sent, in the partnership's time zone: `[18:00-08:00, saturday, sunday]`. What comes up is sent afterwards, if it is still so."},
		{name: "pause", shape: duration, def: "1h", doc: "How long after a message nothing more is sent, the digest aside. What comes up meanwhile comes in one message."},
		{name: "conflict_days", shape: whole, def: "2", doc: "How many days a conflict has to be open before it is told, from 0 to 90."},
		{name: "slack", shape: section, doc: "A channel of Slack's.", sub: []key{
			{name: "webhook", required: true, secret: true, doc: "The address of an incoming webhook."},
		}},
		{name: "teams", shape: section, doc: "A channel of Microsoft Teams'.", sub: []key{
			{name: "webhook", required: true, secret: true, doc: "The address of a workflow that begins when a webhook request is received."},
		}},
		{name: "matrix", shape: section, doc: "A room of Matrix'. It must not be encrypted.", sub: []key{
			{name: "homeserver", required: true, doc: "The homeserver's address: `https://matrix.example.org`."},
			{name: "room", required: true, doc: "The room's id: `!abc:example.org`."},
			{name: "token", required: true, secret: true, doc: "The access token of an account that has joined the room."},
		}},
		{name: "mail", shape: section, doc: "E-mail.", sub: []key{
			{name: "host", required: true, doc: "The mail server."},
			{name: "port", shape: whole, def: "587, or what `encryption` uses", doc: "Its port."},
			{name: "encryption", of: encryptions, def: "`starttls`", doc: "`starttls`, `tls` from the first byte, or `none` for a server on this machine."},
			{name: "user", doc: "Name to log in with, where the server asks for one."},
			{name: "password", secret: true, doc: "The password that goes with it."},
			{name: "from", required: true, doc: "The sender's address."},
			{name: "to", shape: texts, required: true, doc: "The addresses that get the messages."},
		}},
	}
}

func notifyKinds() []string {
	var out []string
	for _, k := range notify.Kinds() {
		out = append(out, string(k))
	}
	return out
}

func encryptions() []string {
	return []string{string(channel.STARTTLS), string(channel.TLS), string(channel.Plain)}
}

// notify reads the channels. The partners must have been read.
func (b *builder) notify(v *value, p *Partnership) {
	ids := map[string]spot{}
	for _, it := range mappings(v) {
		c := notify.Channel{
			ID: b.id(it.get("id")), Partner: b.partnerID(it.get("partner"), p.Partners), Weekly: notify.DefaultWeekly(),
			Pause: notify.DefaultPause,
		}
		if d, err := parseInterval(it.get("pause").str()); err == nil {
			c.Pause = d
		}
		days := notify.DefaultConflictDays
		b.between(it.get("conflict_days"), "conflict_days", 0, 90, &days)
		c.Conflicts = time.Duration(days) * 24 * time.Hour
		b.unique(ids, it.get("id"), "channel id", c.ID)
		for _, k := range textsOf(it.get("tell")) {
			c.Tell = append(c.Tell, notify.Kind(k))
		}
		if it.get("tell") == nil {
			c.Tell = notify.Kinds()
		}
		if w := it.get("digest_at"); w.str() != "" {
			var err error
			if c.Weekly, err = notify.ParseWeekly(w.str()); err != nil {
				b.rep.add(w.at, "digest_at: %s is %w", quote(w.shown), err)
			}
		}
		for _, q := range items(it.get("quiet")) {
			h, err := notify.ParseHours(q.str())
			if err != nil && q.str() != "" {
				b.rep.add(q.at, "quiet: %s is %w", quote(q.shown), err)
			}
			c.Quiet = append(c.Quiet, h)
		}
		b.place(it, &c)
		p.Notify = append(p.Notify, c)
	}
}

// place reads where a channel's messages go.
func (b *builder) place(it *value, c *notify.Channel) {
	places := it.among("slack", "teams", "matrix", "mail")
	switch {
	case len(places) > 1:
		b.rep.add(places[1].at, "both %s and %s stand in one channel: make two channels of it, or remove one", places[0].name, places[1].name)
		return
	case len(places) == 0:
		if !anyBroken(it) && !it.broken {
			b.rep.add(it.at, "the channel leads nowhere: add slack:, teams:, matrix: or mail:")
		}
		return
	case places[0].value.kind != mapping || places[0].value.broken:
		return
	}
	switch e := places[0]; e.name {
	case "slack":
		c.Slack = &channel.Slack{Webhook: b.webhookAddress(e)}
	case "teams":
		c.Teams = &channel.Teams{Webhook: b.webhookAddress(e)}
	case "matrix":
		c.Matrix = b.matrix(e.value)
	default:
		c.Mail = b.mail(e)
	}
}

// webhookAddress reads the secret address of a webhook; what is wrong with it is told without showing it.
func (b *builder) webhookAddress(e *entry) secret.Text {
	address := b.secret(e.value, "webhook")
	if address == "" {
		return secret.Text{}
	}
	if err := channel.CheckAddress(address); err != nil {
		b.rep.add(e.value.at, "%s: its webhook is %w", e.name, err)
	}
	return secret.New(address)
}

func (b *builder) matrix(v *value) *channel.Matrix {
	m := &channel.Matrix{Homeserver: strings.TrimRight(v.get("homeserver").str(), "/"), Room: v.get("room").str(), Token: secret.New(b.secret(v, "token"))}
	if h := v.get("homeserver"); h.str() != "" {
		if err := channel.CheckAddress(h.str()); err != nil {
			b.rep.add(h.at, "homeserver: %s is %w", quote(h.shown), err)
		}
	}
	if r := v.get("room"); r.str() != "" && (!strings.HasPrefix(r.str(), "!") || strings.ContainsAny(r.str(), "/? ")) {
		b.rep.add(r.at, "room: %s is no room's id: take the one that begins with !, from the room's advanced settings", quote(r.shown))
	}
	return m
}

func (b *builder) mail(e *entry) *channel.Mail {
	v := e.value
	m := &channel.Mail{
		Host: v.get("host").str(), Encryption: channel.Encryption(or(v.get("encryption").str(), string(channel.STARTTLS))),
		User: v.get("user").str(), From: v.get("from").str(), To: textsOf(v.get("to")),
	}
	m.Password = secret.New(b.secret(v, "password"))
	m.Port = m.Encryption.DefaultPort()
	b.between(v.get("port"), "port", 1, 65535, &m.Port)
	if h := v.get("host"); strings.ContainsAny(h.str(), ":/ ") {
		b.rep.add(h.at, "host: %s is more than a name: write the server's name alone, and its port under port", quote(h.shown))
	}
	if u := v.entry("user"); u != nil && u.value.str() != "" && m.Password.Reveal() == "" && !v.broken && v.entry("password") == nil && v.entry("password"+fileSuffix) == nil {
		b.rep.add(u.at, "user: the server would be given a name without a password: add password, or remove user")
	}
	b.address(v.get("from"), "from")
	for _, it := range items(v.get("to")) {
		b.address(it, "to")
	}
	return m
}

func (b *builder) address(v *value, name string) {
	if s := v.str(); s != "" && !validEmail(s) {
		b.rep.add(v.at, "%s: %s is not an e-mail address: write one such as team@example.org", name, quote(v.shown))
	}
}
