package gsheets

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Drive asks Google Drive about the file that a spreadsheet is: whether it lies in the bin, and that changes be told. What it
// says is never more than a hint: its notices lag behind by minutes at times. It counts apart from Sheets,
// and has a budget of thousands a minute.
type Drive struct {
	svc    *drive.Service
	source task.SourceID
}

// NewDrive returns a Drive for one source, reached as its sheet is: see NewService.
func NewDrive(ctx context.Context, cred Credentials, o transport.Options) (*Drive, error) {
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
	return &Drive{svc: svc, source: o.Source}, nil
}

// File is what Drive says of a file. Its version is not looked at: every cycle reads the cells themselves, and a version that has not
// grown yet would be no reason not to.
type File struct {
	Trashed  bool // it lies in the bin
	Writable bool // the account may edit it
}

// File asks about a file. The error is a fault.
func (d *Drive) File(ctx context.Context, id string) (File, error) {
	f, err := d.svc.Files.Get(id).SupportsAllDrives(true).Fields("id,trashed,capabilities(canEdit)").Context(ctx).Do()
	if err != nil {
		return File{}, d.fault("ask Drive about the file", err) //nolint:contextcheck // the answer is here: nothing is sent
	}
	return File{Trashed: f.Trashed, Writable: f.Capabilities != nil && f.Capabilities.CanEdit}, nil
}

func (d *Drive) fault(op string, err error) *fault.Error {
	var f *fault.Error
	if answer, ok := errors.AsType[*googleapi.Error](err); ok {
		f = transport.FromResponse(op, &http.Response{StatusCode: answer.Code, Header: answer.Header}, []byte(answer.Body))
		f.Hint = driveHint(answer)
	} else {
		f, _ = transport.FromError(op, err)
	}
	f.Source = d.source
	return f
}

// driveHint is what an operator can do about an answer of Drive's; "" where nothing is known.
func driveHint(answer *googleapi.Error) string {
	for _, e := range answer.Errors {
		switch e.Reason {
		case "accessNotConfigured":
			return "switch on the Google Drive API in the Google Cloud project that the service account belongs to"
		case "push.webhookUrlNotHttps", "push.webhookUrlUnauthorized", "push.webhookUrlNotSpecified":
			return "google.webhook_url must be an address with https and a certificate that browsers trust; see the guide on push"
		case "notFound":
			return "share the file with the service account's address: it is client_email in google.credentials_file"
		}
	}
	return ""
}

// lookEvery is how often Drive is asked whether a file lies in the bin: a request more in ten minutes.
const lookEvery = 10 * time.Minute

// bin is what is known of where the file lies.
type bin struct {
	trashed bool
	due     time.Time   // when Drive is asked next
	suspect atomic.Bool // a notice says that something is to be looked at
}

// binned is the fault of a file that lies in the bin, nil where it does not or nothing can be told. Sheets itself goes on
// answering for such a file, until Google deletes it for good after thirty days. It asks seldom while all is well, and each time
// while the file lies there, so that a file which is restored is read at once.
func (c *Connector) binned(ctx context.Context) *fault.Error {
	now := c.o.Now()
	if c.o.Drive == nil || !c.bin.suspect.Swap(false) && !c.bin.trashed && now.Before(c.bin.due) && c.bin.due.Sub(now) <= lookEvery {
		return nil
	}
	// Without an answer, what was known stays: whether the file can be read the sheet itself says.
	if f, err := c.o.Drive.File(ctx, c.cfg.Spreadsheet); err == nil || fault.HasReason(err, fault.NotFound) {
		c.bin.trashed = f.Trashed
	}
	c.bin.due = now.Add(lookEvery)
	if !c.bin.trashed {
		return nil
	}
	f := fault.New(fault.Permanent, fault.NotFound, "read the tab", "the spreadsheet lies in the bin")
	f.Source = c.o.Source
	return f.WithHint("restore it in Google Drive: open the bin, and choose Restore; after 30 days Google deletes it for good. Nothing was removed because of it")
}

// Hint implements connectors.Hinted. Every Pull reads the whole tab, so there is nothing to remember.
func (c *Connector) Hint(...string) {}

// HintDeleted implements connectors.Hinted: the next Pull asks Drive where the file lies.
func (c *Connector) HintDeleted(...string) { c.bin.suspect.Store(true) }
