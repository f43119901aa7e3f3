package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// Drive asks Google Drive about the file that a spreadsheet or a document is: whether it lies in the bin, and that changes be told. What
// it says is never more than a hint: its notices lag behind by minutes at times. It counts apart from Sheets and Docs, and has a budget
// of thousands a minute.
type Drive struct {
	svc    *drive.Service
	source task.SourceID
}

// NewDrive returns a Drive for one source, reached as its file is: see Dial.
func NewDrive(ctx context.Context, cred Credentials, o transport.Options) (*Drive, error) {
	opts, err := Dial(ctx, cred, metadataScope, "drive/v3/", o)
	if err != nil {
		return nil, err
	}
	svc, err := drive.NewService(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the Google client: %w", err)
	}
	return &Drive{svc: svc, source: o.Source}, nil
}

// File is what Drive says of a file. Its version is not looked at: every cycle reads the contents themselves, and a version that has not
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

// Bin tells whether a file lies in the bin. Sheets and Docs go on answering for such a file, until Google deletes it for good after thirty
// days. Its zero value has not looked yet.
type Bin struct {
	trashed bool
	due     time.Time   // when Drive is asked next
	suspect atomic.Bool // a notice says that something is to be looked at
}

// Suspect has the next look ask Drive at once. It may be called from any goroutine.
func (b *Bin) Suspect() { b.suspect.Store(true) }

// Look is the fault of a file that lies in the bin, nil where it does not or nothing can be told: d may be nil. It asks seldom while all
// is well, and each time while the file lies there, so that a file which is restored is read at once.
func (b *Bin) Look(ctx context.Context, d *Drive, file string, faults Faults) *fault.Error {
	now := faults.Now()
	if d == nil || !b.suspect.Swap(false) && !b.trashed && now.Before(b.due) && b.due.Sub(now) <= lookEvery {
		return nil
	}
	// Without an answer, what was known stays: whether the file can be read it says itself.
	if f, err := d.File(ctx, file); err == nil || fault.HasReason(err, fault.NotFound) {
		b.trashed = f.Trashed
	}
	b.due = now.Add(lookEvery)
	if !b.trashed {
		return nil
	}
	f := fault.New(fault.Permanent, fault.NotFound, "read the "+faults.Kind, "the %s lies in the bin", faults.Kind)
	f.Source = faults.Source
	return f.WithHint("restore it in Google Drive: open the bin, and choose Restore; after 30 days Google deletes it for good. Nothing was removed because of it")
}
