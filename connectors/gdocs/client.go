package gdocs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/api/docs/v1"
	"google.golang.org/api/googleapi"

	"github.com/lockstep-sync/lockstep/connectors/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

const (
	inlineView = "SUGGESTIONS_INLINE"
	plainView  = "PREVIEW_WITHOUT_SUGGESTIONS"
)

// NewService returns the official client over our transport: see google.Dial.
func NewService(ctx context.Context, cred google.Credentials, o transport.Options) (*docs.Service, error) {
	opts, err := google.Dial(ctx, cred, docs.DocumentsScope, "", o)
	if err != nil {
		return nil, err
	}
	svc, err := docs.NewService(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the Google client: %w", err)
	}
	return svc, nil
}

// address leads a person to the tab that holds the table.
func (c *Connector) address(tab string) string {
	return fmt.Sprintf("%s/document/d/%s/edit?tab=%s", c.web, url.PathEscape(c.cfg.Document), url.QueryEscape(tab))
}

// wanted is what is asked for of a document, and nothing else: an answer with every style is several times as long. Tabs lie up
// to three deep. Of an element whose kind is not named only the place is told, which is enough to leave it alone.
func wanted() googleapi.Field {
	const (
		where    = "startIndex,endIndex"
		suggest  = "suggestedInsertionIds,suggestedDeletionIds"
		elements = "elements(" + where + ",textRun(content," + suggest + "),person(personProperties," + suggest + ")," +
			"dateElement(dateElementProperties," + suggest + "),dropdown(dropdownId,dropdownProperties," + suggest + ")," +
			"richLink(richLinkProperties(title)," + suggest + "))"
		cell = "tableCells(" + where + "," + suggest + ",tableCellStyle(rowSpan,columnSpan)," +
			"content(paragraph(" + elements + "),table(rows)))"
		body = "body(content(" + where + ",paragraph(paragraphStyle(namedStyleType)," + elements + ")," +
			"table(tableRows(" + where + "," + suggest + "," + cell + "))))"
		tab = "tabProperties(tabId),documentTab(namedRanges,dropdownDefinitions," + body + ")"
	)
	return "revisionId,title,suggestions(suggestionId,status,headPost(author(me)))," +
		"tabs(" + tab + ",childTabs(" + tab + ",childTabs(" + tab + ")))"
}

// get reads the document in one request, or in two where what we may see has changed. The error is a fault.
func (c *Connector) get(ctx context.Context, op string) (*paper, *fault.Error) {
	d, err := c.fetch(ctx, c.view())
	if forbidden(err) && !c.plain {
		// Whoever may only read does not see what is suggested.
		c.plain = true
		if d, err = c.fetch(ctx, c.view()); err != nil {
			c.plain = false
		}
	}
	if err == nil && c.plain && d.RevisionId != "" {
		// Only who may edit is told a revision: the document was shared with us as an editor since. Places in the text are others
		// when what is suggested stands in it.
		c.plain = false
		d, err = c.fetch(ctx, c.view())
	}
	if err != nil {
		f, _ := c.fault(op, err) //nolint:contextcheck // the answer is here: nothing is sent
		return nil, f
	}
	p := readPaper(d)
	c.viewer = p.revision == ""
	if !c.viewer {
		c.refused = false
	}
	return p, nil
}

// view is how the document is asked for.
func (c *Connector) view() string {
	if c.plain {
		return plainView
	}
	return inlineView
}

func (c *Connector) fetch(ctx context.Context, view string) (*docs.Document, error) {
	call := c.svc.Documents.Get(c.cfg.Document).IncludeTabsContent(true).SuggestionsViewMode(view).Fields(wanted())
	if c.cfg.Suggest && view == inlineView {
		call = call.CommentsViewMode("COMMENTS_VIEW_MODE_INCLUDED") // it says which suggestions are ours
	}
	return call.Context(ctx).Do()
}

func forbidden(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusForbidden
}

// staleRevision reports that a write was refused because the document was edited since it was read.
func staleRevision(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusBadRequest &&
		(strings.Contains(answer.Body, "FAILED_PRECONDITION") || strings.Contains(strings.ToLower(answer.Message), "revision"))
}

// note remembers that we may not write.
func (c *Connector) note(f *fault.Error) {
	if f.Reason == fault.Auth && f.Kind == fault.Permanent {
		c.refused = true
	}
}

func (c *Connector) faults() google.Faults {
	return google.Faults{Source: c.o.Source, Kind: "document", Now: c.o.Now}
}

// fault classifies a call's error. Uncertain says that a write may have landed all the same.
func (c *Connector) fault(op string, err error) (f *fault.Error, uncertain bool) {
	return c.faults().Of(op, err)
}
