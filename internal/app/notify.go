package app

import (
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/notify"
	"github.com/lockstep-sync/lockstep/sync/view"
)

// teller makes what tells the people of a partnership; where no channel is configured it has nothing to do.
func (a *App) teller(p config.Partnership, v *view.Viewer) *notify.Teller {
	page := ""
	if c := a.o.Config.Auth; c != nil && c.URL != "" {
		page = c.URL + "/p/" + p.ID
	}
	for _, c := range p.Notify {
		a.messages.Prepare(p.ID, c.ID)
	}
	return notify.New(notify.Options{
		Channels: p.Notify, Viewer: v, Store: a.store, Page: page, Now: a.o.Now, Log: a.o.Log, Metrics: a.messages, Base: a.o.Messages,
	})
}

// Teller tells the people of a partnership; "" is the only one there is.
func (a *App) Teller(partnership string) (*notify.Teller, error) {
	p, err := a.part(partnership)
	if err != nil {
		return nil, err
	}
	return p.teller, nil
}
