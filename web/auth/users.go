package auth

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// passwordCost is how slow a password is to check: about a quarter of a second on one core, for whoever guesses, too.
const passwordCost = 12

// mostPassword is how long a password may be, in bytes: bcrypt looks at no more.
const mostPassword = 72

// Hash is a line of the users' file: the name, and what is kept of the password.
func Hash(name string, password []byte) (string, error) {
	switch {
	case name == "" || strings.ContainsAny(name, ":#\n\r\t ") || len(name) > 200:
		return "", errors.New("a user's name has no blanks, no colon and no #")
	case len(password) < 12:
		return "", errors.New("the password is too short: take 12 characters or more")
	case len(password) > mostPassword:
		return "", fmt.Errorf("the password is too long: take %d bytes or fewer", mostPassword)
	}
	h, err := bcrypt.GenerateFromPassword(password, passwordCost)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	return name + ":" + string(h), nil
}

// ParseUsers reads a file of users, as htpasswd -B writes it: a line each, name and bcrypt hash with a colon between. Blank lines and
// lines that begin with # are passed over. No error shows a hash.
func ParseUsers(text []byte) (map[string][]byte, error) {
	users := make(map[string][]byte)
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, hash, ok := strings.Cut(line, ":")
		if !ok || name == "" {
			return nil, fmt.Errorf("line %d: write a name, a colon and a hash, as `lockstep passwd` prints them", n)
		}
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return nil, fmt.Errorf("line %d: what stands behind %q is no bcrypt hash: make it with `lockstep passwd %s`", n, name, name)
		}
		if _, twice := users[name]; twice {
			return nil, fmt.Errorf("line %d: %q stands in the file twice", n, name)
		}
		users[name] = []byte(hash)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the users: %w", err)
	}
	return users, nil
}

// userFile is a file of users, read anew when it has changed.
type userFile struct {
	path string

	mu    sync.Mutex
	users map[string][]byte
	size  int64
	at    time.Time
}

// hash is what is kept of a user's password; nil where there is no such user.
func (f *userFile) hash(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("read the users' file: %w", err)
	}
	if f.users == nil || info.Size() != f.size || !info.ModTime().Equal(f.at) {
		text, err := os.ReadFile(f.path)
		if err != nil {
			return nil, fmt.Errorf("read the users' file: %w", err)
		}
		users, err := ParseUsers(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.path, err)
		}
		f.users, f.size, f.at = users, info.Size(), info.ModTime()
	}
	return f.users[name], nil
}

// nobodysHash is checked where there is no such user, so that a guess takes as long as with one.
var nobodysHash = sync.OnceValue(func() []byte {
	h, err := bcrypt.GenerateFromPassword([]byte("nobody has this password"), passwordCost)
	if err != nil {
		return nil
	}
	return h
})

// right reports whether a password is a user's.
func (f *userFile) right(name, password string) (bool, error) {
	hash, err := f.hash(name)
	if err != nil {
		return false, err
	}
	known := hash != nil
	if !known {
		hash = nobodysHash()
	}
	if len(password) > mostPassword {
		return false, nil
	}
	return bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil && known, nil
}

// guesses counts wrong passwords, by user and by address, and makes whoever goes on wait longer and longer.
type guesses struct {
	mu     sync.Mutex
	wrongs map[string]wrongs
}

type wrongs struct {
	n     int
	until time.Time
}

const (
	// freeGuesses is how many wrong passwords cost nothing.
	freeGuesses = 4
	// firstWait doubles with each guess more, up to longestWait.
	firstWait, longestWait = 5 * time.Second, 15 * time.Minute
	// mostWrongs is how many users and addresses are remembered.
	mostWrongs = 10_000
)

// wait is how long one has to wait before the next guess.
func (g *guesses) wait(now time.Time, keys ...string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	var longest time.Duration
	for _, k := range keys {
		longest = max(longest, g.wrongs[k].until.Sub(now))
	}
	return longest
}

// wrong counts a wrong guess.
func (g *guesses) wrong(now time.Time, keys ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.wrongs == nil || len(g.wrongs) > mostWrongs {
		g.wrongs = make(map[string]wrongs)
	}
	for _, k := range keys {
		w := g.wrongs[k]
		if w.n++; w.n > freeGuesses {
			w.until = now.Add(min(longestWait, firstWait<<min(w.n-freeGuesses-1, 20)))
		}
		g.wrongs[k] = w
	}
}

// forget is called after a right one.
func (g *guesses) forget(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wrongs, key)
}
