package google

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/drive/v3"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"
)

func TestDriveFilesAreMadeFoundChangedAndDeleted(t *testing.T) {
	t.Parallel()
	now := noon
	b := newBench(t, Options{Now: func() time.Time { now = now.Add(time.Second); return now }})
	made, err := b.drive.Files.Create(&drive.File{Name: "Plan", MimeType: spreadsheetType}).Context(t.Context()).Do()
	b.must(err)
	_, err = b.sheets.Spreadsheets.Values.Update(made.Id, "A1", &sheets.ValueRange{Values: [][]any{{"a, b", "c"}, {`"q"`}}}).
		ValueInputOption("RAW").Context(t.Context()).Do()
	b.must(err)
	copied, err := b.drive.Files.Copy(made.Id, &drive.File{}).Fields("id,name,mimeType,version").Context(t.Context()).Do()
	b.must(err)
	if copied.Name != "Copy of Plan" || copied.Version != 1 || b.srv.Cell(copied.Id, "Sheet1", "A1") != "a, b" {
		t.Errorf("the copy is %+v", copied)
	}
	doc := b.srv.AddDocument("Notes of Plan", "text")
	other := b.srv.AddSpreadsheet("It's private")
	b.must(b.srv.Unshare(other))
	_, err = b.drive.Files.Update(made.Id, &drive.File{Name: "Plan B's"}).Context(t.Context()).Do()
	b.must(err)

	find := func(q string) string {
		t.Helper()
		var names []string
		err := b.drive.Files.List().Q(q).PageSize(1).OrderBy("modifiedTime desc").Fields("nextPageToken,files(id,name)").
			Pages(t.Context(), func(l *drive.FileList) error {
				for _, f := range l.Files {
					names = append(names, f.Name)
				}
				return nil
			})
		b.must(err)
		return strings.Join(names, "|")
	}
	for q, want := range map[string]string{
		"": "Plan B's|Notes of Plan|Copy of Plan", "mimeType='" + spreadsheetType + "'": "Plan B's|Copy of Plan",
		`name = "Copy of Plan" and trashed = false`: "Copy of Plan", `name contains 'plan b'`: "Plan B's", `name = 'Plan B\'s'`: "Plan B's",
		"trashed=true": "", "mimeType != '" + spreadsheetType + "'": "Notes of Plan",
	} {
		if got := find(q); got != want {
			t.Errorf("%s finds %q, want %q", q, got, want)
		}
	}
	resp, err := b.drive.Files.Export(made.Id, "text/csv").Context(t.Context()).Download()
	b.must(err)
	text, err := io.ReadAll(resp.Body)
	b.must(err)
	b.must(resp.Body.Close())
	if string(text) != "\"a, b\",c\r\n\"\"\"q\"\"\"," {
		t.Errorf("exported as %q", text)
	}
	_, err = b.drive.Files.Update(copied.Id, &drive.File{Trashed: true}).Context(t.Context()).Do()
	b.must(err)
	if got := find("trashed = true"); got != "Copy of Plan" {
		t.Errorf("in the bin: %q", got)
	}
	b.must(b.drive.Files.Delete(copied.Id).Context(t.Context()).Do())
	_, err = b.sheets.Spreadsheets.Get(copied.Id).Context(t.Context()).Do()
	b.refused(err, 404, "Requested entity was not found.")

	b.refused(b.drive.Files.Delete(other).Context(t.Context()).Do(), 404, "File not found: "+other+".")
	b.must(b.srv.ReadOnly(made.Id))
	err = b.drive.Files.Delete(made.Id).Context(t.Context()).Do()
	b.refused(err, 403, "The user does not have sufficient permissions for this file.")
	if e, ok := errors.AsType[*googleapi.Error](err); !ok || e.Errors[0].Reason != "insufficientFilePermissions" {
		t.Errorf("the reason is %v", err)
	}
	_, err = b.drive.Files.List().Q("fullText contains 'x'").Context(t.Context()).Do()
	b.refused(err, 501, `The query "fullText contains 'x'" is part of the real API, but this sandbox does not speak it.`)
	_, err = b.drive.Files.Copy(doc, &drive.File{}).Context(t.Context()).Do()
	b.refused(err, 501, "This method on a document is part of the real API, but this sandbox does not speak it.")
}

func TestDrivePermissions(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	id := b.srv.AddSpreadsheet("Plan")
	list := func() []string {
		got, err := b.drive.Permissions.List(id).Fields("permissions(id,type,role,emailAddress)").Context(t.Context()).Do()
		b.must(err)
		var out []string
		for _, p := range got.Permissions {
			out = append(out, p.Type+" "+p.Role+" "+p.EmailAddress)
		}
		return out
	}
	p, err := b.drive.Permissions.Create(id, &drive.Permission{Type: "user", Role: "writer", EmailAddress: "amina@aquafund.example"}).Context(t.Context()).Do()
	b.must(err)
	_, err = b.drive.Permissions.Create(id, &drive.Permission{Type: "anyone", Role: "reader"}).Context(t.Context()).Do()
	b.must(err)
	if d := cmp.Diff([]string{"user owner " + APIUser, "user writer amina@aquafund.example", "anyone reader "}, list()); d != "" {
		t.Error(d)
	}
	b.must(b.drive.Permissions.Delete(id, p.Id).Context(t.Context()).Do())
	if got := list(); len(got) != 2 {
		t.Errorf("left: %v", got)
	}
	b.refused(b.drive.Permissions.Delete(id, p.Id).Context(t.Context()).Do(), 404, "Permission not found: "+p.Id+".")
	_, err = b.drive.Permissions.Create(id, &drive.Permission{Type: "user", Role: "writer"}).Context(t.Context()).Do()
	b.refused(err, 400, "The emailAddress field is required for permissions of type user or group.")
}
