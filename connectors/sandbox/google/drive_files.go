package google

import (
	"encoding/csv"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// driveFiles are the methods of Drive on files beside files.get: create, list, update, copy, delete and export. Of the
// types of files it makes spreadsheets only.
func (s *Server) driveFiles(mux *http.ServeMux) {
	serve := func(f func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			err := s.admit(r, driveService)
			if err == nil {
				err = f(w, r)
			}
			if err != nil {
				writeError(w, err)
			}
		}
	}
	mux.HandleFunc("POST /drive/v3/files", serve(s.createFile))
	mux.HandleFunc("GET /drive/v3/files", serve(s.listFiles))
	mux.HandleFunc("PATCH /drive/v3/files/{id}", serve(s.updateFile))
	mux.HandleFunc("DELETE /drive/v3/files/{id}", serve(s.deleteFile))
	mux.HandleFunc("POST /drive/v3/files/{id}/copy", serve(s.copyFile))
	mux.HandleFunc("GET /drive/v3/files/{id}/export", serve(s.exportFile))
	mux.HandleFunc("POST /drive/v3/files/{id}/permissions", serve(s.createPermission))
	mux.HandleFunc("GET /drive/v3/files/{id}/permissions", serve(s.listPermissions))
	mux.HandleFunc("DELETE /drive/v3/files/{id}/permissions/{permission}", serve(s.deletePermission))
}

// driveParameters are query parameters of these methods that change nothing here.
var driveParameters = []string{
	"supportsAllDrives", "supportsTeamDrives", "includeItemsFromAllDrives", "includeTeamDriveItems", "includePermissionsForView", "includeLabels",
	"ignoreDefaultVisibility", "keepRevisionForever", "ocrLanguage", "useContentAsIndexableText", "enforceSingleParent", "sendNotificationEmail",
	"emailMessage", "transferOwnership", "moveToNewOwnersRoot", "useDomainAdminAccess", "enforceExpansiveAccess", "copyComments",
}

// driveCall begins a call whose answer is message; without a mask Drive gives only a few fields.
func (s *Server) driveCall(w http.ResponseWriter, r *http.Request, message, usual string, own ...string) (*call, error) {
	c, err := s.begin(w, r, driveSchema(), message, append(own, driveParameters...)...)
	if err != nil {
		return nil, err
	}
	if c.mask == nil && usual != "" {
		if c.mask, err = parseMask(usual); err != nil {
			return nil, err
		}
	}
	return c, nil
}

const usualFile = "kind,id,name,mimeType"

// sharedBook is the spreadsheet that the APIs' user may see, or Drive's refusal.
func (s *Server) sharedBook(id string) (*workbook, error) {
	w := s.book(id)
	if w == nil || w.unshared {
		if s.document(id) != nil {
			return nil, notSpoken("This method on a document")
		}
		return nil, driveNotFound(id)
	}
	return w, nil
}

func (s *Server) createFile(w http.ResponseWriter, r *http.Request) error {
	c, err := s.driveCall(w, r, "File", usualFile)
	if err != nil {
		return err
	}
	body, err := c.body("File", "")
	if err != nil {
		return err
	}
	if mime := asString(body["mimeType"]); mime != spreadsheetType {
		return notSpoken("Making a file of the type " + strconv.Quote(mime))
	}
	book := s.newBook("Untitled")
	if name := asString(body["name"]); name != "" {
		book.title = name
	}
	book.addTab("Sheet1")
	c.answer(s.file(s.publish(book)))
	return nil
}

func (s *Server) copyFile(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	c, err := s.driveCall(w, r, "File", usualFile)
	if err != nil {
		return err
	}
	body, err := c.body("File", "")
	if err != nil {
		return err
	}
	from, err := s.sharedBook(id)
	if err != nil {
		return err
	}
	book := from.clone()
	now := s.o.Now()
	book.title, book.version, book.created, book.modified, book.readOnly, book.trashed = "Copy of "+from.title, 1, now, now, false, false
	if name := asString(body["name"]); name != "" {
		book.title = name
	}
	book.threads = nil // a copy starts without comments unless they are asked for
	c.answer(s.file(s.publish(book)))
	return nil
}

