package incoming

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"fivechat.dev/libs/kernel/excerpt"
)

// Marks that textOfHTML writes at the start of a line, where the HTML of a known client begins the quoted history or a
// signature. They are private characters of Unicode, which cleanText removes from all input.
const (
	historyMark   = '\uE0F0'
	signatureMark = '\uE0F1'
)

// maxLink is the size in bytes of a link's target that is shown in text. Longer ones are of trackers.
const maxLink = 300

// textWriter writes the text of HTML. It reads tokens rather than a tree, so nesting costs neither stack nor time.
type textWriter struct {
	out     strings.Builder
	breaks  int  // line breaks to write before the next text
	margin  int  // line breaks around the open paragraph
	space   bool // a space to write before the next text
	quote   int  // blockquotes around the text
	above   int  // blockquotes around the text before
	pre     int
	hidden  string // the element whose content is left out, or ""
	nested  int    // elements of the same name inside hidden
	lists   []int  // of each open list: the number of the last item, or -1 in a list without numbers
	mark    rune   // to write before the next text
	link    string // the target of the open link
	linkAt  int    // the offset in out at which its text begins
	current string // the text of the open link, for comparison
}

// textOfHTML returns the text of HTML: blocks on lines of their own, quotes with "> ", items with "- ", links with
// their targets in angle brackets.
func textOfHTML(source string) string {
	w := &textWriter{}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.endLink()
			return strings.TrimRight(w.out.String(), " \n")
		case html.TextToken:
			if w.hidden == "" {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(string(name))
		}
		if w.out.Len() > maxText {
			return w.out.String()
		}
	}
}

// voids are elements without an end tag.
var voids = map[string]bool{
	"br": true, "hr": true, "img": true, "meta": true, "link": true, "input": true, "base": true, "col": true,
	"area": true, "wbr": true, "source": true, "embed": true, "param": true, "track": true,
}

// unread are elements whose content isn't text for readers.
var unread = map[string]bool{
	"script": true, "style": true, "title": true, "template": true, "iframe": true, "object": true, "svg": true,
	"math": true, "select": true, "textarea": true, "noframes": true, "noembed": true, "audio": true, "video": true,
}

func (w *textWriter) start(t html.Token) {
	if w.hidden != "" {
		if t.Data == w.hidden && t.Type == html.StartTagToken {
			w.nested++
		}
		return
	}
	attributes := map[string]string{}
	for _, a := range t.Attr {
		if _, repeated := attributes[a.Key]; !repeated {
			attributes[a.Key] = a.Val
		}
	}
	if !voids[t.Data] && t.Type == html.StartTagToken && (unread[t.Data] || isHidden(attributes)) {
		w.hidden, w.nested = t.Data, 0
		return
	}
	if mark := markOf(t.Data, attributes); mark != 0 {
		w.breakLine(1)
		w.mark = mark
	}
	switch t.DataAtom {
	case atom.Br:
		w.breaks++
	case atom.P:
		w.margin = 2
		if strings.Contains(attributes["class"], "MsoNormal") { // Outlook's paragraphs have no margin
			w.margin = 1
		}
		w.breakLine(w.margin)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table:
		w.breakLine(2)
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dd, atom.Center:
		w.breakLine(1)
	case atom.Td, atom.Th:
		w.space = true
	case atom.Hr:
		w.breakLine(1)
	case atom.Pre:
		w.breakLine(1)
		w.pre++
	case atom.Blockquote:
		w.breakLine(1)
		w.quote = min(w.quote+1, 20)
	case atom.Ul, atom.Menu:
		w.openList(-1)
	case atom.Ol:
		w.openList(0)
	case atom.Li:
		w.item()
	case atom.Img:
		if alt := strings.TrimSpace(attributes["alt"]); alt != "" {
			w.text("[" + excerpt.Cut(alt, maxName) + "]")
		}
	case atom.A:
		w.endLink()
		w.link, w.linkAt, w.current = attributes["href"], w.out.Len(), ""
	}
}

func (w *textWriter) end(name string) {
	if w.hidden != "" {
		if name == w.hidden {
			if w.nested == 0 {
				w.hidden = ""
			}
			w.nested--
		}
		return
	}
	switch atom.Lookup([]byte(name)) {
	case atom.P:
		w.breakLine(w.margin)
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table:
		w.breakLine(2)
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Li, atom.Dt, atom.Dd, atom.Center:
		w.breakLine(1)
	case atom.Pre:
		w.breakLine(1)
		w.pre = max(0, w.pre-1)
	case atom.Blockquote:
		w.breakLine(1)
		w.quote = max(0, w.quote-1)
	case atom.Ul, atom.Ol, atom.Menu:
		w.breakLine(1)
		w.lists = w.lists[:max(0, len(w.lists)-1)]
	case atom.A:
		w.endLink()
	}
}

