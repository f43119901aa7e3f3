package app_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestPictures takes the pictures of the demo that the documentation shows: `make pictures`.
func TestPictures(t *testing.T) { //nolint:paralleltest // it is run alone
	dir := os.Getenv("LOCKSTEP_PICTURES")
	if dir == "" {
		t.Skip("LOCKSTEP_PICTURES names no folder to write to")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	a, w := demoApp(t)
	replay(t, a, w)
	if err := w.Disagree(); err != nil {
		t.Fatal(err)
	}
	once(t, a)
	page := httptest.NewServer(a.Handler())
	t.Cleanup(page.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("hide-scrollbars", true))...)
	t.Cleanup(stop)
	ctx, closePage := chromedp.NewContext(ctx)
	t.Cleanup(closePage)
	for _, shot := range []struct {
		name, path, scheme string
	}{
		{"overview", "", "light"}, {"timeline", "/timeline", "light"}, {"burn-up", "/burnup", "dark"},
	} {
		media := chromedp.Func(func(ctx context.Context, tg *chromedp.Target) error {
			var none map[string]any
			return tg.Call(ctx, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": shot.scheme}}}, &none)
		})
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(1440, 1000), media, chromedp.Navigate(page.URL+"/p/clean-water"+shot.path)); err != nil {
			t.Fatal(err)
		}
		b, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, shot.name+".png"), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
