package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lockstep-sync/lockstep"

// file is one Go file, parsed.
type file struct {
	path  string // from the module's root, with slashes
	dir   string // the package's path in the module; "." for the root
	lines int
	test  bool // its name ends in _test.go
	made  bool // a program wrote it
	fset  *token.FileSet
	tree  *ast.File
}

// at says where in the file something is.
func (f *file) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// imported calls do with each import and its path.
func (f *file) imported(do func(spec *ast.ImportSpec, path string)) {
	for _, spec := range f.tree.Imports {
		// The parser has seen to it that this is a string.
		p, _ := strconv.Unquote(spec.Path.Value)
		do(spec, p)
	}
}

// nameOf returns the name by which the file knows a package of the standard library, "" where it does not import it.
func (f *file) nameOf(pkg string) string {
	name := ""
	f.imported(func(spec *ast.ImportSpec, p string) {
		switch {
		case p != pkg:
		case spec.Name != nil:
			name = spec.Name.Name
		default:
			if name = path.Base(p); name == "v2" { // math/rand/v2 is called rand
				name = path.Base(path.Dir(p))
			}
		}
	})
	return name
}

// uses calls do for each use in the file of a name of a package of the standard library: os.Exit, time.Now.
func (f *file) uses(pkg string, names []string, do func(n ast.Node, name string)) {
	local := f.nameOf(pkg)
	if local == "" {
		return
	}
	ast.Inspect(f.tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// An identifier that is declared in the file is a variable that hides the package.
		if x, ok := sel.X.(*ast.Ident); !ok || x.Name != local || x.Obj != nil {
			return true
		}
		for _, name := range names {
			if sel.Sel.Name == name {
				do(sel, name)
			}
		}
		return true
	})
}

// load parses every Go file below the root of the tree. Folders that the go tool passes over (testdata, vendor, names that
// begin with a dot or an underscore) are passed over here too.
func load(tree fs.FS) ([]*file, error) {
	var files []*file
	err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			if p != "." && ignored(d.Name()) {
				return fs.SkipDir
			}
			return nil
		case !strings.HasSuffix(p, ".go") || ignored(d.Name()):
			return nil
		}
		src, err := fs.ReadFile(tree, p)
		if err != nil {
			return fmt.Errorf("read %s: %w", p, err)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, p, src, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("parse %s: %w", p, err)
		}
		files = append(files, &file{
			path:  p,
			dir:   path.Dir(p),
			lines: bytes.Count(src, []byte("\n")),
			test:  strings.HasSuffix(p, "_test.go"),
			made:  ast.IsGenerated(parsed),
			fset:  fset,
			tree:  parsed,
		})
		return nil
	})
	return files, err
}

func ignored(name string) bool {
	return name == "testdata" || name == "vendor" || name == "node_modules" ||
		strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

// loadModule parses the module that this test stands in.
func loadModule(t *testing.T) []*file {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Fatal("no go.mod in this folder or above it")
	}
	files, err := load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// isStandard reports whether the import path is of the standard library: the first part of any other one is a host.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// within returns the import path's place in the module, and false where it is of another module.
func within(importPath string) (string, bool) {
	if importPath == module {
		return ".", true
	}
	return strings.CutPrefix(importPath, module+"/")
}
