package google

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"net/http"
	"sync"
	"time"

	"google.golang.org/api/drive/v3"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

const (
	// channelLife is the longest that Drive lets a channel on a file live. There is no renewal: a new one is made in time, and
	// then the old one is stopped.
	channelLife = 24 * time.Hour
	// shortestLife is how long a channel is taken to live whatever its answer says: with a clock that is wrong by a day, new
	// ones would be made without end.
	shortestLife = 10 * time.Minute
	// stopTime is how long Run takes at most to stop its channels when it ends. What is not stopped expires.
	stopTime = 5 * time.Second

	firstRetry   = time.Minute
	longestRetry = 30 * time.Minute
	// makers is how many channels are made at once.
	makers = 4
)

// WatchedFile is a file whose changes are to be told.
type WatchedFile struct {
	ID    string
	Drive *Drive
	// Changed is called when Google says that the file changed; gone says that it may have been moved into the bin, or out of
	// it, or that who may use it changed. It is called from many goroutines and must return at once.
	Changed func(gone bool)
}

// WatchOptions is what a Watch needs. Address must be given, and be reachable from the internet with https.
type WatchOptions struct {
	Address string // where Google sends its notices to
	Files   []WatchedFile
	Now     func() time.Time // nil is time.Now
	// Failed is told of a channel that could not be made, which is tried again, with a fault. Nil: nobody is told.
	Failed func(file string, err error)
	// Observe is told what became of each notice, one of NoticeOutcomes. Nil: nobody is told.
	Observe func(outcome string)
}

// Watch has Google tell of changes in files: it keeps a notification channel on each while it runs, and is the handler of
// the notices. It keeps nothing: after a restart there are new channels, and the old ones expire.
type Watch struct {
	o WatchOptions

	mu   sync.Mutex
	open map[string]*openChannel // by id
}

// openChannel is a channel over which notices are taken.
type openChannel struct {
	id, resource string
	token        string
	file         *WatchedFile
}

// NewWatch returns a Watch that has no channels yet.
func NewWatch(o WatchOptions) *Watch {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Failed == nil {
		o.Failed = func(string, error) {}
	}
	if o.Observe == nil {
		o.Observe = func(string) {}
	}
	return &Watch{o: o, open: map[string]*openChannel{}}
}

// Open is how many channels there are. While one takes the place of another, both count.
func (w *Watch) Open() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.open)
}

// Run keeps the channels until ctx ends, and then stops them. The handler must be reachable before it is called: Google's
// first notice comes at once.
func (w *Watch) Run(ctx context.Context) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, makers)
	for i := range w.o.Files {
		wg.Go(func() { w.keep(ctx, &w.o.Files[i], slots) })
	}
	wg.Wait()
}

// keep has one channel after the other on a file.
func (w *Watch) keep(ctx context.Context, f *WatchedFile, slots chan struct{}) {
	var now *openChannel
	retry := firstRetry
	for ctx.Err() == nil {
		var wait time.Duration
		slots <- struct{}{}
		next, life, err := w.make(ctx, f)
		<-slots
		switch {
		case err == nil:
			if now != nil {
				w.stop(ctx, now)
			}
			now, retry = next, firstRetry
			wait = spread(life * 7 / 8)
		case ctx.Err() == nil:
			w.o.Failed(f.ID, err)
			wait = spread(max(retry, fault.Of(err).RetryAfter))
			retry = min(2*retry, longestRetry)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
	if now != nil {
		w.stop(ctx, now)
	}
}

// spread takes up to a tenth off, so that many channels are not renewed together.
func spread(d time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(d)/10+1))
	if err != nil {
		return d
	}
	return d - time.Duration(n.Int64())
}

// make makes a channel, and returns how long it lives. Notices are taken over it before it is made: the first may overtake the
// answer.
func (w *Watch) make(ctx context.Context, f *WatchedFile) (*openChannel, time.Duration, error) {
	c := &openChannel{id: random(16), token: random(32), file: f}
	w.mu.Lock()
	w.open[c.id] = c
	w.mu.Unlock()
	now := w.o.Now()
	got, err := f.Drive.svc.Files.Watch(f.ID, &drive.Channel{
		Id: c.id, Token: c.token, Type: "web_hook", Address: w.o.Address, Expiration: now.Add(channelLife).UnixMilli(),
	}).SupportsAllDrives(true).Context(ctx).Do()
	if err != nil {
		w.forget(c)
		return nil, 0, f.Drive.fault("have Drive tell of changes", err) //nolint:contextcheck // the answer is here: nothing is sent
	}
	c.resource = got.ResourceId
	life := channelLife
	if got.Expiration > 0 {
		life = min(max(time.UnixMilli(got.Expiration).Sub(now), shortestLife), channelLife)
	}
	return c, life, nil
}

func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: see crypto/rand
	return hex.EncodeToString(b)
}

func (w *Watch) forget(c *openChannel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c.id)
}

// stop ends a channel, also when ctx has ended. One that cannot be stopped expires, and until then its notices are turned away.
func (w *Watch) stop(ctx context.Context, c *openChannel) {
	w.forget(c)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	_ = c.file.Drive.svc.Channels.Stop(&drive.Channel{Id: c.id, ResourceId: c.resource}).Context(ctx).Do()
}

var _ http.Handler = (*Watch)(nil)
