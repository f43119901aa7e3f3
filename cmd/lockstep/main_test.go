package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// asCommand makes the test binary be the command itself, for tests that need a process: for signals, and for what is left behind.
const asCommand = "LOCKSTEP_TEST_AS_COMMAND"

// patience is how long a test waits for something that must happen; it decides nothing but how long a failure takes.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main() // exits
	}
	flag.Bool("update", false, "write docs/reference/commands.md anew")
	flag.Parse()
	os.Exit(m.Run())
}

// said is what a command printed, and its exit code.
type said struct {
	code     int
	out, err string
}

// lockstep runs a command in this process.
func lockstep(t *testing.T, args ...string) said {
	t.Helper()
	return lockstepIn(t.Context(), args...)
}

func lockstepIn(ctx context.Context, args ...string) said {
	return answered(ctx, "", args...)
}

// answered runs a command in this process, with answers on its standard input.
func answered(ctx context.Context, answers string, args ...string) said {
	var out, errs bytes.Buffer
	code := run(env{ctx: ctx, stdin: strings.NewReader(answers), stdout: &out, stderr: &errs, lookup: func(string) (string, bool) { return "", false }}, args)
	return said{code, out.String(), errs.String()}
}

// wants fails the test unless the exit code is right and both texts hold the words.
func (s said) wants(t *testing.T, code int, out, errs string) {
	t.Helper()
	if s.code != code || !strings.Contains(s.out, out) || !strings.Contains(s.err, errs) {
		t.Errorf("exit code %d, want %d; want %q in what it prints and %q among its errors.\nprinted:\n%s\nerrors:\n%s", s.code, code, out, errs, s.out, s.err)
	}
}

// process is a running command.
type process struct {
	cmd   *exec.Cmd
	mu    sync.Mutex
	lines []string
	more  chan struct{}
	ended chan struct{}
	err   error
}

// start starts a command as a process of its own. What it prints, on either stream, is in lines.
func start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return launch(t, exe, environ, args...)
}

// launch starts a program that is, or that becomes, the command.
func launch(t *testing.T, exe string, environ []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(exe, args...), more: make(chan struct{}, 1), ended: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), asCommand+"=1"), environ...)
	r, w := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = w, w
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		sc := bufio.NewScanner(r)
		sc.Buffer(nil, 16<<20)
		for sc.Scan() {
			p.mu.Lock()
			p.lines = append(p.lines, sc.Text())
			p.mu.Unlock()
			select {
			case p.more <- struct{}{}:
			default:
			}
		}
		_, _ = io.Copy(io.Discard, r)
	}()
	go func() {
		p.err = p.cmd.Wait()
		_ = w.Close()
		close(p.ended)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.lines, "\n")
}

// waits until the process has printed the words at least n times, and returns the last line that has them.
func (p *process) waits(t *testing.T, words string, n int) string {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		seen, last := 0, ""
		for _, l := range p.lines {
			if strings.Contains(l, words) {
				seen, last = seen+1, l
			}
		}
		p.mu.Unlock()
		if seen >= n {
			return last
		}
		select {
		case <-p.more:
		case <-p.ended:
			t.Fatalf("it ended (%v) before it printed %q %d times:\n%s", p.err, words, n, p.text())
		case <-deadline.C:
			t.Fatalf("it never printed %q %d times:\n%s", words, n, p.text())
		}
	}
}

// stop sends the signal and returns the exit code.
func (p *process) stop(t *testing.T, s os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return p.end(t)
}

// end waits for the process to end by itself and returns the exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("it did not end:\n%s", p.text())
	}
	return p.cmd.ProcessState.ExitCode()
}

// get is the answer of an address: status and body.
func get(t *testing.T, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// write writes a file in the place of the old one, as editors do, and returns its path.
func write(t *testing.T, path, text string) string {
	t.Helper()
	next := path + ".next"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHelp(t *testing.T) {
	t.Parallel()
	lockstep(t, "--help").wants(t, exitOK, "Keeps the partners of a cross-sector partnership in step", "")
	for command, words := range map[string]string{
		"demo": "--once", "run": "--config", "once": "--approve", "plan": "0: nothing to do, 2: changes, 1: error", "sandbox": "--jira-issues", "version": "Print the version",
	} {
		lockstep(t, command, "--help").wants(t, exitOK, words, "")
		if all := lockstep(t, "--help"); !strings.Contains(all.out, "\n  "+command) {
			t.Errorf("--help does not list %s:\n%s", command, all.out)
		}
	}
	lockstep(t, "version").wants(t, exitOK, "lockstep ", "")
}

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	for args, words := range map[string]string{
		"":                             "expected one of",
		"frobnicate":                   "unexpected argument frobnicate",
		"plan --colour":                "unknown flag --colour",
		"once --approve":               "--approve",
		"demo --once=perhaps":          "--once",
		"plan extra":                   "unexpected argument extra",
		"sandbox --jira-issues nofile": "nofile",
		"sandbox --quota many":         "--quota",
	} {
		got := lockstep(t, strings.Fields(args)...)
		got.wants(t, exitError, "", words)
		if got.out != "" || !strings.Contains(got.err, "lockstep --help") {
			t.Errorf("lockstep %s: printed %q, errors %q", args, got.out, got.err)
		}
	}
}

func TestConfigurationThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.yaml")
	wrong := write(t, filepath.Join(dir, "wrong.yaml"), "listen: 127.0.0.1:0\nstroe: sqlite:x.db\n")
	empty := write(t, filepath.Join(dir, "empty.yaml"), "")
	for _, command := range []string{"run", "plan", "once"} {
		lockstep(t, command, "--config", missing).wants(t, exitError, "", missing)
		lockstep(t, command, "--config", wrong).wants(t, exitError, "", "wrong.yaml:2:1")
		lockstep(t, command, "--config", wrong).wants(t, exitError, "", "store")
		lockstep(t, command, "--config", empty).wants(t, exitError, "", "empty.yaml")
		lockstep(t, command, "--config", dir).wants(t, exitError, "", dir)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("something was left behind: %v %v", entries, err)
	}
}
