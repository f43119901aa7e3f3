package gdocs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/api/docs/v1"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Credentials say how Google is reached: with a service account's key file, or, without a login, at a local endpoint.
type Credentials struct {
	File     string
	Endpoint string
}

const (
	metadataScope = "https://www.googleapis.com/auth/drive.metadata.readonly"
	docTimeout    = 2 * time.Minute // a long document takes Google longer than most calls
	docMaxBody    = 256 << 20       // and is longer than most answers: 500 pages are about 60 MB

	inlineView = "SUGGESTIONS_INLINE"
	plainView  = "PREVIEW_WITHOUT_SUGGESTIONS"
)

// NewService returns the official client over our transport. For a service account each call carries its token; the file
// is read at once, and the error says if it is none of a service account.
func NewService(ctx context.Context, cred Credentials, o transport.Options) (*docs.Service, error) {
	opts, err := dial(ctx, cred, o)
	if err != nil {
		return nil, err
	}
	svc, err := docs.NewService(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the Google client: %w", err)
	}
	return svc, nil
}

// dial is how a client of Google's reaches it over our transport.
func dial(ctx context.Context, cred Credentials, o transport.Options) ([]option.ClientOption, error) {
	if o.Timeout == 0 {
		o.Timeout = docTimeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = docMaxBody
	}
	client := transport.NewClient(o)
	opts := []option.ClientOption{option.WithUserAgent("lockstep")}
	switch {
	case cred.Endpoint != "":
		u, err := url.Parse(cred.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("set up the Google client: the endpoint %q is no web address", cred.Endpoint)
		}
		opts = append(opts, option.WithEndpoint(strings.TrimRight(cred.Endpoint, "/")+"/"))
	case cred.File != "":
		rt, err := htransport.NewTransport(ctx, client.Transport,
			option.WithAuthCredentialsFile(option.ServiceAccount, cred.File), option.WithScopes(docs.DocumentsScope, metadataScope))
		if err != nil {
			return nil, fmt.Errorf("read the service account's key from google.credentials_file: %w", err)
		}
		client = &http.Client{Transport: rt, CheckRedirect: client.CheckRedirect}
	default:
		return nil, errors.New("set up the Google client: give google.credentials_file, or google.endpoint for a local server")
	}
	return append(opts, option.WithHTTPClient(client)), nil
}

// webAddress is where people see the documents of an endpoint.
func webAddress(base string) string {
	if u, err := url.Parse(base); err == nil && u.Host != "" && !strings.HasSuffix(u.Host, "googleapis.com") {
		return strings.TrimRight(base, "/")
	}
	return "https://docs.google.com"
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

// blame are the places of the patches behind the request that an answer names: "Invalid requests[3].insertText: …". Nil
// where it names none.
func blame(err error, owners [][]int) []int {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return nil
	}
	m := regexp.MustCompile(`requests\[(\d+)\]`).FindStringSubmatch(answer.Message)
	if m == nil {
		return nil
	}
	n, e := strconv.Atoi(m[1])
	if e != nil || n >= len(owners) {
		return nil
	}
	return owners[n]
}

// note remembers that we may not write.
func (c *Connector) note(f *fault.Error) {
	if f.Reason == fault.Auth && f.Kind == fault.Permanent {
		c.refused = true
	}
}

// fault classifies a call's error. Uncertain says that a write may have landed all the same.
func (c *Connector) fault(op string, err error) (f *fault.Error, uncertain bool) {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		f, uncertain = transport.FromError(op, err)
		if s := err.Error(); strings.Contains(s, "cannot fetch token") || strings.Contains(s, "invalid_grant") {
			f.Kind, f.Reason = fault.Permanent, fault.Auth
			f.Hint = "Google refused the service account's key: check google.credentials_file, and that neither key nor account was deleted"
			uncertain = false
		}
		if _, broken := errors.AsType[*json.SyntaxError](err); broken {
			f.Kind, f.Reason = fault.Permanent, fault.Invalid
			f.Hint = "the answer is no answer of Google's, such as a login page of a network in between: check google.endpoint and the proxy"
		}
		if f.Source == "" {
			f.Source = c.o.Source
		}
		return f, uncertain
	}
	f = transport.FromResponse(op, &http.Response{StatusCode: answer.Code, Header: answer.Header}, []byte(answer.Body))
	f.Source = c.o.Source
	switch {
	case f.Reason == fault.RateLimited && f.RetryAfter == 0:
		// Google's budgets are counted by the minute, and it does not say when the next one begins.
		now := c.o.Now()
		f.RetryAfter = now.Truncate(time.Minute).Add(time.Minute).Sub(now)
	case answer.Code == http.StatusForbidden && f.Reason == fault.Auth:
		f.Hint = "share the document, as an editor, with the service account's address: it is client_email in google.credentials_file"
	case answer.Code == http.StatusNotFound:
		f.Hint = "check document in the configuration; if it is right, share the document with the service account's address: it is client_email in google.credentials_file"
	}
	return f, transport.UncertainStatus(answer.Code)
}
