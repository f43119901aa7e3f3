package gsheets

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/sheets/v4"

	"github.com/lockstep-sync/lockstep/connectors/cells"
	"github.com/lockstep-sync/lockstep/sync/fault"
)

// savedPage is what the cursor keeps of a page's tab, so that the next process can ask for it in its first request.
type savedPage struct {
	ID    int64  `json:"id"`
	Title string `json:"title,omitempty"` // "" for one that is known to be gone
}

// savePages is what of the tabs goes into the cursor.
func (s *boardState) savePages() map[string]savedPage {
	if len(s.pages) == 0 {
		return nil
	}
	out := make(map[string]savedPage, len(s.pages))
	for name, p := range s.pages {
		out[name] = savedPage{p.id, p.title}
	}
	return out
}

// recall takes the tabs from the cursor where this process knows of none yet.
func (s *boardState) recall(saved map[string]savedPage) {
	if s.pages != nil || len(saved) == 0 {
		return
	}
	s.pages = make(map[string]*pageTab, len(saved))
	for name, p := range saved {
		s.pages[name] = &pageTab{name: name, id: p.ID, title: p.Title}
	}
}

// pageRanges are the ranges by which the pages' tabs are read along with that of the tasks.
func (s *boardState) pageRanges() []string {
	var out []string
	for _, name := range sortedKeys(s.pages) {
		if p := s.pages[name]; p.title != "" {
			out = append(out, tabRange(p.title))
		}
	}
	return out
}

// readBook reads the tab of the tasks and, in the same request, those of the pages. Where a page's tab was renamed or deleted Google
// refuses the request as a whole, and does not say why: it is looked up then, and never keeps the tasks from being read.
func (c *Connector) readBook(ctx context.Context, op, content string, before memory) (*grid, error) {
	c.board.recall(before.Pages)
	pages := c.board.pageRanges()
	s, err := c.get(ctx, content, append([]string{tabRange(c.cfg.Tab)}, pages...)...)
	if err != nil && len(pages) > 0 && refusedRange(err) {
		if err := c.lookUp(ctx); err != nil {
			return nil, err
		}
		s, err = c.get(ctx, content, append([]string{tabRange(c.cfg.Tab)}, c.board.pageRanges()...)...)
	}
	g, err := c.theTab(ctx, op, before, s, err)
	if err != nil {
		return nil, err
	}
	g.whole = true
	c.takePages(s)
	if c.board.unknown(s) {
		// A new process, or a new store: the spreadsheet itself tells which tabs are ours.
		if err := c.lookUp(ctx); err != nil {
			return nil, err
		}
		if pages := c.board.pageRanges(); len(pages) > 0 {
			if s, err = c.get(ctx, content, pages...); err != nil {
				f, _ := c.fault("read the pages", err) //nolint:contextcheck // the answer is here: nothing is sent
				return nil, f
			}
			c.takePages(s)
		}
	}
	return g, nil
}

// get is one read of ranges.
func (c *Connector) get(ctx context.Context, content string, ranges ...string) (*sheets.Spreadsheet, error) {
	return c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).Ranges(ranges...).Fields(gridMask(content)).Context(ctx).Do()
}

func refusedRange(err error) bool {
	var answer *googleapi.Error
	return errors.As(err, &answer) && answer.Code == http.StatusBadRequest
}

// takePages takes the pages' tabs out of an answer. One that is not in it, or has another id by now, is not ours any more.
func (c *Connector) takePages(s *sheets.Spreadsheet) {
	for _, p := range c.board.pages {
		p.grid, p.stands, p.left = nil, nil, false
		if p.title == "" {
			continue
		}
		if p.grid = readGridOf(s, p.id); p.grid == nil {
			p.title = ""
		}
	}
}

// unknown reports that the spreadsheet names a tab of ours that is not known here.
func (s *boardState) unknown(book *sheets.Spreadsheet) bool {
	for name, id := range named(book) {
		if p := s.pages[name]; p == nil || p.id != id {
			return true
		}
	}
	return false
}

// named are the pages' tabs that the spreadsheet's metadata names.
func named(book *sheets.Spreadsheet) map[string]int64 {
	out := make(map[string]int64)
	for _, m := range book.DeveloperMetadata {
		name, isPage := strings.CutPrefix(m.MetadataKey, pageKey)
		id, err := strconv.ParseInt(m.MetadataValue, 10, 64)
		if isPage && err == nil && len(out) < 100 {
			out[name] = id
		}
	}
	return out
}

// lookUp asks for the titles of all tabs, and which of them are ours. The error is a fault.
func (c *Connector) lookUp(ctx context.Context) error {
	s, err := c.svc.Spreadsheets.Get(c.cfg.Spreadsheet).
		Fields("developerMetadata(metadataKey,metadataValue),sheets(properties(sheetId,title))").Context(ctx).Do()
	if err != nil {
		f, _ := c.fault("look up the tabs", err) //nolint:contextcheck // the answer is here: nothing is sent
		return f
	}
	titles := make(map[int64]string)
	c.board.taken = make(map[string]bool)
	for _, sh := range s.Sheets {
		if sh.Properties != nil {
			titles[sh.Properties.SheetId] = sh.Properties.Title
			c.board.taken[strings.ToLower(sh.Properties.Title)] = true
		}
	}
	if c.board.pages == nil {
		c.board.pages = make(map[string]*pageTab)
	}
	for name, id := range named(s) {
		if p := c.board.pages[name]; p == nil || p.id != id {
			c.board.pages[name] = &pageTab{name: name, id: id}
		}
	}
	if v := c.board.want; v != nil {
		for _, p := range v.pages {
			id := pageID(c.cfg.Spreadsheet, p.name)
			if _, here := titles[id]; here && c.board.pages[p.name] == nil {
				c.board.pages[p.name] = &pageTab{name: p.name, id: id} // its metadata is lost
			}
		}
	}
	for _, p := range c.board.pages {
		if p.title != titles[p.id] {
			p.title, p.grid = titles[p.id], nil
		}
	}
	return nil
}

// freeTitle is a title for the tab of a page that no other tab has, as far as is known.
func (c *Connector) freeTitle(name string) string {
	free := func(title string) bool {
		return !c.board.taken[strings.ToLower(title)] && !strings.EqualFold(title, c.cfg.Tab)
	}
	title := name
	for n := 1; !free(title); n++ {
		if title = name + oursSuffix; n > 1 {
			title += " " + strconv.Itoa(n)
		}
	}
	return title
}

// theTab is the grid of the tasks' tab in an answer. The error is a fault.
func (c *Connector) theTab(ctx context.Context, op string, before memory, s *sheets.Spreadsheet, err error) (*grid, error) {
	if err != nil {
		if refusedRange(err) {
			// The range names a tab that is not there, and the answer does not say which are.
			if f := c.tabGone(ctx, before); f != nil {
				return nil, f
			}
		}
		f, _ := c.fault(op, err) //nolint:contextcheck // the answer is here: nothing is sent
		return nil, f
	}
	g := readGrid(s, c.cfg.Tab)
	if g == nil {
		if f := c.tabGone(ctx, before); f != nil {
			return nil, f
		}
		return nil, fault.New(fault.Retryable, fault.Invalid, op, "the answer does not hold the tab %s", cells.Quote(c.cfg.Tab))
	}
	return g, nil
}
