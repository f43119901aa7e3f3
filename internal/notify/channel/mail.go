package channel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// Encryption is how a mail server is spoken to.
type Encryption string

// The kinds of encryption.
const (
	STARTTLS Encryption = "starttls" // plain at first, then encrypted or not at all
	TLS      Encryption = "tls"      // encrypted from the first byte
	Plain    Encryption = "none"     // for a server on this machine or behind a tunnel
)

// DefaultPort is where servers take mail that is encrypted so.
func (e Encryption) DefaultPort() int {
	switch e {
	case TLS:
		return 465
	case Plain:
		return 25
	default:
		return 587
	}
}

// Mail is a mail server, and to whom it sends.
type Mail struct {
	Host       string
	Port       int
	Encryption Encryption
	User       string // "" where the server asks for none
	Password   secret.Text
	From       string
	To         []string
}

const mailTimeout = 30 * time.Second

type mailSender struct{ to Mail }

// Sender connects anew for every message.
func (m Mail) Sender() Sender { return &mailSender{m} }

func (s *mailSender) Place() string { return "mail to " + strings.Join(s.to.To, ", ") }

// Send sends one mail to all, as text with HTML beside it.
func (s *mailSender) Send(ctx context.Context, m Message) (bool, error) {
	m = m.fit()
	op := "send a mail through " + s.to.Host
	msg := mail.NewMsg()
	err := errors.Join(msg.From(s.to.From), msg.To(s.to.To...))
	if err != nil {
		return false, fault.New(fault.Permanent, fault.Invalid, op, "%w", err).WithHint("check from and to in the configuration")
	}
	msg.Subject(m.Title)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // so that nobody's out-of-office answers
	msg.SetBodyString(mail.TypeTextPlain, m.text())
	msg.AddAlternativeString(mail.TypeTextHTML, m.html())
	client, err := s.client()
	if err != nil {
		return false, fault.New(fault.Permanent, fault.Invalid, op, "%w", err).WithHint("check host and port in the configuration")
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		return s.explain(op, err, msg.IsDelivered())
	}
	return false, nil
}

func (s *mailSender) client() (*mail.Client, error) {
	opts := []mail.Option{mail.WithPort(s.to.Port), mail.WithTimeout(mailTimeout)}
	switch s.to.Encryption {
	case TLS:
		opts = append(opts, mail.WithSSL())
	case Plain:
		opts = append(opts, mail.WithTLSPolicy(mail.NoTLS))
	default:
		opts = append(opts, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if s.to.User != "" {
		auth := mail.SMTPAuthAutoDiscover
		if s.to.Encryption == Plain {
			auth = mail.SMTPAuthPlainNoEnc // the configuration says that the way to the server is safe
		}
		opts = append(opts, mail.WithSMTPAuth(auth), mail.WithUsername(s.to.User), mail.WithPassword(s.to.Password.Reveal()))
	}
	return mail.NewClient(s.to.Host, opts...)
}

// explain tells what an error means. Delivered: the server has the mail, and only the good-bye went wrong.
func (s *mailSender) explain(op string, err error, delivered bool) (unsure bool, _ error) {
	if delivered {
		return false, nil
	}
	text := err.Error()
	if s.to.Password.Reveal() != "" {
		text = strings.ReplaceAll(text, s.to.Password.Reveal(), "[redacted]")
	}
	text = harmless(text, maxText)
	f := fault.New(fault.Retryable, fault.Unavailable, op, "%s", text)
	var send *mail.SendError
	var dns *net.DNSError
	switch {
	case errors.As(err, &send):
		if !send.IsTemp() && send.ErrorCode() >= 500 {
			f = fault.New(fault.Permanent, fault.Invalid, op, "%s", text).WithHint("the server refuses the mail: check from, to, user and password")
		}
		if send.ErrorCode() == 0 && (send.Reason == mail.ErrSMTPDataClose || send.Reason == mail.ErrWriteContent) {
			unsure = true // the connection broke after the text went out
		}
	case errors.As(err, &dns):
		f = f.WithHint("%s", fmt.Sprintf("the name %s is not known: check host", s.to.Host))
	case strings.Contains(text, "535"), strings.Contains(strings.ToLower(text), "auth"):
		f = fault.New(fault.Permanent, fault.Auth, op, "%s", text).WithHint("the server does not take the login: check user and password")
	}
	return unsure, f
}
