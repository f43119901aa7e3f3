package google

import (
	"net/http"
	"strconv"
	"time"
)

// serveDrive speaks as much of Drive as tells whether a file was touched: files.get, files.watch and channels.stop.
func (s *Server) serveDrive(w http.ResponseWriter, r *http.Request) {
	if err := s.drive(w, r); err != nil {
		writeError(w, err)
	}
}

func (s *Server) drive(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r, driveService); err != nil {
		return err
	}
	call, id := driveRoute(r.Method, r.URL.Path)
	switch call {
	case "watch":
		return s.watch(w, r, id)
	case "stop":
		return s.stopChannel(w, r)
	case "":
		return notSpoken(r.Method + " " + r.URL.Path)
	}
	c, err := s.begin(w, r, driveSchema(), "File", "acknowledgeAbuse", "includeLabels", "includePermissionsForView",
		"supportsAllDrives", "supportsTeamDrives", "includeItemsFromAllDrives")
	if err != nil {
		return err
	}
	if c.q.Get("alt") == "media" {
		return notSpoken("alt=media")
	}
	f := s.file(id)
	if f == nil {
		return driveNotFound(id)
	}
	if c.mask == nil {
		c.mask, err = parseMask("kind,id,name,mimeType") // all that Drive gives when nothing is asked for
		if err != nil {
			return err
		}
	}
	c.answer(f)
	return nil
}

// apiUser is the one account that the APIs are used with.
const apiUser = "lockstep@sandbox.example"

// file is the File message of a spreadsheet or a document, nil when there is none or it is not shared: Drive tells no
// difference between the two.
func (s *Server) file(id string) map[string]any {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var title, mime, path string
	var version int64
	var created, modified time.Time
	var byPerson, trashed, writable bool
	switch w, d := s.books[id], s.docs[id]; {
	case w != nil && !w.unshared:
		title, mime, path = w.title, "application/vnd.google-apps.spreadsheet", "/spreadsheets/d/"
		version, created, modified, byPerson, trashed, writable = w.version, w.created, w.modified, w.byPerson, w.trashed, !w.readOnly
	case d != nil && !d.unshared:
		title, mime, path = d.title, "application/vnd.google-apps.document", "/document/d/"
		version, created, modified, byPerson, trashed, writable = d.version, d.created, d.modified, d.byPerson, d.trashed, !d.readOnly
	default:
		return nil
	}
	user := map[string]any{
		"kind": "drive#user", "displayName": "lockstep", "me": true, "permissionId": "100", "emailAddress": apiUser,
	}
	if byPerson {
		user = map[string]any{
			"kind": "drive#user", "displayName": "A person", "me": false, "permissionId": "101", "emailAddress": "person@sandbox.example",
		}
	}
	return map[string]any{
		"kind": "drive#file", "id": id, "name": title, "mimeType": mime, "trashed": trashed, "explicitlyTrashed": trashed,
		"version": strconv.FormatInt(version, 10), "createdTime": driveTime(created), "modifiedTime": driveTime(modified),
		"lastModifyingUser": user, "modifiedByMe": !byPerson, "shared": true, "webViewLink": path + id + "/edit",
		"capabilities": map[string]any{"canEdit": writable, "canDownload": true, "canModifyContent": writable},
	}
}

func driveTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
