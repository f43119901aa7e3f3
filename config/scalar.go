package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// The bounds of an interval: below, the tools' quotas run out; above, the scorecard is not current.
const (
	minInterval = time.Second
	maxInterval = 24 * time.Hour
)

// scalarProblem says what is wrong with a typed value, and the remedy; "" where it is fine. It completes "x is …".
func scalarProblem(s shape, text string) string {
	var err error
	switch s { //nolint:exhaustive // the others are not typed
	case whole:
		_, err = parseWhole(text)
	case truth:
		_, err = parseFlag(text)
	case duration:
		_, err = parseInterval(text)
	case heartbeat:
		_, err = parseHeartbeat(text)
	case day:
		_, err = parseDay(text)
	case portion:
		_, err = parsePortion(text)
	case figure:
		_, err = parseFigure(text)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func parseWhole(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return 0, fmt.Errorf("not a whole number: write %s", whole.want())
	}
	return int(n), nil
}

func parseFlag(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, fmt.Errorf("neither yes nor no: write %s", truth.want())
}

func parseInterval(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && regexp.MustCompile(`^\d{1,6}$`).MatchString(s):
		return 0, fmt.Errorf("a number without a unit: write %ss for seconds, or %sm for minutes", s, s)
	case err != nil:
		return 0, fmt.Errorf("not a duration: write a number with a unit, such as 60s, 5m or 1h30m")
	case d < minInterval || d > maxInterval:
		return 0, fmt.Errorf("out of bounds: write a duration between 1s and 24h")
	}
	return d, nil
}

func parseDay(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("not a day: write year, month and day with dashes, such as 2026-09-01")
	}
	if t.Year() < 1900 || t.Year() > 2199 {
		return time.Time{}, fmt.Errorf("out of bounds: write a day between 1900 and 2199")
	}
	return t, nil
}

// parsePortion reads 30% or 0.3. A bare number of one or more is refused: 30 may mean 30 % to the one who wrote it, and
// 1 may mean 1 % or all.
func parsePortion(s string) (float64, error) {
	num, percent := strings.CutSuffix(s, "%")
	num = strings.TrimSpace(num)
	if !regexp.MustCompile(`^\d{1,3}(\.\d{1,6})?$|^\.\d{1,6}$`).MatchString(num) {
		return 0, fmt.Errorf("not a share: write a percentage, such as 30%%")
	}
	x, err := strconv.ParseFloat(num, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("not a share: write a percentage, such as 30%%")
	case percent && x <= 100:
		return x / 100, nil
	case percent:
		return 0, fmt.Errorf("more than all: write at most 100%%")
	case x >= 1:
		return 0, fmt.Errorf("ambiguous: write %s%% with the percent sign, or a number below 1, such as 0.3", num)
	}
	return x, nil
}

func parseZone(s string) (*time.Location, error) {
	if s == "Local" {
		return nil, fmt.Errorf("the machine's own zone, which changes with the machine: write a name of the IANA list, such as Africa/Nairobi")
	}
	loc, err := time.LoadLocation(s)
	if err != nil {
		return nil, fmt.Errorf("not a time zone that this machine knows: write a name of the IANA list, such as Africa/Nairobi")
	}
	return loc, nil
}

// listenAddr checks host:port and reports whether only this machine can reach it.
func listenAddr(s string) (loopback bool, err error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false, fmt.Errorf("not an address with a port: write %s", defaultListen)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || port != strconv.FormatUint(n, 10) {
		return false, fmt.Errorf("not an address with a port: write a port between 0 and 65535, as in %s", defaultListen)
	}
	if host == "localhost" {
		return true, nil
	}
	if host == "" {
		return false, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false, fmt.Errorf("not an address of this machine: write an IP address and a port, as in %s", defaultListen)
	}
	return ip.Unmap().IsLoopback(), nil
}

// webAddr checks the address of a server. What it says completes "url: "…" ".
func webAddr(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || strings.ContainsAny(s, " \t\n"):
		return fmt.Errorf("is not a web address: write one that begins with https:// and names a host")
	case u.User != nil:
		return fmt.Errorf("holds a login: remove what stands before the @, and use email and token")
	case u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return fmt.Errorf("goes on after the path: remove the part from the ? or # on")
	case u.Scheme == "http" && !nearby(u.Hostname()):
		return fmt.Errorf("is not encrypted on its way: write https://")
	}
	return nil
}

// nearby reports whether a host is this machine, a private address, or a bare name as containers have: plain http may be
// used there.
func nearby(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
	}
	return !strings.Contains(strings.TrimSuffix(host, "."), ".") || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".internal")
}

// sqlitePath returns the path in sqlite:PATH.
func sqlitePath(s string) (string, error) {
	path, ok := strings.CutPrefix(s, "sqlite:")
	switch {
	case strings.HasPrefix(s, "postgres:"), strings.HasPrefix(s, "postgresql:"):
		return "", fmt.Errorf("PostgreSQL is not supported by this version: write %s", defaultStore)
	case !ok:
		return "", fmt.Errorf("it must begin with sqlite: as in %s", defaultStore)
	case strings.TrimSpace(path) == "":
		return "", fmt.Errorf("the path is missing: write %s", defaultStore)
	case strings.Contains(path, ":memory:"):
		return "", fmt.Errorf("a database in memory would forget everything at the next start: name a file, as in %s", defaultStore)
	case strings.HasPrefix(path, "//"), strings.HasPrefix(path, "file:"), strings.ContainsAny(path, "?#\x00"):
		return "", fmt.Errorf("a plain path must come after sqlite: write it without //, file:, ? and #, as in %s", defaultStore)
	}
	return path, nil
}

func validID(s string) bool {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$`).MatchString(s)
}

// idFrom makes an id of what somebody wrote, for the remedy; "" where nothing is left.
func idFrom(s string) string {
	s = regexp.MustCompile(`[^a-z0-9_]+`).ReplaceAllString(strings.ToLower(clip(s)), "-")
	return strings.Trim(s, "-_")
}

// keyFrom makes the key of a partnership that gives none: the initials of its id, or the id where that is one word.
func keyFrom(id string) string {
	var initials string
	parts := strings.FieldsFunc(strings.ToUpper(id), func(r rune) bool { return r < 'A' || r > 'Z' })
	for _, p := range parts {
		initials += p[:1]
	}
	if len(parts) == 1 {
		initials = parts[0]
	}
	if len(initials) > 10 {
		initials = initials[:10]
	}
	return initials
}

func validKey(s string) bool { return regexp.MustCompile(`^[A-Z]{2,10}$`).MatchString(s) }

func validEmail(s string) bool {
	return regexp.MustCompile(`^[^\s@<>"',;]+@[^\s@<>"',;]+$`).MatchString(s)
}
