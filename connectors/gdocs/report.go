package gdocs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"google.golang.org/api/docs/v1"
	"google.golang.org/api/googleapi"

	"github.com/lockstep-sync/lockstep/connectors"
	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Report keeps a report in the first tab of a document. What is ours there is known by named ranges, which people do not see: one
// for each paragraph and table of the summary, with a sum of what was written there, and one for each section.
//
//	a part as it was written        is rewritten, with as little as can be: comments and formatting stay
//	a part that somebody changed    is theirs from then on: it stays as it is, and ours is written anew above it
//	a heading that somebody changed stays as it is
//	a part that is gone             is written again
//	a section                       is written once, at the end, and never looked at again
//
// It implements connectors.Reporter. Its methods must not be called at the same time.
type Report struct {
	document string
	svc      *docs.Service
	o        Options
	web      string

	read *sheaf // of Sections, for the Report that follows; nil else
}

var _ connectors.Reporter = (*Report)(nil)

const (
	readReport  = "read the report"
	writeReport = "write the report"
)

// NewReport returns the report in the document of that id. It makes no request.
func NewReport(document string, svc *docs.Service, o Options) (*Report, error) {
	if strings.TrimSpace(document) == "" || strings.ContainsAny(document, "/?# ") {
		return nil, fmt.Errorf("set up the report: %q is not the id of a document", document)
	}
	if svc == nil {
		return nil, errors.New("set up the report: there is no client")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Report{document: document, svc: svc, o: o, web: google.Web(svc.BasePath)}, nil
}

// Sections reads the document whole, in one request.
func (r *Report) Sections(ctx context.Context) ([]string, error) {
	s, f := r.get(ctx)
	if f != nil {
		return nil, f
	}
	r.read = s
	return s.sections(), nil
}

// Report reads the document, unless Sections just did, and writes what differs in one batch, which is refused where somebody edited
// the document meanwhile: it is read and compared again then.
func (r *Report) Report(ctx context.Context, want connectors.Report) error {
	s := r.read
	r.read = nil
	for try := 1; ; try++ {
		if s == nil {
			var f *fault.Error
			if s, f = r.get(ctx); f != nil {
				return f
			}
		}
		requests := s.requests(want)
		if len(requests) == 0 {
			return nil
		}
		if s.revision == "" {
			return r.readOnly()
		}
		// A write in flight is finished, whatever becomes of the caller; the transport bounds how long that takes.
		_, err := r.svc.Documents.BatchUpdate(r.document, &docs.BatchUpdateDocumentRequest{
			Requests: requests, WriteControl: &docs.WriteControl{RequiredRevisionId: s.revision},
		}).Context(context.WithoutCancel(ctx)).Do()
		switch {
		case err == nil:
			return nil
		case !staleRevision(err):
			return r.fault(writeReport, err) //nolint:contextcheck // the answer is here: nothing is sent
		case try >= maxTries:
			f := fault.New(fault.Conflict, fault.Precondition, writeReport, "people keep editing the document")
			f.Source = r.o.Source
			return f
		}
		s = nil
	}
}

// reportFields is what is asked for of the document. A comparison of links needs the text's style.
const reportFields = "revisionId,title,tabs(tabProperties(tabId),documentTab(namedRanges,body(content(startIndex,endIndex,paragraph(elements,paragraphStyle(namedStyleType)),table))))"

func (r *Report) get(ctx context.Context) (*sheaf, *fault.Error) {
	d, err := r.fetch(ctx, inlineView)
	if forbidden(err) { // whoever may only read does not see what is suggested
		if d2, err2 := r.fetch(ctx, plainView); err2 == nil {
			d, err = d2, nil
		}
	}
	if err != nil {
		return nil, r.fault(readReport, err) //nolint:contextcheck // the answer is here: nothing is sent
	}
	s := readSheaf(d)
	if s == nil {
		f := fault.New(fault.Permanent, fault.Invalid, readReport, "the document has no text")
		f.Source = r.o.Source
		return nil, f.WithHint("see whether it is a Google Doc, and not a file of another kind that was uploaded")
	}
	return s, nil
}

func (r *Report) fetch(ctx context.Context, view string) (*docs.Document, error) {
	return r.svc.Documents.Get(r.document).IncludeTabsContent(true).SuggestionsViewMode(view).Fields(googleapi.Field(reportFields)).Context(ctx).Do()
}

func (r *Report) fault(op string, err error) *fault.Error {
	f, _ := (&Connector{o: r.o}).fault(op, err)
	if answer, ok := errors.AsType[*googleapi.Error](err); ok {
		switch answer.Code {
		case http.StatusNotFound:
			f.Hint = "check scorecard.report.document; if it is right, take the document out of the bin, or share it, as an editor, with the service account's address: it is client_email in google.credentials_file"
		case http.StatusForbidden:
			if f.Reason == fault.Auth {
				f.Hint = r.shareIt()
			}
		}
	}
	return f
}

func (r *Report) shareIt() string {
	return "share the report's document, as an editor, with the service account's address: it is client_email in google.credentials_file"
}

func (r *Report) readOnly() *fault.Error {
	f := fault.New(fault.Permanent, fault.Auth, writeReport, "the document is shared for reading only")
	f.Source = r.o.Source
	return f.WithHint("%s", r.shareIt())
}

// Check says whether the document can be read and written. It writes nothing.
func (r *Report) Check(ctx context.Context) ([]connectors.Finding, error) {
	s, f := r.get(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("check the report: %w", ctx.Err())
	case f != nil:
		return []connectors.Finding{{Level: connectors.LevelError, Topic: "document", Text: f.Error(), Hint: f.Hint}}, nil
	case s.revision == "":
		return []connectors.Finding{
			{Level: connectors.LevelOK, Topic: "document", Text: fmt.Sprintf("%q can be read", s.title)},
			{Level: connectors.LevelError, Topic: "access", Text: "the document is shared for reading only, so the report cannot be written", Hint: r.shareIt()},
		}, nil
	}
	return []connectors.Finding{{Level: connectors.LevelOK, Topic: "document", Text: fmt.Sprintf("%q can be read and written", s.title)}}, nil
}
