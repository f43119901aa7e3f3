package richtext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A document in the Atlassian Document Format is a tree of nodes. They are kept as they were decoded, with numbers as
// written, and never changed: what an edit does not touch goes back as it came, with whatever it holds that this package
// does not know.
type node = map[string]any

const (
	maxDepth = 100      // of nodes in nodes: Jira's own editor stops far before
	maxBytes = 16 << 20 // of a document: hundreds of times what Jira lets a text be long
)

// readADF decodes a document and checks that it is one: what the rest of the package relies on.
func readADF(raw []byte) (node, error) {
	if len(raw) > maxBytes {
		return nil, fmt.Errorf("it has %d bytes, and %d are the most that is read", len(raw), maxBytes)
	}
	if !utf8.Valid(raw) {
		return nil, errors.New("it is not valid UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("it is not JSON: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	if v == nil {
		return nil, nil //nolint:nilnil // null is the empty document
	}
	if _, ok := v.(string); ok {
		return nil, errors.New("it is a text and not a document: was it read from a v2 address?")
	}
	root, ok := v.(node)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	if root["type"] != "doc" {
		return nil, errors.New(`its type is not "doc"`)
	}
	return root, checkNode(root, 0)
}

func checkNode(n node, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("its nodes are nested deeper than %d", maxDepth)
	}
	if _, ok := n["type"].(string); !ok {
		return errors.New("a node has no type")
	}
	if typeOf(n) == "text" {
		if _, ok := n["text"].(string); !ok {
			return errors.New("a text node has no text")
		}
	}
	switch content := n["content"].(type) {
	case nil:
	case []any:
		for _, c := range content {
			kid, ok := c.(node)
			if !ok {
				return fmt.Errorf("something in a node of type %.40q is not a node", typeOf(n))
			}
			if err := checkNode(kid, depth+1); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("the content of a node of type %.40q is not a list", typeOf(n))
	}
	return nil
}

func typeOf(n node) string {
	t, _ := n["type"].(string)
	return t
}

func kidsOf(n node) []node {
	content, _ := n["content"].([]any)
	kids := make([]node, 0, len(content))
	for _, c := range content {
		if kid, ok := c.(node); ok {
			kids = append(kids, kid)
		}
	}
	return kids
}

// attr is an attribute of a node as text; "" where it is absent or neither text nor number.
func attr(n node, name string) string {
	attrs, _ := n["attrs"].(node)
	switch v := attrs[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// with is a copy of a node with one of its parts set; nil takes the part away.
func with(n node, key string, value any) node {
	out := make(node, len(n)+1)
	maps.Copy(out, n)
	if value == nil {
		delete(out, key)
	} else {
		out[key] = value
	}
	return out
}

// withAttr is a copy of a node with one attribute set; nil takes it away.
func withAttr(n node, name string, value any) node {
	attrs, _ := n["attrs"].(node)
	attrs = with(attrs, name, value)
	if len(attrs) == 0 {
		return with(n, "attrs", nil)
	}
	return with(n, "attrs", attrs)
}

func writeADF(root node) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(root); err != nil {
		return nil, fmt.Errorf("write a document: %w", err)
	}
	return json.RawMessage(bytes.TrimRight(b.Bytes(), "\n")), nil
}

// atomText is what an inline node that is not text shows, on one line, and whether the text shows less than the node
// holds, so that the node must not go because its text went.
func atomText(n node) (text string, protected bool) {
	switch typeOf(n) {
	case "mention":
		text = attr(n, "text")
		if text == "" {
			text = attr(n, "id")
		}
		return "@" + strings.TrimPrefix(oneLine(text), "@"), false
	case "emoji":
		text = attr(n, "text")
		if text == "" {
			text = attr(n, "shortName")
		}
	case "date":
		text = dateText(attr(n, "timestamp"))
	case "status", "placeholder":
		text = attr(n, "text")
	case "inlineCard", "blockCard", "embedCard":
		text = attr(n, "url")
		if text == "" {
			return "[card]", true
		}
	case "media", "mediaInline":
		return mediaText(n), true
	case "mediaGroup", "mediaSingle":
		return insideText(n, mediaText(n)), true
	case "rule":
		return "---", false
	default:
		return insideText(n, "["+oneLine(firstOf(attr(n, "text"), attr(n, "title"), attr(n, "extensionKey"), typeOf(n)))+"]"), true
	}
	return oneLine(text), false
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// insideText is all the text within a node, on one line; otherwise what stands for it where there is none.
func insideText(n node, otherwise string) string {
	if typeOf(n) == "text" {
		s, _ := n["text"].(string)
		return oneLine(s)
	}
	var parts []string
	for _, kid := range kidsOf(n) {
		t := ""
		if len(kidsOf(kid)) > 0 || typeOf(kid) == "text" {
			t = insideText(kid, "")
		} else if !isContainer(typeOf(kid)) && !isLeaf(typeOf(kid)) && typeOf(kid) != "hardBreak" {
			t, _ = atomText(kid)
		}
		if t != "" {
			parts = append(parts, t)
		}
	}
	if s := oneLine(strings.Join(parts, " ")); s != "" {
		return s
	}
	return otherwise
}

func mediaText(n node) string {
	what := "image"
	if attr(n, "type") != "external" && attr(n, "alt") == "" {
		what = "file"
	}
	if alt := oneLine(attr(n, "alt")); alt != "" {
		return "[" + what + ": " + alt + "]"
	}
	if u := oneLine(attr(n, "url")); u != "" {
		return "[" + what + ": " + u + "]"
	}
	return "[" + what + "]"
}

// dateText is a date node's day. The time stamp is milliseconds at midnight in UTC, as text.
func dateText(stamp string) string {
	ms, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return stamp
	}
	t := time.UnixMilli(ms).UTC()
	if y := t.Year(); y < 1 || y > 9999 {
		return stamp
	}
	return t.Format(time.DateOnly)
}

// oneLine is a text with blanks for line ends, in canonical form.
func oneLine(s string) string {
	return strings.ReplaceAll(canonicalBody(s), "\n", " ")
}
