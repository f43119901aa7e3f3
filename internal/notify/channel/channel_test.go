package channel_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/lockstep-sync/lockstep/internal/notify/channel"
	"github.com/lockstep-sync/lockstep/internal/secret"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// hostile is what somebody may call a task.
const hostile = "<!channel> <script>alert(1)</script> @room [x](http://evil) *b* \u202egnp.exe\x00\x1b[31m\r\nBcc: all@example.org"

func message() channel.Message {
	lines := make([]channel.Line, 25)
	for i := range lines {
		lines[i] = channel.Line{Label: "CW-" + strconv.Itoa(i+1), URL: "https://lockstep.example.org/p/cw/t/CW-" + strconv.Itoa(i+1), Text: hostile}
	}
	lines[0].Text += strings.Repeat("long ", 2000)
	return channel.Message{
		Key: "k", Title: hostile, URL: "https://lockstep.example.org/p/cw", Parts: []channel.Part{{Heading: "Commitments that slipped", Lines: lines}, {Heading: "Tools", Lines: []channel.Line{{Text: "plain"}}}},
	}
}

// tool is a server that answers as told, and keeps what it was sent.
type tool struct {
	*httptest.Server

	mu     sync.Mutex
	status int
	answer string
	header http.Header
	got    []got
}

type got struct {
	method, path, auth string
	body               []byte
}

func newTool(t *testing.T, status int, answer string) *tool {
	t.Helper()
	x := &tool{status: status, answer: answer, header: http.Header{}}
	x.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		x.mu.Lock()
		defer x.mu.Unlock()
		x.got = append(x.got, got{r.Method, r.URL.EscapedPath(), r.Header.Get("Authorization"), body})
		maps.Copy(w.Header(), x.header)
		w.WriteHeader(x.status)
		_, _ = io.WriteString(w, x.answer)
	}))
	t.Cleanup(x.Close)
	return x
}

func (x *tool) only(t *testing.T) got {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.got) != 1 {
		t.Fatalf("%d requests; want one", len(x.got))
	}
	return x.got[0]
}

// texts are all strings in JSON.
func texts(t *testing.T, data []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var out []string
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			out = append(out, v)
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(v)
	return out
}

// harmless checks what holds of every text that leaves: nothing turns it around or breaks out of its line.
func harmless(t *testing.T, all []string) {
	t.Helper()
	for _, s := range all {
		if strings.ContainsAny(s, "\x00\x1b\r\u202e") {
			t.Errorf("a control character leaves in %q", s)
		}
	}
}

