// Package google is what the connectors of Google's services share: how Google is reached, what its errors mean, and what Drive tells of
// the files that spreadsheets and documents are.
package google

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"github.com/lockstep-sync/lockstep/connectors/transport"
)

// Credentials say how Google is reached: with a service account's key file, or, without a login, at a local endpoint.
type Credentials struct {
	File     string
	Endpoint string
}

const (
	metadataScope = "https://www.googleapis.com/auth/drive.metadata.readonly"

	// A large file takes Google longer than most calls, and is longer than most answers: ten thousand rows of twelve columns are about
	// 20 MB, 500 pages of a document about 60.
	timeout = 2 * time.Minute
	maxBody = 256 << 20
)

// Dial is what an official client needs to go through our transport, with a service's scope and, of a local endpoint, its path: "" or
// "drive/v3/". For a service account each call carries its token; the file is read at once, and the error says if it is none of a
// service account. The options' zero timeout and longest answer are those of large files.
func Dial(ctx context.Context, cred Credentials, scope, path string, o transport.Options) ([]option.ClientOption, error) {
	if o.Timeout == 0 {
		o.Timeout = timeout
	}
	if o.MaxBody == 0 {
		o.MaxBody = maxBody
	}
	client := transport.NewClient(o)
	opts := []option.ClientOption{option.WithUserAgent("lockstep")}
	switch {
	case cred.Endpoint != "":
		u, err := url.Parse(cred.Endpoint)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("set up the Google client: the endpoint %q is no web address", cred.Endpoint)
		}
		opts = append(opts, option.WithEndpoint(strings.TrimRight(cred.Endpoint, "/")+"/"+path))
	case cred.File != "":
		rt, err := htransport.NewTransport(ctx, client.Transport,
			option.WithAuthCredentialsFile(option.ServiceAccount, cred.File), option.WithScopes(scope, metadataScope))
		if err != nil {
			return nil, fmt.Errorf("read the service account's key from google.credentials_file: %w", err)
		}
		client = &http.Client{Transport: rt, CheckRedirect: client.CheckRedirect}
	default:
		return nil, errors.New("set up the Google client: give google.credentials_file, or google.endpoint for a local server")
	}
	return append(opts, option.WithHTTPClient(client)), nil
}

// Web is where people see the files of a service's address: Google's own site, or the endpoint itself where that is local.
func Web(base string) string {
	if u, err := url.Parse(base); err == nil && u.Host != "" && !strings.HasSuffix(u.Host, "googleapis.com") {
		return strings.TrimRight(base, "/")
	}
	return "https://docs.google.com"
}
