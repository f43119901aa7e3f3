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
)

type runCmd struct {
	configFlag
	Verbose bool `help:"Log quiet cycles too."`
}

// Run implements the command. SIGTERM finishes the write in flight and stops. SIGHUP, or a change of the file, loads the
// configuration anew; one that is wrong is reported and the old one stays.
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

	for {
		next, err := c.serve(e.ctx, e, log, cfg, func(ctx context.Context) *config.Config { return c.await(ctx, e, log, hup, changed) })
		if err != nil || next == nil {
			return err
		}
		cfg = next
	}
}

// serve runs one configuration until ctx ends (nil comes back) or another one is there.
func (c runCmd) serve(ctx context.Context, e env, log *slog.Logger, cfg *config.Config, await func(context.Context) *config.Config) (*config.Config, error) {
	a, err := app.New(ctx, app.Options{Config: cfg, Log: log, Version: buildVersion()})
	if err != nil {
		return nil, err
	}
	defer closing(e, a)
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w (change `listen` in %s, or stop what uses the port)", cfg.Listen, err, c.Config)
	}
	log.Info("lockstep runs", "version", buildVersion(), "page", "http://"+ln.Addr().String()+"/", "partnerships", len(cfg.Partnerships))
	running, stop := context.WithCancel(ctx)
	defer stop()
	next := make(chan *config.Config, 1)
	go func() {
		next <- await(running)
		stop()
	}()
	if err := a.Run(running, ln); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		log.Info("lockstep stops: what was in flight is finished")
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
