// Command lockstep keeps the partners of a cross-sector partnership in step while each keeps its own tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // partnerships have time zones, and a small image or a bare machine may have none

	"github.com/alecthomas/kong"

	"github.com/lockstep-sync/lockstep/sync/fault"
)

// version is set by the linker: -X main.version=v1.2.3.
var version = ""

// The exit codes.
const (
	exitOK      = 0
	exitError   = 1
	exitChanges = 2 // plan: there is something to write
)

// cli is the whole command line: configuration is the file, flags are few.
type cli struct {
	Demo      demoCmd      `cmd:"" help:"Show the main job in a minute: three partners, their tools, the page. Needs nothing."`
	Init      initCmd      `cmd:"" help:"Ask for addresses, look what stands behind them, and write a configuration with comments. Answers may come from standard input, a line each."`
	Run       runCmd       `cmd:"" help:"Run the daemon: keep every partnership of the configuration in step."`
	Once      onceCmd      `cmd:"" help:"Run one cycle and print the report."`
	Plan      planCmd      `cmd:"" help:"Print exactly what a cycle would write, where and why. Writes nothing. Exit code 0: nothing to do, 2: changes, 1: error."`
	Check     checkCmd     `cmd:"" help:"Try every credential, permission, field, status and person against the live tools, and say what to do. Writes nothing."`
	Conflicts conflictsCmd `cmd:"" help:"List the conflicts that wait for people, and settle one."`
	History   historyCmd   `cmd:"" help:"Print what happened: of a task, of a cycle, or the latest."`
	Undo      undoCmd      `cmd:"" help:"Take back what a cycle decided, in every tool, where it still stands."`
	Export    exportCmd    `cmd:"" help:"Write the scorecard as JSON, CSV, Markdown or HTML, now or as of a past day. Asks no tool."`
	Notify    notifyCmd    `cmd:"" help:"Send people what there is to tell them: digests, commitments that slipped. The daemon does so by itself."`
	Passwd    passwdCmd    `cmd:"" help:"Ask for a password, and print the line for auth.users_file."`
	Sandbox   sandboxCmd   `cmd:"" help:"Run only the sandbox servers that stand in for Jira and Google, with a page each to edit on."`
	Version   versionCmd   `cmd:"" help:"Print the version."`
}

//go:generate go test . -run ^TestReferenceIsCurrent$ -update

const description = "Keeps the partners of a cross-sector partnership in step: pulls tasks from Jira and Google Sheets, reconciles them, pushes " +
	"status back into everyone's own tool, and keeps the shared scorecard right."

// env is what a command may use of the outside.
type env struct {
	ctx    context.Context //nolint:containedctx // handed to commands by the parser's binding, and to nothing else
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	lookup func(string) (string, bool)
}

// statusError asks for an exit code without a message.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(env{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, lookup: os.LookupEnv}, os.Args[1:])
	stop()
	os.Exit(code)
}

// run parses the arguments, runs the command, and returns the exit code.
func run(e env, args []string) (code int) {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("lockstep"), kong.Description(description),
		kong.Writers(e.stdout, e.stderr), kong.Exit(func(c int) { exited = c; panic(statusError(c)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Bind(e),
	)
	if err != nil {
		return report(e, err)
	}
	defer func() { // --help asks to exit from within the parser
		if p := recover(); p != nil {
			if _, ok := p.(statusError); !ok {
				panic(p)
			}
			code = exited
		}
	}()
	k, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(e.stderr, "lockstep: %v\nTry: lockstep --help\n", err)
		return exitError
	}
	return report(e, k.Run())
}

// report prints what went wrong, with what to do about it, and returns the exit code.
func report(e env, err error) int {
	var status statusError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	}
	_, _ = fmt.Fprintf(e.stderr, "lockstep: %v\n", err)
	if f := fault.Of(err); f.Hint != "" {
		_, _ = fmt.Fprintf(e.stderr, "  → %s\n", f.Hint)
	}
	return exitError
}

type versionCmd struct{}

// Run implements the command.
func (versionCmd) Run(e env) error {
	_, err := fmt.Fprintln(e.stdout, "lockstep", buildVersion())
	return err
}

// buildVersion is the linker's version, else the module's, else "dev".
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "dev"
}
