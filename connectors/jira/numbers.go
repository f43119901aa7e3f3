package jira

import (
	"strconv"
	"strings"
)

// numbers are those of the issue keys that were seen, by project. A project numbers its issues one by one as they are made, so
// that a new one can be found by its key, which is read past the index.
type numbers map[string]*struct {
	top  int64
	seen map[int64]bool
}

// How many keys above the highest that was seen, and how many of those below that were not seen, a new issue is looked for in: so
// many others may have been made about the same time.
const keysAbove, keysBelow = 20, 30

// see notes a key.
func (n numbers) see(key string) {
	i := strings.LastIndexByte(key, '-')
	if i <= 0 {
		return
	}
	number, err := strconv.ParseInt(key[i+1:], 10, 64)
	if err != nil || number <= 0 {
		return
	}
	p := n[key[:i]]
	if p == nil {
		p = &struct {
			top  int64
			seen map[int64]bool
		}{seen: map[int64]bool{}}
		n[key[:i]] = p
	}
	p.seen[number], p.top = true, max(p.top, number)
}

// around are the keys that a new issue of a project may have, as far as that is known.
func (n numbers) around(project string) []string {
	p := n[strings.ToUpper(project)]
	if p == nil {
		return nil
	}
	var out []string
	for number := max(p.top-keysBelow, 1); number <= p.top+keysAbove; number++ {
		if !p.seen[number] {
			out = append(out, strings.ToUpper(project)+"-"+strconv.FormatInt(number, 10))
		}
	}
	return out
}
