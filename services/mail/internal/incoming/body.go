package incoming

import (
	"path"
	"strings"

	"fivechat.dev/libs/kernel/excerpt"
)

// chunk is a piece of a mail's text, in one form or both.
type chunk struct {
	plain, html string
}

// body is what the structure of a mail contains: its text, and the parts beside it.
type body struct {
	chunks   []chunk
	parts    []Part
	attached []entity // attached mails, in order
	reports  []entity // delivery-status, disposition-notification and headers of a returned mail
	text     int      // bytes of all chunks
	source   *structure
}

// collect adds an entity and those inside it.
func (b *body) collect(e entity) {
	switch {
	case e.kind == "multipart/alternative" && e.disposition != "attachment":
		b.alternative(e)
	case len(e.children) > 0 && strings.HasPrefix(e.kind, "multipart/"):
		for _, child := range e.children {
			b.collect(child)
		}
	case e.isText():
		b.add(b.chunkOf(e))
	default:
		b.file(e)
	}
}

// alternative adds the forms of one text as one chunk. The last form of a type is the richest; everything else in an
// alternative is a part.
func (b *body) alternative(e entity) {
	var both chunk
	for _, child := range e.children {
		inside := body{source: b.source, text: b.text}
		inside.collect(child)
		var plain, rich []string
		for _, c := range inside.chunks {
			if strings.TrimSpace(c.plain) != "" {
				plain = append(plain, c.plain)
			}
			if c.html != "" {
				rich = append(rich, c.html)
			}
		}
		if len(plain) > 0 {
			both.plain = strings.Join(plain, "\n")
		}
		if len(rich) > 0 {
			both.html = strings.Join(rich, "\n")
		}
		b.parts = append(b.parts, inside.parts...)
		b.attached = append(b.attached, inside.attached...)
		b.reports = append(b.reports, inside.reports...)
	}
	b.add(both)
}

func (b *body) add(c chunk) {
	if b.text += len(c.plain) + len(c.html); b.text > 4*maxText {
		b.source.truncated["text"] = true
		return
	}
	b.chunks = append(b.chunks, c)
}

// isText reports whether an entity is text to read, rather than a file. A name alone doesn't make it a file: Apple Mail
// and some gateways name the text.
func (e entity) isText() bool {
	switch {
	case e.disposition == "attachment":
		return false
	case e.kind == "text/html":
		return e.fileName == "" || e.disposition == "inline"
	case e.kind == "text/plain" || e.kind == "text/enriched" || e.kind == "text/markdown":
		return e.fileName == "" || e.disposition == "inline" && path.Ext(e.fileName) == ""
	default:
		return false
	}
}

// chunkOf decodes the text of an entity.
func (b *body) chunkOf(e entity) chunk {
	raw := b.source.raw[e.start:e.end]
	encoding := encodingOf(e.header)
	if limit := 4 * maxText; len(raw) > limit { // an escape has three bytes, and decoding can't reach the bound
		raw = raw[:limit]
		b.source.truncated["text"] = true
	}
	content := decodeTransfer(encoding, raw)
	if len(content) > maxText {
		content = content[:maxText]
		b.source.truncated["text"] = true
	}
	text := cleanText(decodeCharset(e.params["charset"], content))
	if e.kind == "text/html" || e.kind == "text/plain" && looksLikeHTML(text) {
		return chunk{html: text}
	}
	if strings.EqualFold(e.params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(e.params["delsp"], "yes"))
	}
	return chunk{plain: text}
}

// looksLikeHTML reports whether text is a whole page of HTML, which some programs send as plain text.
func looksLikeHTML(text string) bool {
	start := strings.ToLower(excerpt.Cut(strings.TrimSpace(text), 100))
	return strings.HasPrefix(start, "<!doctype html") || strings.HasPrefix(start, "<html")
}

