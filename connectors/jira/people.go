package jira

import (
	"strings"

	"github.com/lockstep-sync/lockstep/sync/task"
)

// people knows who is who: which account a canonical name is, and the other way round.
type people struct {
	d         dialect                    // says what an account is
	byAccount map[string]string          // account → canonical name, as configured or proven by e-mail
	byEmail   map[string]string          // folded e-mail → canonical name
	byName    map[string]string          // folded name or alias → canonical name; "" where several people have it
	own       map[string]string          // canonical name → account, as configured or proven by e-mail
	seen      map[string]map[string]bool // canonical name → accounts that were read with it
	asked     map[string]bool            // e-mails that were looked up
}

func newPeople(config []Person, d dialect) *people {
	p := &people{
		d:         d,
		byAccount: map[string]string{}, byEmail: map[string]string{}, byName: map[string]string{},
		own: map[string]string{}, seen: map[string]map[string]bool{}, asked: map[string]bool{},
	}
	for _, who := range config {
		name := task.PersonValue(who.Name).String()
		if name == "" {
			continue
		}
		if who.AccountID != "" {
			p.byAccount[d.sameAccount(who.AccountID)] = name
			p.own[name] = who.AccountID
		}
		if who.Email != "" {
			p.byEmail[fold(who.Email)] = name
		}
		for _, alias := range append([]string{name}, who.Aliases...) {
			a := fold(alias)
			if other, taken := p.byName[a]; taken && other != name {
				name := ""
				p.byName[a] = name // two people: the alias says nothing
				continue
			}
			p.byName[a] = name
		}
	}
	return p
}

// name is the canonical name of a Jira user: by configured account, by e-mail, by exact name or alias, else the name
// that Jira shows. It is "" where Jira shows none.
func (p *people) name(u wireUser) string {
	if name := p.byAccount[p.d.sameAccount(p.d.account(u))]; name != "" {
		return name
	}
	if name := p.byEmail[fold(u.Email)]; u.Email != "" && name != "" {
		return name
	}
	shown := u.DisplayName
	if shown == "" {
		shown = u.Name
	}
	if shown == "" {
		shown = u.Key
	}
	if name := p.byName[fold(shown)]; name != "" {
		return name
	}
	return task.PersonValue(shown).String()
}

// learn notes a user that Jira showed, so that issues can be given to them.
func (p *people) learn(u wireUser) {
	account := p.d.account(u)
	if account == "" || u.Active != nil && !*u.Active || u.AccountType == "app" {
		return
	}
	name := p.name(u)
	if name == "" {
		return
	}
	if p.seen[name] == nil {
		p.seen[name] = map[string]bool{}
	}
	p.seen[name][account] = true
	if by := p.byEmail[fold(u.Email)]; u.Email != "" && by == name {
		p.prove(name, account)
	}
}

// prove ties a name to an account for good. What the configuration says stands.
func (p *people) prove(name, account string) {
	if _, ok := p.own[name]; ok {
		return
	}
	p.own[name] = account
	p.byAccount[p.d.sameAccount(account)] = name
}

// account is the account of a canonical name: proven, or the only one that was ever seen with the name.
func (p *people) account(name string) (string, bool) {
	if id, ok := p.own[name]; ok {
		return id, true
	}
	if len(p.seen[name]) != 1 {
		return "", false
	}
	for id := range p.seen[name] {
		return id, true
	}
	return "", false
}

// unknown are the e-mails of people without an account, each given once ever: without the right to look for people Jira
// answers with nobody, and asking again would not help.
func (p *people) unknown(config []Person) []string {
	var out []string
	for _, who := range config {
		if _, ok := p.account(task.PersonValue(who.Name).String()); ok || who.Email == "" || p.asked[fold(who.Email)] {
			continue
		}
		out = append(out, who.Email)
	}
	return out
}

// found takes the answer of a look-up. Only a user whose e-mail Jira shows, and shows as asked, is believed.
func (p *people) found(email string, users []wireUser) {
	p.asked[fold(email)] = true
	for _, u := range users {
		if strings.TrimSpace(u.Email) != "" && fold(u.Email) == fold(email) {
			p.learn(u)
		}
	}
}
