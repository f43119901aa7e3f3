package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/gsheets"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/web"
)

// sheet is one connected tab, as far as Drive is concerned.
type sheet struct {
	partnership string
	file        string
	drive       *google.Drive
	conn        *gsheets.Connector
}

// watchDrive sets up that Google tells of changes, where the configuration names an address for that.
func (a *App) watchDrive() {
	notices := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "lockstep", Name: "drive_notices_total", Help: "Notices that came from Google Drive, by what became of them.",
	}, []string{"outcome"})
	for _, outcome := range google.NoticeOutcomes() {
		notices.WithLabelValues(outcome) // a series that begins at its first event hides that event
	}
	a.registry.MustRegister(notices, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: "lockstep", Name: "drive_channels", Help: "Notification channels that Google Drive tells of changes over.",
	}, func() float64 {
		if a.watch == nil {
			return 0
		}
		return float64(a.watch.Open())
	}))
	address := a.o.Config.Google.WebhookURL
	if address == "" {
		return
	}
	seldom := rate.Sometimes{First: 1, Interval: time.Minute} // whoever can reach the address can make it say so
	a.watch = google.NewWatch(google.WatchOptions{
		Address: address + web.DrivePath, Files: a.watchedFiles(), Now: a.o.Now,
		Failed: func(file string, err error) {
			a.o.Log.Warn("Google does not tell of changes", "file", file, "err", err, "hint", fault.Of(err).Hint)
		},
		Observe: func(outcome string) {
			notices.WithLabelValues(outcome).Inc()
			if outcome == google.NoticeForged {
				seldom.Do(func() {
					a.o.Log.Warn("notice turned away", "outcome", outcome, "hint", "it bears another token than Google was given: somebody else sends these")
				})
			}
		},
	})
	a.webhooks.list = append(a.webhooks.list, Webhook{Source: "google", Path: web.DrivePath})
}

// watchedFiles are the spreadsheets, each once, in the order of the configuration.
func (a *App) watchedFiles() []google.WatchedFile {
	var files []google.WatchedFile
	tabs := map[string][]sheet{}
	for _, s := range a.sheets {
		tabs[s.file] = append(tabs[s.file], s)
		if len(tabs[s.file]) > 1 {
			continue
		}
		files = append(files, google.WatchedFile{ID: s.file, Drive: s.drive, Changed: func(gone bool) {
			for _, t := range tabs[s.file] {
				if gone {
					t.conn.HintDeleted()
				}
				a.wake(t.partnership)
			}
		}})
	}
	return files
}

// wake asks for a cycle of one partnership soon.
func (a *App) wake(partnership string) {
	for _, p := range a.parts {
		if p.cfg.ID == partnership {
			p.loop.Wake()
		}
	}
}
