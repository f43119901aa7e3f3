// Package browsertest starts a real Chromium for tests that look at pages.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Patience is how long a test waits for what must come about in a browser. It is spent only where a test fails anyway: a busy machine is
// no reason to.
const Patience = 2 * time.Minute

// longest is how long a browser lives: one that hangs is told by name, and not by the end of all tests.
const longest = 8 * time.Minute

// Find is the path of a Chromium. Without one the test skips, visibly; in CI it fails.
func Find(tb testing.TB) string {
	tb.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		tb.Fatal("there is no Chromium, which CI must have: .ci/tools installs it")
	}
	tb.Skip("SKIPPED: no Chromium here; `make tools` installs it")
	return ""
}

// Start starts a browser for a test and those under it, and gives its first tab. It ends with the test, and leaves nothing behind.
func Start(tb testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	tb.Helper()
	path := Find(tb)
	dir, err := os.MkdirTemp("", "browsertest") //nolint:usetesting // a folder of the test may be held by what is left of the browser, and would fail it
	if err != nil {
		tb.Fatal(err)
	}
	// The last that is done: the browser has ended then. What it holds on to all the same is no fault of the test.
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Env("TMPDIR="+dir))
	ctx, stop := chromedp.NewExecAllocator(tb.Context(), append(opts, more...)...)
	tb.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	tb.Cleanup(closeTab)
	ctx, end := context.WithTimeout(ctx, longest)
	tb.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// Until waits for an expression to come true in a tab, and fails the test where it does not.
func Until(ctx context.Context, tb testing.TB, what, expression string) {
	tb.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(Patience))); err != nil {
		tb.Fatalf("it did not come about in the browser: %s: %v", what, err)
	}
}
