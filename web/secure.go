package web

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// secured sets the headers that keep a page from being used against its reader, and turns away who asks for another host.
func (s *Server) secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "+
			"base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if !s.hostAllowed(r) {
			s.problem(w, r, http.StatusMisdirectedRequest, "Lockstep does not answer to this host name.")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostAllowed reports whether the request is for a host of ours. Probes ask by address, and learn nothing. Webhooks come to the
// name that a proxy has in public, are signed, and learn nothing either.
func (s *Server) hostAllowed(r *http.Request) bool {
	if len(s.o.AllowedHosts) == 0 || r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || strings.HasPrefix(r.URL.Path, webhookPath) {
		return true
	}
	host := bareHost(r.Host)
	return slices.ContainsFunc(s.o.AllowedHosts, func(a string) bool { return strings.EqualFold(bareHost(a), host) })
}

// bareHost is a host without its port and brackets.
func bareHost(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		hostport = host
	}
	return strings.Trim(hostport, "[]")
}

// foreign answers a write that another site's page has sent.
func (s *Server) foreign(w http.ResponseWriter, r *http.Request) {
	s.problem(w, r, http.StatusForbidden, "Another site asked for this, and Lockstep does not do what other sites ask.")
}

// safeURL lets through what leads to a page, and nothing that could run or that shows another host than it leads to.
func safeURL(raw string) string {
	if plainURL(raw) {
		return raw
	}
	if strings.ContainsFunc(raw, func(r rune) bool { return unicode.IsControl(r) || treacherous(r) }) {
		return ""
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// plainURL knows at a glance the addresses that most items have; a page of thousands has no time to take each apart.
func plainURL(raw string) bool {
	rest, ok := strings.CutPrefix(raw, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(raw, "http://")
	}
	host, path, _ := strings.Cut(rest, "/")
	if !ok || host == "" {
		return false
	}
	for _, c := range []byte(host) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	for _, c := range []byte(path) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_./?=&#", rune(c)) {
			return false
		}
	}
	return true
}

// treacherous reports characters that turn the direction of the text around them, and so can make it read as another.
func treacherous(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// disarm takes out of a whole page what nobody can see: it drops characters that turn the text around, and puts the
// replacement character in place of control characters. Done once, at the end, so that no template can forget it.
func disarm(page []byte) []byte {
	if !suspicious(page) {
		return page
	}
	out := make([]byte, 0, len(page))
	for len(page) > 0 {
		r, n := utf8.DecodeRune(page)
		switch {
		case treacherous(r):
		case unicode.IsControl(r) && r != '\n' && r != '\t', r == utf8.RuneError:
			out = utf8.AppendRune(out, utf8.RuneError)
		default:
			out = append(out, page[:n]...)
		}
		page = page[n:]
	}
	return out
}

// suspicious reports whether disarm may have anything to do. Most pages are looked through once and left alone.
func suspicious(page []byte) bool {
	for i, c := range page {
		switch {
		case c >= ' ' && c < 0x7F, c == '\n', c == '\t':
		case c < ' ', c == 0x7F:
			return true
		case c == 0xC2: // U+0080 to U+00BF
			if i+1 >= len(page) || page[i+1] < 0xA0 {
				return true
			}
		case c == 0xE2: // U+2000 to U+2FFF
			if r, _ := utf8.DecodeRune(page[i:]); treacherous(r) || r == utf8.RuneError {
				return true
			}
		}
	}
	return !utf8.Valid(page)
}
