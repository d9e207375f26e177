package outgoing

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/url"
	"strings"
)

//go:embed letter.html
var source string

var page = template.Must(template.New("letter").Parse(source))

// defaultAccent is the colour of a website's name without one of its own: the console's blue.
const defaultAccent = "#1d4ed8"

// view is the data of the template.
type view struct {
	Language, Website string
	Accent            template.CSS // validated by validColour
	Subject           string
	Paragraphs        [][][]segment // of lines of segments
	Introduction      string
	Quoted            [][][]segment
	Footer            [][][]segment
}

// segment is a piece of a line: text, or a link with its text.
type segment struct{ Text, URL string }

// renderHTML returns the HTML of a letter. html/template escapes everything that the letter contains.
func renderHTML(l Letter) (string, error) {
	accent := l.Accent
	if accent == "" {
		accent = defaultAccent
	}
	var b bytes.Buffer
	err := page.Execute(&b, view{
		Language:     l.Language,
		Website:      cleanLine(l.Website, maxName),
		Accent:       template.CSS(accent),
		Subject:      cleanLine(l.Subject, maxSubject),
		Paragraphs:   paragraphs(cleanText(l.Text)),
		Introduction: cleanLine(l.Quoted.Introduction, maxSubject),
		Quoted:       paragraphs(quotedText(l.Quoted)),
		Footer:       paragraphs(cleanText(l.Footer)),
	})
	return b.String(), err
}

// paragraphs divides text at blank lines into paragraphs, their lines and the segments of these.
func paragraphs(text string) [][][]segment {
	var all [][][]segment
	var current [][]segment
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) != "" {
			current = append(current, segments(line))
			continue
		}
		if current != nil {
			all = append(all, current)
			current = nil
		}
	}
	if current != nil {
		all = append(all, current)
	}
	return all
}

// segments divides a line into text and links: its words that begin with http:// or https://.
func segments(line string) []segment {
	var all []segment
	text := 0
	for i := 0; i < len(line); {
		if !strings.HasPrefix(line[i:], "https://") && !strings.HasPrefix(line[i:], "http://") ||
			i > 0 && strings.IndexByte(alphanumeric, line[i-1]) >= 0 {
			i++
			continue
		}
		end := strings.IndexAny(line[i:], " \t<>\"")
		if end < 0 {
			end = len(line) - i
		}
		link := strings.TrimRight(line[i:i+end], ".,;:!?'")
		if strings.HasSuffix(link, ")") && !strings.Contains(link, "(") {
			link = strings.TrimRight(link, ").,;:!?'")
		}
		if u, err := url.Parse(link); err == nil && u.Host != "" {
			if i > text {
				all = append(all, segment{Text: line[text:i]})
			}
			all = append(all, segment{link, link})
			text = i + len(link)
		}
		i += end
	}
	if text < len(line) {
		all = append(all, segment{Text: line[text:]})
	}
	return all
}
