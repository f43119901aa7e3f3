package channel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"

	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Matrix is a room on a homeserver, and the token of an account that has joined it. The room must not be encrypted.
type Matrix struct {
	Homeserver, Room string
	Token            secret.Text
}

type matrixSender struct {
	web
	to Matrix
}

// Sender speaks through base; nil is a connection of its own.
func (x Matrix) Sender(base http.RoundTripper) Sender {
	authorize := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+x.Token.Reveal()) }
	return &matrixSender{newWeb(base, "Matrix", authorize, x.Token.Reveal()), x}
}

func (s *matrixSender) Place() string { return "Matrix, room " + s.to.Room }

// Send puts the message under a transaction id that is made of its key, so that the homeserver drops a second one: it is therefore never
// unsure. It is a notice, to which bots do not answer, and mentions nobody.
func (s *matrixSender) Send(ctx context.Context, m Message) (bool, error) {
	m = m.fit()
	sum := sha256.Sum256([]byte(m.Key))
	address, err := url.JoinPath(s.to.Homeserver, "_matrix/client/v3/rooms", url.PathEscape(s.to.Room), "send/m.room.message", "lockstep-"+hex.EncodeToString(sum[:12]))
	if err != nil {
		return false, fault.New(fault.Permanent, fault.Invalid, "send a message to Matrix", "%w", err).WithHint("check homeserver in the configuration")
	}
	_, unsure, err := s.call(transport.Idempotent(ctx), http.MethodPut, address, object{
		"msgtype": "m.notice", "body": m.text(), "format": "org.matrix.custom.html", "formatted_body": m.html(), "m.mentions": object{},
	})
	return unsure, err
}
