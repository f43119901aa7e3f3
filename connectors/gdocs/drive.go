package gdocs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/api/drive/v3"
	"google.golang.org/api/option"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// NewDrive returns the client of Google Drive that tells whether a document lies in the bin, reached as the document is: see
// NewService.
func NewDrive(ctx context.Context, cred Credentials, o transport.Options) (*drive.Service, error) {
	opts, err := dial(ctx, cred, o)
	if err != nil {
		return nil, err
	}
	if cred.Endpoint != "" {
		opts = append(opts, option.WithEndpoint(strings.TrimRight(cred.Endpoint, "/")+"/drive/v3/"))
	}
	svc, err := drive.NewService(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the Google client: %w", err)
	}
	return svc, nil
}

// lookEvery is how often Drive is asked whether a document lies in the bin: a request more in ten minutes.
const lookEvery = 10 * time.Minute

// binned is the fault of a document that lies in the bin, nil where it does not or nothing can be told. Docs itself goes on answering
// for such a document, until Google deletes it for good after thirty days. Drive is asked seldom while all is well, and each time
// while the document lies there, so that one that is restored is read at once.
func (c *Connector) binned(ctx context.Context) *fault.Error {
	now := c.o.Now()
	if c.o.Drive == nil || !c.trashed && now.Before(c.lookDue) && c.lookDue.Sub(now) <= lookEvery {
		return nil
	}
	c.lookDue = now.Add(lookEvery)
	// Without an answer, what was known stays: whether the document can be read it says itself.
	if f, err := c.o.Drive.Files.Get(c.cfg.Document).SupportsAllDrives(true).Fields("trashed").Context(ctx).Do(); err == nil {
		c.trashed = f.Trashed
	}
	if !c.trashed {
		return nil
	}
	f := fault.New(fault.Permanent, fault.NotFound, "read the table", "the document lies in the bin")
	f.Source = c.o.Source
	return f.WithHint("restore it in Google Drive: open the bin, and choose Restore; after 30 days Google deletes it for good. Nothing was removed because of it")
}
