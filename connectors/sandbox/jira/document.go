package jira

import (
	"fmt"
	"strings"
)

// The Atlassian Document Format as far as people's texts in a tracker need it. Version 2 paths show such a text as wiki
// markup, version 3 paths as a document; Jira converts between the two, with losses, and so does this.

// documentOf makes a document from plain text: blank lines part paragraphs, single line ends break lines.
func documentOf(text string) map[string]any {
	content := []any{}
	text = strings.ReplaceAll(text, "\r\n", "\n")
	for block := range strings.SplitSeq(text, "\n\n") {
		var inline []any
		for i, line := range strings.Split(block, "\n") {
			if i > 0 {
				inline = append(inline, map[string]any{"type": "hardBreak"})
			}
			if line != "" { // a text node must not be empty
				inline = append(inline, map[string]any{"type": "text", "text": line})
			}
		}
		p := map[string]any{"type": "paragraph"}
		if inline != nil {
			p["content"] = inline
		}
		content = append(content, p)
	}
	return map[string]any{"type": "doc", "version": 1, "content": content}
}

// value is the text as a version of the API answers it.
func (r rich) value(api int) any {
	if api == 2 {
		return r.text
	}
	if r.doc != nil {
		return r.doc
	}
	return documentOf(r.text)
}

// validDocument reports whether every node has a type, and text nodes have text. Jira answers INVALID_INPUT otherwise.
func validDocument(node map[string]any) bool {
	kind, ok := node["type"].(string)
	if !ok || kind == "" {
		return false
	}
	if kind == "text" {
		text, ok := node["text"].(string)
		return ok && text != ""
	}
	raw, ok := node["content"]
	if !ok {
		return kind != "doc"
	}
	list, ok := raw.([]any)
	if !ok {
		return false
	}
	for _, x := range list {
		child, ok := x.(map[string]any)
		if !ok || !validDocument(child) {
			return false
		}
	}
	return true
}

// documentText is a document as wiki markup.
func documentText(doc map[string]any) string {
	return strings.TrimRight(blocks(doc, ""), "\n")
}

func children(node map[string]any) []map[string]any {
	list, _ := node["content"].([]any)
	var out []map[string]any
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func blocks(node map[string]any, bullet string) string {
	var parts []string
	for _, c := range children(node) {
		parts = append(parts, block(c, bullet))
	}
	if bullet != "" {
		return strings.Join(parts, "\n")
	}
	return strings.Join(parts, "\n\n")
}

func block(c map[string]any, bullet string) string {
	attrs, _ := c["attrs"].(map[string]any)
	switch c["type"] {
	case "heading":
		return fmt.Sprintf("h%v. %s", attrs["level"], inline(c))
	case "bulletList":
		return blocks(c, bullet+"*")
	case "orderedList":
		return blocks(c, bullet+"#")
	case "listItem":
		var lines []string
		for _, part := range children(c) {
			switch part["type"] {
			case "bulletList", "orderedList":
				lines = append(lines, block(part, bullet))
			default:
				lines = append(lines, bullet+" "+inline(part))
			}
		}
		return strings.Join(lines, "\n")
	case "codeBlock":
		return "{code}\n" + inline(c) + "\n{code}"
	case "rule":
		return "----"
	case "blockquote", "panel":
		return "{quote}" + blocks(c, "") + "{quote}"
	default:
		return inline(c)
	}
}

func inline(node map[string]any) string {
	var b strings.Builder
	for _, c := range children(node) {
		attrs, _ := c["attrs"].(map[string]any)
		switch c["type"] {
		case "text":
			b.WriteString(marked(c))
		case "hardBreak":
			b.WriteString("\n")
		case "mention":
			fmt.Fprintf(&b, "[~accountid:%v]", attrs["id"])
		case "emoji":
			fmt.Fprint(&b, attrs["shortName"])
		case "inlineCard":
			fmt.Fprintf(&b, "[%v]", attrs["url"])
		default:
			b.WriteString(inline(c))
		}
	}
	return b.String()
}

func marked(node map[string]any) string {
	text, _ := node["text"].(string)
	marks, _ := node["marks"].([]any)
	for _, x := range marks {
		m, _ := x.(map[string]any)
		attrs, _ := m["attrs"].(map[string]any)
		switch m["type"] {
		case "strong":
			text = "*" + text + "*"
		case "em":
			text = "_" + text + "_"
		case "strike":
			text = "-" + text + "-"
		case "code":
			text = "{{" + text + "}}"
		case "link":
			text = fmt.Sprintf("[%s|%v]", text, attrs["href"])
		}
	}
	return text
}