func (s *Server) updateFile(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	c, err := s.driveCall(w, r, "File", usualFile, "addParents", "removeParents")
	if err != nil {
		return err
	}
	body, err := c.body("File", "")
	if err != nil {
		return err
	}
	book, err := s.sharedBook(id)
	if err != nil {
		return err
	}
	if book.readOnly {
		return driveForbidden()
	}
	err = s.change(id, false, func(w *workbook) error {
		if has(body, "name") {
			w.title = asString(body["name"])
		}
		if has(body, "trashed") {
			w.trashed = asBool(body["trashed"])
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.answer(s.file(id))
	return nil
}

func (s *Server) deleteFile(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := s.driveCall(w, r, "File", ""); err != nil {
		return err
	}
	book, err := s.sharedBook(id)
	if err != nil {
		return err
	}
	if book.readOnly {
		return driveForbidden()
	}
	if err := s.Delete(id); err != nil {
		return driveNotFound(id)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func driveForbidden() *apiError {
	return &apiError{
		code: http.StatusForbidden, drive: "insufficientFilePermissions",
		message: "The user does not have sufficient permissions for this file.",
	}
}

// exportFile gives the first tab as comma-separated values, as the cells show them.
func (s *Server) exportFile(w http.ResponseWriter, r *http.Request) error {
	c, err := s.driveCall(w, r, "File", "", "mimeType")
	if err != nil {
		return err
	}
	book, err := s.sharedBook(r.PathValue("id"))
	if err != nil {
		return err
	}
	if mime := c.q.Get("mimeType"); mime != "text/csv" {
		return notSpoken("Exporting to " + strconv.Quote(mime))
	}
	t := book.tabs[0]
	got := rendering{}.valueRange(newCalculator(book, s.o.Now()), t, rect{0, t.rowCount, 0, t.colCount})
	rows := asList(got["values"])
	wide := 0
	for _, row := range rows {
		wide = max(wide, len(asList(row)))
	}
	var b strings.Builder
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	for _, row := range rows {
		line := make([]string, wide)
		for i, v := range asList(row) {
			line[i] = asString(v)
		}
		if err := out.Write(line); err != nil {
			return invalid("The file could not be exported.")
		}
	}
	out.Flush()
	w.Header().Set("Content-Type", "text/csv")
	_, _ = w.Write([]byte(strings.TrimSuffix(b.String(), "\r\n")))
	return nil
}

func (s *Server) listFiles(w http.ResponseWriter, r *http.Request) error {
	c, err := s.driveCall(w, r, "FileList", "kind,incompleteSearch,nextPageToken,files("+usualFile+")",
		"q", "pageSize", "pageToken", "orderBy", "corpora", "corpus", "driveId", "teamDriveId", "spaces")
	if err != nil {
		return err
	}
	match, err := searchQuery(c.q.Get("q"))
	if err != nil {
		return err
	}
	size, from := 100, 0
	if v := c.q.Get("pageSize"); v != "" {
		if size, err = strconv.Atoi(v); err != nil || size < 1 || size > 1000 {
			return &apiError{
				code: http.StatusBadRequest, drive: "invalid", where: "pageSize",
				message: "Invalid value '" + v + "'. Values must be within the range: [1, 1000]",
			}
		}
	}
	if v := c.q.Get("pageToken"); v != "" {
		if from, err = strconv.Atoi(strings.TrimPrefix(v, "~")); err != nil || from < 0 {
			return &apiError{code: http.StatusBadRequest, drive: "invalid", where: "pageToken", message: "Invalid Value"}
		}
	}
	files := s.filesMatching(match)
	out := map[string]any{"kind": "drive#fileList", "incompleteSearch": false}
	if end := from + size; end < len(files) {
		out["nextPageToken"] = "~" + itoa(end)
		files = files[:end]
	}
	out["files"] = files[min(from, len(files)):]
	c.answer(out)
	return nil
}

// filesMatching lists the files that the APIs' user may see, those changed last first.
func (s *Server) filesMatching(match func(f map[string]any) bool) []any {
	s.mu.RLock()
	order := slices.Clone(s.order)
	s.mu.RUnlock()
	slices.Reverse(order)
	var found []map[string]any
	for _, id := range order {
		if f := s.file(id); f != nil && match(f) {
			found = append(found, f)
		}
	}
	slices.SortStableFunc(found, func(a, b map[string]any) int {
		return strings.Compare(asString(b["modifiedTime"]), asString(a["modifiedTime"]))
	})
	out := make([]any, len(found))
	for i, f := range found {
		out[i] = f
	}
	return out
}

var searchTerm = regexp.MustCompile(`^\s*(name|mimeType|trashed|modifiedTime)\s*(=|!=|contains|>|<|>=|<=)\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(true|false))\s*(?:and\s+|$)`)

// searchQuery reads a query such as mimeType = 'x' and name contains 'y'; terms other than those of searchTerm, and "or",
// are not spoken.
func searchQuery(q string) (func(f map[string]any) bool, error) {
	var terms []func(f map[string]any) bool
	for rest := q; strings.TrimSpace(rest) != ""; {
		m := searchTerm.FindStringSubmatch(rest)
		if len(m) == 0 {
			return nil, notSpoken("The query " + strconv.Quote(q))
		}
		rest = rest[len(m[0]):]
		field, op := m[1], m[2]
		want := strings.NewReplacer(`\'`, `'`, `\"`, `"`, `\\`, `\`).Replace(m[3] + m[4] + m[5])
		terms = append(terms, func(f map[string]any) bool {
			have := asString(f[field])
			if field == "trashed" {
				have = strconv.FormatBool(asBool(f[field]))
			}
			switch op {
			case "=":
				return have == want
			case "!=":
				return have != want
			case "contains":
				return strings.Contains(strings.ToLower(have), strings.ToLower(want))
			case ">":
				return have > want
			case ">=":
				return have >= want
			case "<":
				return have < want
			}
			return have <= want
		})
	}
	return func(f map[string]any) bool {
		return !slices.ContainsFunc(terms, func(holds func(map[string]any) bool) bool { return !holds(f) })
	}, nil
}

// permission is one entry of a file's sharing, beside the APIs' user's own.
type permission struct{ id, kind, role, email string }

func (p permission) json() map[string]any {
	out := map[string]any{"kind": "drive#permission", "id": p.id, "type": p.kind, "role": p.role}
	if p.email != "" {
		out["emailAddress"] = p.email
	}
	return out
}

const usualPermission = "kind,id,type,role"

func (s *Server) createPermission(w http.ResponseWriter, r *http.Request) error {
	c, err := s.driveCall(w, r, "Permission", usualPermission)
	if err != nil {
		return err
	}
	body, err := c.body("Permission", "")
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if _, err := s.sharedBook(id); err != nil {
		return err
	}
	p := permission{kind: asString(body["type"]), role: asString(body["role"]), email: asString(body["emailAddress"])}
	switch {
	case !slices.Contains([]string{"user", "group", "domain", "anyone"}, p.kind), p.role == "":
		return &apiError{code: http.StatusBadRequest, drive: "required", where: "permission.type", message: "The permission type field is required."}
	case (p.kind == "user" || p.kind == "group") && p.email == "":
		return &apiError{
			code: http.StatusBadRequest, drive: "invalidSharingRequest",
			message: "The emailAddress field is required for permissions of type user or group.",
		}
	}
	s.mu.Lock()
	s.shared++
	if p.id = "1" + itoa(10_000+s.shared); p.kind == "anyone" {
		p.id = "anyoneWithLink"
	}
	s.permissions[id] = append(slices.DeleteFunc(s.permissions[id], func(o permission) bool { return o.id == p.id }), p)
	s.mu.Unlock()
	c.answer(p.json())
	return nil
}

func (s *Server) listPermissions(w http.ResponseWriter, r *http.Request) error {
	c, err := s.driveCall(w, r, "PermissionList", "kind,permissions("+usualPermission+")", "pageSize", "pageToken")
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	if _, err := s.sharedBook(id); err != nil {
		return err
	}
	list := []any{permission{id: "100", kind: "user", role: "owner", email: apiUser}.json()}
	s.mu.RLock()
	for _, p := range s.permissions[id] {
		list = append(list, p.json())
	}
	s.mu.RUnlock()
	c.answer(map[string]any{"kind": "drive#permissionList", "permissions": list})
	return nil
}

func (s *Server) deletePermission(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.driveCall(w, r, "Permission", ""); err != nil {
		return err
	}
	id, which := r.PathValue("id"), r.PathValue("permission")
	if _, err := s.sharedBook(id); err != nil {
		return err
	}
	s.mu.Lock()
	before := len(s.permissions[id])
	s.permissions[id] = slices.DeleteFunc(s.permissions[id], func(p permission) bool { return p.id == which })
	gone := len(s.permissions[id]) < before
	s.mu.Unlock()
	if !gone {
		return &apiError{code: http.StatusNotFound, drive: "notFound", where: "permissionId", message: "Permission not found: " + which + "."}
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
