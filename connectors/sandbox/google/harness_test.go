package google

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/sandbox/google/discoverycheck"
	"google.golang.org/api/docs/v1"
	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/sheets/v4"
)

// bench is a sandbox behind a real port with the official clients on it. Every exchange of theirs is held against
// Google's discovery documents when the test ends.
type bench struct {
	*testing.T
	srv    *Server
	url    string
	sheets *sheets.Service
	docs   *docs.Service
	drive  *drive.Service
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func newBench(t *testing.T, o Options) *bench {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	b := &bench{T: t, srv: New(o)}
	hs := httptest.NewServer(b.srv)
	t.Cleanup(hs.Close)
	t.Cleanup(b.srv.Close)
	b.url = hs.URL
	dir := apiDir(t)
	client := func(document string) option.ClientOption {
		c, err := discoverycheck.New(filepath.Join(dir, filepath.FromSlash(document)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for _, v := range c.Violations() {
				t.Errorf("against Google's own document: %s", v)
			}
		})
		return option.WithHTTPClient(&http.Client{Transport: c.Wrap(hs.Client().Transport)})
	}
	ctx, noLogin := t.Context(), option.WithoutAuthentication()
	var err error
	if b.sheets, err = sheets.NewService(ctx, option.WithEndpoint(b.url), noLogin, client("sheets/v4/sheets-api.json")); err != nil {
		t.Fatal(err)
	}
	if b.docs, err = docs.NewService(ctx, option.WithEndpoint(b.url), noLogin, client("docs/v1/docs-api.json")); err != nil {
		t.Fatal(err)
	}
	if b.drive, err = drive.NewService(ctx, option.WithEndpoint(b.url+"/drive/v3/"), noLogin, client("drive/v3/drive-api.json")); err != nil {
		t.Fatal(err)
	}
	return b
}

// must fails the test on an error.
func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// batch sends one batchUpdate.
func (b *bench) batch(id string, rs ...*sheets.Request) (*sheets.BatchUpdateSpreadsheetResponse, error) {
	return b.sheets.Spreadsheets.BatchUpdate(id, &sheets.BatchUpdateSpreadsheetRequest{Requests: rs}).Context(b.Context()).Do()
}

// refused checks that err is Google's refusal with the code and message.
func (b *bench) refused(err error, code int, message string) {
	b.Helper()
	var e *googleapi.Error
	if !errors.As(err, &e) {
		b.Fatalf("got %v, want a refusal with %d", err, code)
	}
	if e.Code != code || e.Message != message {
		b.Errorf("got %d %q, want %d %q", e.Code, e.Message, code, message)
	}
}

func str(s string) *sheets.CellData {
	return &sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{StringValue: &s}}
}

func num(f float64) *sheets.CellData {
	return &sheets.CellData{UserEnteredValue: &sheets.ExtendedValue{NumberValue: &f}}
}

func rowOf(cells ...*sheets.CellData) *sheets.RowData { return &sheets.RowData{Values: cells} }
