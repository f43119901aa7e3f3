package app_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/lockstep-sync/lockstep/internal/browsertest"
)

// TestPictures takes the pictures of the demo that the documentation shows: `make pictures`.
func TestPictures(t *testing.T) { //nolint:paralleltest // it is run alone
	dir := os.Getenv("LOCKSTEP_PICTURES")
	if dir == "" {
		t.Skip("LOCKSTEP_PICTURES names no folder to write to")
	}
	a, w := demoApp(t)
	replay(t, a, w)
	if err := w.Disagree(); err != nil {
		t.Fatal(err)
	}
	once(t, a)
	page := httptest.NewServer(a.Handler())
	t.Cleanup(page.Close)
	ctx := browsertest.Start(t, chromedp.Flag("hide-scrollbars", true))
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
