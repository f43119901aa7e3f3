package config

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// redacted stands wherever a secret would.
const redacted = "[redacted]"

// maxSecret bounds the file that a _file key names: a secret is a line.
const maxSecret = 64 << 10

// Secrets returns every secret of the configuration, sorted, for what redacts logs and errors. Nil where there is none.
func (c *Config) Secrets() []string {
	var out []string
	if c.Auth != nil && c.Auth.OIDC != nil {
		out = append(out, c.Auth.OIDC.ClientSecret.Reveal())
	}
	for _, p := range c.Partnerships {
		for i := range p.Notify {
			out = append(out, p.Notify[i].Secrets()...)
		}
		for _, s := range p.Sources {
			if s.Jira != nil {
				out = append(out, s.Jira.Token, s.Jira.WebhookSecret)
			}
		}
	}
	out = slices.DeleteFunc(out, func(s string) bool { return s == "" })
	slices.Sort(out)
	return slices.Compact(out)
}

// shown is a source without methods and without secrets.
type shown Source

func (s Source) hideSecrets() shown {
	if s.Jira != nil {
		j := *s.Jira
		for _, secret := range []*string{&j.Token, &j.WebhookSecret} {
			if *secret != "" {
				*secret = redacted
			}
		}
		s.Jira = &j
	}
	return shown(s)
}

// Format prints the source without its secrets, under every verb. Config and Partnership print through it.
func (s Source) Format(f fmt.State, verb rune) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), s.hideSecrets())
}

// MarshalJSON writes the source without its secrets.
func (s Source) MarshalJSON() ([]byte, error) { return json.Marshal(s.hideSecrets()) }

// MarshalYAML hands over the source without its secrets.
func (s Source) MarshalYAML() (any, error) { return s.hideSecrets(), nil }

// secretTexts gathers the texts that no message may show: the values of secret keys, wherever they stand, expanded and
// as written, each line of theirs by itself.
func secretTexts(v *value, keys []key) []string {
	known := secretNames(keys)
	var out []string
	var walk func(v *value, hidden bool)
	walk = func(v *value, hidden bool) {
		if hidden && v.kind == scalar {
			for _, s := range []string{v.text, v.shown} {
				if strings.HasPrefix(s, "${") {
					continue // the name of a variable is no secret, and helps
				}
				out = append(out, strings.FieldsFunc(s, func(r rune) bool { return r == '\n' })...)
			}
		}
		for _, e := range v.entries {
			base, twin := strings.CutSuffix(e.name, fileSuffix)
			mistaken := twin && slices.Contains(known, base) && likeToken(e.value.text)
			walk(e.value, hidden || mistaken || slices.Contains(known, e.name) || looksSecret(e.name))
		}
		for _, it := range v.items {
			walk(it, hidden)
		}
	}
	walk(v, false)
	slices.Sort(out)
	return slices.Compact(out)
}

// likeToken reports whether a text that should be a path looks like the secret itself: long, without a folder, with
// digits and capitals.
func likeToken(s string) bool {
	return len(s) >= 20 && !strings.Contains(s, "/") && strings.ContainsAny(s, "0123456789") && s != strings.ToLower(s)
}

func secretNames(keys []key) []string {
	var out []string
	for _, k := range keys {
		if k.secret {
			out = append(out, k.name)
		}
		out = append(out, secretNames(k.sub)...)
	}
	return out
}

// secret returns the secret under a key of v, or in the file that its twin names. It reports what is wrong and returns
// "" where there is none. Nobody is told off for a file that others may read: container platforms mount secrets so.
func (b *builder) secret(v *value, name string) string {
	direct, twin := v.entry(name), v.entry(name+fileSuffix)
	switch {
	case direct != nil && twin != nil:
		b.rep.add(twin.at, "both %s and %s stand here: keep one of the two", name, twin.name)
		return ""
	case twin == nil:
		return strings.TrimSpace(v.get(name).str())
	}
	path := twin.value.str()
	if path == "" {
		return ""
	}
	if likeToken(path) {
		b.rep.add(twin.value.at, "%s holds what looks like the secret itself: write it into a file and name that, or use %s: \"${NAME}\"", twin.name, name)
		return ""
	}
	data, ok := b.file(twin, path)
	if !ok {
		return ""
	}
	// Editors and `echo` end a file with a line end, which is never part of a secret.
	s := strings.TrimSpace(string(data))
	switch {
	case s == "":
		b.rep.add(twin.value.at, "%s: the file %s is empty: write the secret into it", twin.name, quote(twin.value.shown))
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }):
		b.rep.add(twin.value.at, "%s: the file %s holds more than one line, or is not text: write nothing but the secret into it", twin.name, quote(twin.value.shown))
	default:
		return s
	}
	return ""
}

// file reads the small file that a key names.
func (b *builder) file(e *entry, path string) ([]byte, bool) {
	data, err := b.read(b.path(path), maxSecret+1)
	switch {
	case err != nil:
		b.rep.add(e.value.at, "%s: cannot read the file %s (%s): check the path and who may read it", e.name, quote(e.value.shown), reason(err))
		return nil, false
	case len(data) > maxSecret:
		b.rep.add(e.value.at, "%s: the file %s has more than %d bytes: check the path", e.name, quote(e.value.shown), maxSecret)
		return nil, false
	}
	return data, true
}

// path is relative to the configuration's folder, so that the daemon may be started from anywhere.
func (b *builder) path(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(b.name), p)
}

// checkCredentials reports a Google credentials file that cannot be one. Nothing of what is in it is kept.
func (b *builder) checkCredentials(e *entry, path string) {
	data, ok := b.file(e, path)
	if !ok {
		return
	}
	var key struct {
		Type  string `json:"type"`
		Email string `json:"client_email"`
		Key   string `json:"private_key"`
	}
	err := json.Unmarshal(data, &key)
	if err != nil || key.Type != "service_account" || key.Email == "" || key.Key == "" {
		b.rep.add(e.value.at, "%s: the file %s is not a service account's key: create a JSON key for a service account in Google Cloud, and name that file", e.name, quote(e.value.shown))
	}
}
