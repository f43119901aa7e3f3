package setup

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/connectors/jira"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// jira asks for one partner's Jira, and sets it up.
func (s *session) jira(ctx context.Context) error {
	address := s.o.Jira.URL
	if address == "" {
		var err error
		if address, err = s.talk.ask("Address of a partner's Jira (Enter if there is none)?", ""); err != nil || address == "" {
			return err
		}
	}
	cfg := jira.Config{URL: strings.TrimRight(address, "/"), Flavor: "auto"}
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" {
		return fmt.Errorf("read the Jira's address: %q is no web address, such as https://aquafund.atlassian.net", address)
	}
	host, _, _ := strings.Cut(u.Hostname(), ".")
	name, err := s.talk.need("Which partner's Jira is that?", "", host, "an answer")
	if err != nil {
		return err
	}
	if cfg.Email = s.o.Jira.Email; cfg.Email == "" {
		if cfg.Email, err = s.talk.ask("E-mail address of the account that the token belongs to (Enter on Data Center, with a personal access token)?", ""); err != nil {
			return err
		}
	}
	if cfg.TokenFile, err = s.talk.need("Which file holds the API token?", s.o.Jira.TokenFile, "", "--jira-token-file"); err != nil {
		return err
	}
	cfg.TokenFile = absolute(cfg.TokenFile)
	if cfg.JQL, err = s.talk.need("Which issues belong to the partnership, in JQL, such as: project = WASH", s.o.Jira.JQL, "", "--jira-jql"); err != nil {
		return err
	}
	conn, err := jira.New(cfg, jira.Options{Source: "init", Now: s.o.Now})
	if err != nil {
		return err //nolint:wrapcheck // it says what it was doing
	}
	d, err := conn.Discover(ctx)
	if err != nil {
		return err //nolint:wrapcheck // it says what it was doing
	}
	s.talk.say("\n%s:", cfg.URL)
	s.findings(d.Findings)
	if len(d.Findings) > 0 && len(d.Projects) == 0 {
		if f := d.Findings[len(d.Findings)-1]; f.Level == connectors.LevelError {
			return fault.New(fault.Permanent, fault.Invalid, "look at the Jira", "%s", f.Text).WithHint("%s", f.Hint)
		}
	}
	cfg.Flavor = d.Flavor
	src := source{Owner: s.owner(name), Jira: &cfg, Title: cfg.URL}
	src.ID = s.sourceID(src.Owner, "jira")
	src.learn(d)
	if len(d.Projects) > 0 {
		yes, err := s.talk.agree("May tasks of "+name+" that were born elsewhere become issues in "+d.Projects[0]+"?", false)
		if err != nil {
			return err
		}
		if yes {
			cfg.Create = &jira.Create{Project: d.Projects[0], IssueType: "Task"}
		}
	}
	if errs := cfg.Validate(); len(errs) > 0 {
		return fmt.Errorf("set up the Jira: %w", errors.Join(errs...))
	}
	s.plan.Sources = append(s.plan.Sources, src)
	return nil
}

// learn takes over what was found in a Jira. A status's own name goes before its category where it is a known word for
// blocked or cancelled, which Jira has no category for.
func (src *source) learn(d jira.Discovery) {
	src.Status = map[string][]string{}
	for _, st := range d.Statuses {
		word := gsheets.StatusOf(st.Name)
		switch {
		case (word == task.Blocked || word == task.Cancelled) && word != st.Means:
			if !slices.Contains(src.Status[word], st.Name) {
				src.Status[word] = append(src.Status[word], st.Name)
			}
		case st.Means == "":
			src.Unknown = append(src.Unknown, gsheets.Word{Text: st.Name})
		default:
			src.Known = append(src.Known, fmt.Sprintf("%s is %s", st.Name, st.Means))
		}
	}
	src.Known = compact(src.Known)
	src.Fields = map[string]string{}
	for _, f := range d.Fields {
		if strings.EqualFold(f.Name, "Start date") && src.Fields["start"] == "" {
			src.Fields["start"] = f.Name
		}
		if strings.HasPrefix(f.ID, "customfield_") {
			src.Unused = append(src.Unused, f.Name)
		}
	}
	src.Unused = compact(src.Unused)
}

func compact(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