// plain returns the text of all chunks: the plain form, or that of the HTML if it is missing.
func (b *body) plain() string {
	var all []string
	for _, c := range b.chunks {
		text := c.plain
		if c.html != "" && isPlaceholder(text) {
			text = textOfHTML(c.html)
		}
		if strings.TrimSpace(text) != "" {
			all = append(all, strings.Trim(text, "\n"))
		}
	}
	text := strings.Join(all, "\n\n")
	if len(text) > maxText {
		b.source.truncated["text"] = true
	}
	return excerpt.Cut(text, maxText)
}

// isPlaceholder reports whether the plain form of a text is empty, or only says that there is HTML.
func isPlaceholder(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > 300 {
		return false
	}
	return text == "" || strings.Contains(text, "html") &&
		(strings.Contains(text, "mail client") || strings.Contains(text, "email client") ||
			strings.Contains(text, "view this") || strings.Contains(text, "support") || strings.Contains(text, "format"))
}

// html returns the safe HTML of all chunks, or "" if none has HTML.
func (b *body) html() string {
	rich := false
	for _, c := range b.chunks {
		rich = rich || c.html != ""
	}
	if !rich {
		return ""
	}
	var all []string
	for _, c := range b.chunks {
		switch {
		case c.html != "":
			all = append(all, Sanitize(c.html, false))
		case strings.TrimSpace(c.plain) != "":
			all = append(all, htmlOfText(c.plain))
		}
	}
	return strings.Join(all, "\n")
}

// file adds an entity as a part.
func (b *body) file(e entity) {
	switch e.kind {
	case "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
		"text/rfc822-headers", "message/global-headers":
		b.reports = append(b.reports, e)
		return
	case "message/rfc822", "message/global":
		if len(e.children) > 0 {
			b.attached = append(b.attached, e)
		}
	}
	encoding := encodingOf(e.header)
	id := messageIDs(e.header.get("content-id"))
	part := Part{
		Name:     e.fileName,
		Type:     e.kind,
		Size:     sizeOf(encoding, b.source.raw[e.start:e.end]),
		Method:   cleanLine(strings.ToUpper(e.params["method"]), 20),
		Start:    e.start,
		End:      e.end,
		Encoding: encoding,
	}
	if len(id) > 0 {
		part.ContentID = id[0]
	}
	part.Inline = e.disposition == "inline" && strings.HasPrefix(e.kind, "image/") ||
		part.ContentID != "" && e.disposition != "attachment" && strings.HasPrefix(e.kind, "image/")
	if part.Name == "" {
		part.Name = b.nameFor(e)
	}
	b.parts = append(b.parts, part)
}

// extensions are those of the types that mail has without a name.
var extensions = map[string]string{
	"image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp", "image/heic": ".heic",
	"image/tiff": ".tiff", "application/pdf": ".pdf", "application/zip": ".zip", "text/calendar": ".ics",
	"text/vcard": ".vcf", "text/x-vcard": ".vcf", "text/csv": ".csv", "text/html": ".html", "text/plain": ".txt",
	"message/rfc822": ".eml", "application/pgp-signature": ".asc", "application/pgp-encrypted": ".asc",
	"application/pkcs7-signature": ".p7s", "application/pkcs7-mime": ".p7m", "application/ms-tnef": ".dat",
	"audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/amr": ".amr", "video/mp4": ".mp4",
}

// nameFor makes a name for a part that has none: of the subject of an attached mail, or of the type.
func (b *body) nameFor(e entity) string {
	name := "attachment-" + decimal(len(b.parts)+1)
	switch {
	case len(e.children) > 0:
		if subject := fileName(strings.Map(withoutSeparators, e.children[0].header.text("subject", 100))); subject != "" {
			name = strings.Trim(subject, "- ")
		}
	case e.kind == "text/calendar":
		name = "invite"
	case e.kind == "application/ms-tnef":
		name = "winmail"
	}
	if extension := extensions[e.kind]; extension != "" {
		return name + extension
	}
	return name
}

func withoutSeparators(r rune) rune {
	if strings.ContainsRune(`/\:*?"<>|`, r) {
		return '-'
	}
	return r
}
