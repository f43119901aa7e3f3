package gsheets

import (
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-sync/lockstep/connectors/google"
	sandbox "github.com/lockstep-sync/lockstep/connectors/sandbox/google"
	"github.com/lockstep-sync/lockstep/connectors/transport"
	"github.com/lockstep-sync/lockstep/sync/task"
)

// BenchmarkPull reads a tab of ten thousand rows and twelve columns. The server works in the same process, so its time is
// in the figures too; peak_MB is the most memory that was in use.
func BenchmarkPull(b *testing.B) {
	const rows = 10_000
	var lines strings.Builder
	lines.WriteString(`{"A":"Title","B":"Partner","C":"Status","D":"Assignee","E":"Due","F":"Start","G":"Priority","H":"Progress",` +
		`"I":"Workstream","J":"Labels","K":"Quick win","L":"Notes"}` + "\n")
	for i := range rows {
		fmt.Fprintf(&lines, `{"A":"Repair water point %d","B":"AquaFund","C":"In progress","D":"Amina Diallo","E":%d,"F":%d,"G":"High",`+
			`"H":0.5,"I":"Water points","J":"kibera, phase-2","K":true,"L":"Waiting for the pump that was ordered in week %d."}`+"\n",
			i, 46000+i%300, 45900+i%300, i%52)
	}
	srv := sandbox.New(sandbox.Options{})
	web := httptest.NewServer(srv)
	defer web.Close()
	id := srv.AddSpreadsheet("Large", "Scorecard")
	if _, err := srv.LoadRows(id, "Scorecard", strings.NewReader(lines.String())); err != nil {
		b.Fatal(err)
	}
	svc, err := NewService(b.Context(), google.Credentials{Endpoint: web.URL}, transport.Options{})
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(Config{
		Spreadsheet: id, Tab: "Scorecard", Scorecard: true, Fields: task.AllFields(), Partners: []Partner{{ID: "aquafund", Name: "AquaFund"}},
	}, svc, Options{KeyPrefix: "CW"})
	if err != nil {
		b.Fatal(err)
	}
	var peak uint64
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
		}
	}()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		snap, err := c.Pull(b.Context(), "")
		if err != nil || len(snap.Records) != rows {
			b.Fatalf("%d records, %v", len(snap.Records), err)
		}
	}
	b.StopTimer()
	close(stop)
	<-done
	b.ReportMetric(float64(peak)/(1<<20), "peak_MB")
}
