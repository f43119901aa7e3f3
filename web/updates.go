package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/sync/scorecard"
	"github.com/lockstep-sync/lockstep/sync/store"
	"github.com/lockstep-sync/lockstep/sync/view"
	"github.com/lockstep-sync/lockstep/web/auth"
)

// updatesShown is how many status updates the page lists.
const updatesShown = 200

// updatesBody is the page on which people say how it goes.
type updatesBody struct {
	May     bool
	About   []choice // of whom one can speak: the partnership, a partner, a workstream
	Updates []updateLine
}

type updateLine struct {
	declared

	About string
}

// The values of the form's list: a kind, and what of it.
const (
	aboutPartner = "partner:"
	aboutStream  = "workstream:"
)

func updatesPage(r *request) (any, error) {
	b := updatesBody{May: r.may(auth.Editor), About: []choice{{Value: "", Word: "The whole partnership"}}}
	for _, p := range r.Score.Partners {
		if p.Subject.Partner != "" {
			b.About = append(b.About, choice{Value: aboutPartner + p.Subject.Partner, Word: p.Name})
		}
	}
	for _, w := range r.Score.Workstreams {
		if w.Name != "" {
			b.About = append(b.About, choice{Value: aboutStream + w.Name, Word: "Workstream " + w.Name})
		}
	}
	events, err := r.history(store.Query{Kinds: []store.EventKind{store.EventUpdate}, Limit: updatesShown})
	if err != nil {
		return nil, err
	}
	for i := range events {
		if u, ok := view.StatusUpdate(&events[i]); ok {
			b.Updates = append(b.Updates, updateLine{*r.declared(&u), r.subject(u.About)})
		}
	}
	return b, nil
}

// subject is what a status update is about, in words.
func (v *teller) subject(s scorecard.Subject) string {
	switch s.Kind {
	case scorecard.OfPartner:
		return v.Partnership.PartnerName(s.Partner)
	case scorecard.OfWorkstream:
		return s.Workstream
	case scorecard.OfTask:
		return string(s.Task)
	case scorecard.OfCombination:
		return v.Partnership.PartnerName(s.Partner) + ", " + s.Workstream
	default:
	}
	return v.Partnership.Name
}

// sayHowItGoes records a status update.
func sayHowItGoes(r *request) (string, error) {
	u := scorecard.StatusUpdate{
		At: r.server.o.Now(), By: r.person.Name, RAG: scorecard.RAG(r.PostForm.Get("rag")), Words: typed(r.PostForm.Get("words"), reasonLimit),
		About: scorecard.Subject{Kind: scorecard.Partnership},
	}
	about := r.PostForm.Get("about")
	if id, ok := strings.CutPrefix(about, aboutPartner); ok {
		u.About = scorecard.Subject{Kind: scorecard.OfPartner, Partner: id}
	} else if name, ok := strings.CutPrefix(about, aboutStream); ok {
		u.About = scorecard.Subject{Kind: scorecard.OfWorkstream, Workstream: name}
	} else if about != "" {
		return "", &refusal{http.StatusBadRequest, "Say of whom you speak."}
	}
	known := func(all []scorecard.Rollup) bool {
		return slices.ContainsFunc(all, func(x scorecard.Rollup) bool { return x.Subject == u.About })
	}
	switch {
	case u.RAG != scorecard.Red && u.RAG != scorecard.Amber && u.RAG != scorecard.Green:
		return "", &refusal{http.StatusBadRequest, "Say whether it is red, amber or green. Go back: what you wrote is still there."}
	case u.Words == "":
		return "", &refusal{http.StatusBadRequest, "Say in words how it goes. Go back: what you chose is still there."}
	case u.About.Kind != scorecard.Partnership && !known(r.Score.Partners) && !known(r.Score.Workstreams):
		return "", &refusal{http.StatusBadRequest, "There is no such partner or workstream."}
	}
	e, err := view.UpdateEvent(u)
	if err != nil {
		return "", err
	}
	return r.at("updates"), r.record(e)
}