func TestSlack(t *testing.T) {
	t.Parallel()
	x := newTool(t, http.StatusOK, "ok")
	if unsure, err := (channel.Slack{Webhook: secret.New(x.URL + "/services/T0/B0/key")}).Sender(nil).Send(t.Context(), message()); err != nil || unsure {
		t.Fatal(err)
	}
	r := x.only(t)
	harmless(t, texts(t, r.body))
	var m struct {
		Text   string
		Blocks []struct {
			Type     string
			Text     struct{ Type, Text string }
			Elements []struct {
				Type     string
				Elements []json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(m.Text, "<>") || !strings.Contains(m.Text, "&lt;!channel&gt;") {
		t.Errorf("the fallback is markup: %q", m.Text)
	}
	if len(m.Blocks) != 4 || m.Blocks[0].Type != "header" || m.Blocks[0].Text.Type != "plain_text" || len([]rune(m.Blocks[0].Text.Text)) > 150 {
		t.Fatalf("blocks are %+v", m.Blocks)
	}
	list := m.Blocks[1].Elements[1]
	if m.Blocks[1].Type != "rich_text" || list.Type != "rich_text_list" || len(list.Elements) != 21 {
		t.Errorf("the list has %d items; want 20 and one that counts the rest", len(list.Elements))
	}
	for _, e := range list.Elements {
		for _, kind := range []string{`"type":"broadcast"`, `"type":"user"`, `"type":"usergroup"`, `"mrkdwn"`} {
			if strings.Contains(string(e), kind) {
				t.Errorf("a title has become %s", kind)
			}
		}
	}
	if !strings.Contains(string(list.Elements[20]), "and 5 more") {
		t.Errorf("the last item is %s", list.Elements[20])
	}
}

func TestTeams(t *testing.T) {
	t.Parallel()
	x := newTool(t, http.StatusAccepted, "")
	if unsure, err := (channel.Teams{Webhook: secret.New(x.URL + "/workflows/1?sig=key")}).Sender(nil).Send(t.Context(), message()); err != nil || unsure {
		t.Fatal(err)
	}
	r := x.only(t)
	harmless(t, texts(t, r.body))
	if len(r.body) > 28<<10 {
		t.Errorf("the card has %d bytes; Teams takes 28 KB", len(r.body))
	}
	if strings.Contains(string(r.body), `"TextBlock"`) {
		t.Error("a text block, in which titles are Markdown")
	}
	var m struct {
		Type        string
		Attachments []struct {
			ContentType string
			Content     struct {
				Type, Version string
				Body          []struct{ Type string }
				Actions       []struct{ Type, URL string }
			}
		}
	}
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatal(err)
	}
	if m.Type != "message" || len(m.Attachments) != 1 || m.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" {
		t.Fatalf("%+v", m)
	}
	if c := m.Attachments[0].Content; c.Type != "AdaptiveCard" || c.Version != "1.4" || len(c.Actions) != 1 || c.Actions[0].URL != "https://lockstep.example.org/p/cw" {
		t.Errorf("the card is %+v", c)
	}
}

// TestAWholePageFits: of whatever is told, as much is sent as Teams takes.
func TestAWholePageFits(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat("<&>", 300), strings.Repeat("é", 500), strings.Repeat(`"\`, 300), "short"} {
		m := channel.Message{Title: text, URL: "https://lockstep.example.org/p/cw"}
		for range 8 {
			p := channel.Part{Heading: text}
			for range 40 {
				p.Lines = append(p.Lines, channel.Line{Label: "CW-1", URL: "https://lockstep.example.org/p/clean-water/t/CW-1", Text: text})
			}
			m.Parts = append(m.Parts, p)
		}
		x := newTool(t, http.StatusAccepted, "")
		if _, err := (channel.Teams{Webhook: secret.New(x.URL)}).Sender(nil).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if n := len(x.only(t).body); n > 28<<10 || n < 16<<10 {
			t.Errorf("%.10s…: the card has %d bytes; Teams takes 28 KB", text, n)
		}
	}
}

func TestMatrix(t *testing.T) {
	t.Parallel()
	x := newTool(t, http.StatusOK, `{"event_id":"$1"}`)
	s := channel.Matrix{Homeserver: x.URL, Room: "!abc:example.org", Token: secret.New("s3cret")}.Sender(nil)
	if unsure, err := s.Send(t.Context(), message()); err != nil || unsure {
		t.Fatal(err)
	}
	r := x.only(t)
	harmless(t, texts(t, r.body))
	if r.method != http.MethodPut || !strings.HasPrefix(r.path, "/_matrix/client/v3/rooms/%21abc:example.org/send/m.room.message/lockstep-") || r.auth != "Bearer s3cret" {
		t.Errorf("%s %s with %q", r.method, r.path, r.auth)
	}
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		t.Fatal(err)
	}
	formatted, _ := m["formatted_body"].(string)
	if m["msgtype"] != "m.notice" || strings.Contains(formatted, "<script") || !strings.Contains(formatted, "&lt;script&gt;") {
		t.Errorf("the message is %v", m)
	}
	if mentions, ok := m["m.mentions"].(map[string]any); !ok || len(mentions) != 0 {
		t.Errorf("it mentions %v", m["m.mentions"])
	}
	// The same message again goes under the same id, for the homeserver to drop it.
	if _, err := s.Send(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	other := message()
	other.Key = "another"
	if _, err := s.Send(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if x.got[1].path != r.path || x.got[2].path == r.path {
		t.Error("ids do not follow the message's key")
	}
}

// TestWhatGoesWrong: the error says what to do, shows no secret, and says when the message may have arrived.
func TestWhatGoesWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status         int
		answer         string
		retryable      bool
		unsure         bool
		reason         fault.Reason
		slackOnly      bool
		hint, inAnswer string
	}{
		{status: 404, answer: "no_service", reason: fault.NotFound, hint: "make a new one in", inAnswer: "no_service"},
		{status: 403, answer: "action_prohibited", reason: fault.Auth, hint: "make a new one in"},
		{status: 400, answer: "invalid_payload", reason: fault.Invalid},
		{status: 429, answer: "", retryable: true, reason: fault.RateLimited},
		{status: 502, answer: "", retryable: true, unsure: true, reason: fault.Unavailable},
		{status: 302, answer: "", reason: fault.Invalid},
		{status: 200, answer: "<html>log in</html>", reason: fault.Invalid, slackOnly: true, hint: "incoming webhook"},
	} {
		for _, teams := range []bool{false, true} {
			if teams && c.slackOnly {
				continue
			}
			t.Run(fmt.Sprintf("%d teams %v", c.status, teams), func(t *testing.T) {
				t.Parallel()
				x := newTool(t, c.status, c.answer)
				x.header.Set("Retry-After", "120")
				address := secret.New(x.URL + "/services/s3cretpath?sig=s3cretquery")
				s := channel.Slack{Webhook: address}.Sender(nil)
				if teams {
					s = channel.Teams{Webhook: address}.Sender(nil)
				}
				unsure, err := s.Send(t.Context(), message())
				f := fault.Of(err)
				if err == nil || unsure != c.unsure || f.Reason != c.reason || (f.Kind == fault.Retryable) != c.retryable {
					t.Fatalf("unsure %v, kind %v, reason %v: %v", unsure, f.Kind, f.Reason, err)
				}
				if !strings.Contains(f.Hint, c.hint) || !strings.Contains(err.Error(), c.inAnswer) {
					t.Errorf("%v (hint %q) does not say %q, %q", err, f.Hint, c.hint, c.inAnswer)
				}
				if c.status == 429 && f.RetryAfter.Seconds() != 120 {
					t.Errorf("wait %v; want 2 minutes", f.RetryAfter)
				}
				if strings.Contains(err.Error()+f.Hint, "s3cret") {
					t.Errorf("a secret shows: %v", err)
				}
				x.only(t)
			})
		}
	}
	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		x := newTool(t, 200, "ok")
		x.Close()
		unsure, err := channel.Slack{Webhook: secret.New(x.URL + "/s3cretpath")}.Sender(nil).Send(t.Context(), message())
		if err == nil || unsure || strings.Contains(err.Error(), "s3cret") || fault.Of(err).Kind != fault.Retryable {
			t.Errorf("unsure %v, %v", unsure, err)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		taken := make(chan struct{})
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			close(taken)
			<-r.Context().Done()
		}))
		defer srv.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-taken; cancel() }()
		unsure, err := channel.Teams{Webhook: secret.New(srv.URL + "/s3cretpath")}.Sender(nil).Send(ctx, message())
		if err == nil || !unsure || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("unsure %v, %v", unsure, err)
		}
	})
}

// post is a mail server that answers each command as told; "" is as a server does.
type post struct {
	net.Listener

	replies map[string]string // by the command's first word; "." is the end of the text
	mu      sync.Mutex
	text    string
	rcpts   []string
}

func newPost(t *testing.T, replies map[string]string) *post {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &post{Listener: l, replies: replies}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); wg.Wait() })
	return p
}

func (p *post) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in := bufio.NewScanner(c)
	say := func(word, normally string) bool {
		if r := p.replies[word]; r == "hang up" {
			return false
		} else if r != "" {
			normally = r
		}
		_, err := io.WriteString(c, normally+"\r\n")
		return err == nil
	}
	if !say("HELLO", "220 post") {
		return
	}
	for in.Scan() {
		word, rest, _ := strings.Cut(in.Text(), " ")
		var ok bool
		switch word = strings.ToUpper(word); word {
		case "EHLO":
			ok = say(word, "250-post\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME")
		case "AUTH":
			ok = say(word, "235 welcome")
		case "RCPT":
			p.mu.Lock()
			p.rcpts = append(p.rcpts, rest)
			p.mu.Unlock()
			ok = say(word, "250 ok")
		case "DATA":
			ok = say(word, "354 go on")
			if !ok || p.replies[word] != "" {
				break
			}
			for in.Scan() && in.Text() != "." {
				p.mu.Lock()
				p.text += in.Text() + "\n"
				p.mu.Unlock()
			}
			ok = say(".", "250 taken")
		case "QUIT":
			_ = say(word, "221 bye")
			return
		default:
			ok = say(word, "250 ok")
		}
		if !ok {
			return
		}
	}
}

func (p *post) mail(t *testing.T) channel.Mail {
	t.Helper()
	_, port, err := net.SplitHostPort(p.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return channel.Mail{
		Host: "127.0.0.1", Port: n, Encryption: channel.Plain, User: "lockstep", Password: secret.New("s3cret"), From: "lockstep@example.org",
		To: []string{"board@example.org", "amina@example.org"},
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	p := newPost(t, nil)
	if unsure, err := p.mail(t).Sender().Send(t.Context(), message()); err != nil || unsure {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.rcpts) != 2 {
		t.Errorf("it went to %q", p.rcpts)
	}
	head, body, _ := strings.Cut(p.text, "\n\n")
	if strings.Contains(strings.ToLower(head), "\nbcc:") || !strings.Contains(head, "Auto-Submitted: auto-generated") {
		t.Errorf("the head is\n%s", head)
	}
	text, html, ok := strings.Cut(body, "text/html")
	if !ok || !strings.Contains(text, "text/plain") || strings.Contains(html, "<script") || !strings.Contains(html, "CW-20") {
		t.Errorf("the body is\n%s", body[:min(len(body), 2000)])
	}
}

func TestMailGoesWrong(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		replies map[string]string
		unsure  bool
		kind    fault.Kind
		hint    string
	}{
		{"wrong password", map[string]string{"AUTH": "535 5.7.8 no"}, false, fault.Permanent, "user and password"},
		{"refused sender", map[string]string{"MAIL": "550 5.1.0 who are you"}, false, fault.Permanent, "check from"},
		{"greylisted", map[string]string{"RCPT": "451 4.7.1 later"}, false, fault.Retryable, ""},
		{"refused text", map[string]string{".": "554 5.7.1 spam"}, false, fault.Permanent, "check from"},
		{"breaks off at the greeting", map[string]string{"HELLO": "hang up"}, false, fault.Retryable, ""},
		{"breaks off after the text", map[string]string{".": "hang up"}, true, fault.Retryable, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			unsure, err := newPost(t, c.replies).mail(t).Sender().Send(t.Context(), message())
			f := fault.Of(err)
			if err == nil || unsure != c.unsure || f.Kind != c.kind || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("unsure %v, kind %s, hint %q: %v", unsure, f.Kind, f.Hint, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the password shows: %v", err)
			}
		})
	}
	t.Run("the good-bye alone", func(t *testing.T) {
		t.Parallel()
		if unsure, err := newPost(t, map[string]string{"QUIT": "500 no"}).mail(t).Sender().Send(t.Context(), message()); err != nil || unsure {
			t.Errorf("the server has the mail, and yet: %v", err)
		}
	})
	t.Run("no encryption where it is asked for", func(t *testing.T) {
		t.Parallel()
		p := newPost(t, nil)
		m := p.mail(t)
		m.Encryption = channel.STARTTLS
		if _, err := m.Sender().Send(t.Context(), message()); err == nil || p.text != "" {
			t.Errorf("a mail went out in the clear: %v", err)
		}
	})
}

func TestCheckAddress(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://hooks.slack.com/services/T/B/x": true, "http://127.0.0.1:8065/hooks/1": true, "http://[::1]/x": true, "http://localhost/x": true,
		"http://hooks.slack.com/x": false, "hooks.slack.com/x": false, "ftp://x/y": false, "https://me:pass@host/x": false, "https://": false, "http://localhost.evil.org/": false,
	} {
		if err := channel.CheckAddress(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTextHasItAll(t *testing.T) {
	t.Parallel()
	text := message().Text()
	harmless(t, strings.Split(text, "\n"))
	for _, want := range []string{"Commitments that slipped\n- CW-1 ", "  https://lockstep.example.org/p/cw/t/CW-2\n", "  and 5 more\n", "Tools\n- plain\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