// breakLine asks for at least n line breaks before the next text.
func (w *textWriter) breakLine(n int) {
	w.breaks = max(w.breaks, n)
	w.space = false
}

func (w *textWriter) openList(number int) {
	w.breakLine(1)
	if len(w.lists) < 20 {
		w.lists = append(w.lists, number)
	}
}

// item begins an item of the innermost list.
func (w *textWriter) item() {
	w.breakLine(1)
	if n := len(w.lists); n > 0 && w.lists[n-1] >= 0 {
		w.lists[n-1]++
		w.write(strings.Repeat("  ", n-1) + decimal(w.lists[n-1]) + ".")
	} else {
		w.write(strings.Repeat("  ", max(0, n-1)) + "-")
	}
	w.space = true
}

// text writes text, with white space collapsed outside of <pre>.
func (w *textWriter) text(s string) {
	s = cleanText(s)
	if w.pre > 0 {
		for i, line := range strings.Split(s, "\n") {
			if i > 0 {
				w.breaks++
			}
			w.write(line)
		}
		return
	}
	words := strings.FieldsFunc(s, isSpace)
	if len(words) == 0 && w.breaks > 0 && strings.Contains(s, "\u00a0") { // a no-break space keeps its line
		w.breaks++
		return
	}
	for i, word := range words {
		if i > 0 || isSpace(rune(s[0])) || strings.HasPrefix(s, "\u00a0") {
			w.space = true
		}
		w.write(word)
	}
	if s != "" && (isSpace(rune(s[len(s)-1])) || strings.HasSuffix(s, "\u00a0")) {
		w.space = true
	}
}

// isSpace reports whether HTML or mail clients collapse r.
func isSpace(r rune) bool {
	return r == ' ' || r == '\n' || r == '\t' || r == '\f' || r == '\u00a0'
}

// write writes s after the line breaks, or the space, that precede it.
func (w *textWriter) write(s string) {
	if s == "" {
		return
	}
	if w.out.Len() == 0 {
		w.startLine()
	} else if w.breaks > 0 {
		for i := range min(w.breaks, 3) {
			if i > 0 {
				w.out.WriteString(strings.Repeat(">", min(w.quote, w.above)))
			}
			w.out.WriteByte('\n')
		}
		w.startLine()
	} else if w.space {
		w.out.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
	w.out.WriteString(s)
	if w.link != "" && len(w.current) < maxLink {
		w.current += s
	}
}

func (w *textWriter) startLine() {
	if w.mark != 0 {
		w.out.WriteRune(w.mark)
		w.mark = 0
	}
	if w.above = w.quote; w.quote > 0 {
		w.out.WriteString(strings.Repeat(">", w.quote) + " ")
	}
}

// endLink writes the target of the open link, unless the text of the link shows it.
func (w *textWriter) endLink() {
	target, text := w.link, w.current
	shown := w.out.Len() > w.linkAt && text != ""
	w.link, w.current = "", ""
	if !shown || len(target) > maxLink {
		return
	}
	lower := strings.ToLower(target)
	if !strings.HasPrefix(lower, "http://") && !strings.HasPrefix(lower, "https://") &&
		!strings.HasPrefix(lower, "mailto:") {
		return
	}
	_, plain, _ := strings.Cut(target, ":")
	plain = strings.Trim(plain, "/")
	if strings.Contains(strings.ToLower(text), strings.ToLower(plain)) {
		return
	}
	w.out.WriteString(" <" + cleanLine(target, maxLink) + ">")
}

// isHidden reports whether an element isn't shown: a preview text for lists of mail, or text for filters.
func isHidden(attributes map[string]string) bool {
	style := strings.ToLower(strings.ReplaceAll(attributes["style"], " ", ""))
	_, hidden := attributes["hidden"]
	return hidden || strings.Contains(style, "display:none") || strings.Contains(style, "mso-hide:all")
}

// markOf returns the mark for an element by which a client begins the history or the signature, or 0.
func markOf(element string, attributes map[string]string) rune {
	id, class := attributes["id"], " "+attributes["class"]+" "
	switch {
	case id == "divRplyFwdMsg" || id == "appendonsend" || id == "mail-editor-reference-message-container" ||
		id == "isReplyContent" || strings.Contains(class, "yahoo_quoted ") || strings.Contains(class, " gmail_attr ") ||
		strings.Contains(class, " moz-cite-prefix ") || strings.Contains(class, " protonmail_quote ") ||
		strings.Contains(class, " tutanota_quote ") || attributes["name"] == "messageReplySection" ||
		attributes["name"] == "quote" && element == "div":
		return historyMark
	case strings.Contains(class, " gmail_signature ") || strings.Contains(class, " moz-signature ") ||
		id == "Signature" || id == "ms-outlook-mobile-signature" || attributes["name"] == "messageSignatureSection" ||
		strings.Contains(class, " protonmail_signature_block "):
		return signatureMark
	default:
		return 0
	}
}
