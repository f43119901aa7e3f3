package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/internal/app"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

type runCmd struct {
	configFlag
	Verbose bool `help:"Log quiet cycles too."`
}

// Run implements the command. SIGTERM finishes the write in flight and stops. SIGHUP, or a change of the file, loads the
// configuration anew; one that is wrong, or that cannot be used, is reported and the old one stays.
func (c runCmd) Run(e env) error {
	level := slog.LevelInfo
	if c.Verbose {
		level = slog.LevelDebug
	}
	log := logger(e.stderr, level)
	cfg, err := config.Load(c.Config, e.lookup)
	if err != nil {
		return err
	}
	changed, stop, err := watch(e.ctx, c.Config)
	if err != nil {
		return err
	}
	defer stop()
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)

	var before *config.Config // the one that ran before cfg
	for {
		a, ln, err := c.start(e, log, cfg)
		switch {
		case err != nil && e.ctx.Err() != nil:
			return nil // it was stopped while it started
		case err != nil && before == nil:
			return err
		case err != nil:
			log.Error("the changed configuration cannot be used: the old one stays", "err", err, "hint", fault.Of(err).Hint)
			cfg, before = before, nil
			continue
		}
		next, err := c.serve(e, log, a, ln, func(ctx context.Context) *config.Config { return c.await(ctx, e, log, hup, changed) })
		if err != nil || next == nil {
			return err
		}
		before, cfg = cfg, next
	}
}

// start sets everything up for one configuration.
func (c runCmd) start(e env, log *slog.Logger, cfg *config.Config) (*app.App, net.Listener, error) {
	a, err := app.New(e.ctx, app.Options{Config: cfg, Log: log, Version: buildVersion()})
	if err != nil {
		return nil, nil, err
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(e.ctx, "tcp", cfg.Listen)
	if err != nil {
		closing(e, a)
		return nil, nil, fmt.Errorf("listen on %s: %w (change `listen` in %s, or stop what uses the port)", cfg.Listen, err, c.Config)
	}
	log.Info("lockstep runs", "version", buildVersion(), "page", "http://"+ln.Addr().String()+"/", "partnerships", len(cfg.Partnerships))
	for _, h := range a.Webhooks() {
		log.Info("webhooks are listened to", "source", h.Source, "path", h.Path)
	}
	return a, ln, nil
}

// serve runs one configuration until it is told to stop (nil comes back) or another one is there, and closes a.
func (c runCmd) serve(
	e env, log *slog.Logger, a *app.App, ln net.Listener, await func(context.Context) *config.Config,
) (*config.Config, error) {
	defer closing(e, a)
	running, stop := context.WithCancel(e.ctx)
	defer stop()
	next := make(chan *config.Config, 1)
	go func() {
		next <- await(running)
		stop()
	}()
	if err := a.Run(running, ln); err != nil {
		return nil, err
	}
	if e.ctx.Err() != nil {
		log.Info("lockstep stops: what was in flight is finished")
		return nil, nil //nolint:nilnil // no next configuration is what it means to stop
	}
	return <-next, nil
}

// await returns the next configuration that is whole, nil when ctx ends.
func (c runCmd) await(ctx context.Context, e env, log *slog.Logger, hup <-chan os.Signal, changed <-chan struct{}) *config.Config {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hup:
		case <-changed:
		}
		cfg, err := config.Load(c.Config, e.lookup)
		if err == nil {
			log.Info("configuration loaded anew", "file", c.Config)
			return cfg
		}
		log.Error("the changed configuration is wrong: the old one stays", "err", err)
	}
}
