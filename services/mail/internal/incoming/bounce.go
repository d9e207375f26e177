package incoming

import (
	"bytes"
	"strings"

	"fivechat.dev/libs/kernel/excerpt"
)

// isBounce reports whether a mail says that another one wasn't delivered, or is late.
func isBounce(e entity, failures []Failure) bool {
	for _, f := range failures {
		if f.Action == "failed" || f.Action == "delayed" {
			return true
		}
	}
	from := strings.ToLower(e.header.get("from"))
	empty := strings.TrimSpace(e.header.get("return-path")) == "<>"
	program := strings.Contains(from, "mailer-daemon@") || strings.Contains(from, "postmaster@")
	return len(failures) == 0 &&
		(e.kind == "multipart/report" && strings.EqualFold(e.params["report-type"], "delivery-status") ||
			program && (empty || hasFailureSubject(e.header.text("subject", maxSubject))))
}

// failureSubjects are in the subjects of notifications that don't follow RFC 3464.
var failureSubjects = []string{
	"undeliver", "delivery status notification", "delivery failure", "failure notice", "returned mail",
	"mail delivery failed", "delivery has failed", "unzustellbar", "nicht zugestellt", "non remis", "échec de la remise",
	"no se puede entregar", "non recapitabile", "onbestelbaar", "nie można dostarczyć", "недоставленное",
}

func hasFailureSubject(subject string) bool {
	subject = strings.ToLower(subject)
	for _, part := range failureSubjects {
		if strings.Contains(subject, part) {
			return true
		}
	}
	return false
}

// failuresOf reads the recipients of a delivery status notification, and the Message-ID of the mail that it, or a
// receipt, is about. text is the text of the notification, in which some servers name the recipient only.
func failuresOf(e entity, b *body, text string) (failures []Failure, original string) {
	for _, report := range b.reports {
		content := decodeTransfer(encodingOf(report.header), b.source.raw[report.start:report.end])
		switch report.kind {
		case "message/delivery-status", "message/global-delivery-status":
			failures = append(failures, deliveryStatus(content)...)
		case "text/rfc822-headers", "message/global-headers":
			h, _, _ := readHeader(content, maxPartHeader)
			original = first(messageIDs(h.get("message-id")), original)
		default: // message/disposition-notification
			h, _, _ := readHeader(content, maxPartHeader)
			original = first(messageIDs(h.get("original-message-id")), original)
		}
	}
	for _, part := range b.parts {
		if isReport(e) && original == "" && part.Type == "message/rfc822" {
			h, _, _ := readHeader(part.Content(b.source.raw), maxPartHeader)
			original = first(messageIDs(h.get("message-id")), "")
		}
	}
	if len(failures) == 0 && isBounce(e, nil) {
		failures = failuresOfText(e.header, text)
		if original == "" {
			original = idInText(text)
		}
	}
	return failures[:min(len(failures), maxRecipients)], original
}

func first(ids []string, otherwise string) string {
	if len(ids) > 0 {
		return ids[0]
	}
	return otherwise
}

// deliveryStatus reads the content of message/delivery-status: blocks of fields, of which the first is about the mail
// and each other one about a recipient.
func deliveryStatus(content []byte) []Failure {
	var all []Failure
	content = bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n"))
	for block := range bytes.SplitSeq(content[:min(len(content), maxText)], []byte("\n\n")) {
		if len(all) == maxRecipients {
			break
		}
		h, _, _ := readHeader(bytes.TrimLeft(block, "\n"), maxPartHeader)
		recipient := h.get("final-recipient")
		if recipient == "" {
			recipient = h.get("original-recipient")
		}
		if recipient == "" && !h.has("action") {
			continue
		}
		f := Failure{
			Recipient:  mailbox(afterType(recipient)),
			Action:     strings.ToLower(cleanLine(firstWord(h.get("action")), 20)),
			Status:     statusCode(h.get("status")),
			Diagnostic: cleanLine(decodeWords(afterType(h.get("diagnostic-code"))), maxDiagnostic),
		}
		if f.Status == "" {
			f.Status = statusCode(f.Diagnostic)
		}
		f.Permanent = f.Action == "failed" && !strings.HasPrefix(f.Status, "4")
		all = append(all, f)
	}
	return all
}

// afterType returns the value of a field like "rfc822; anna@example.com" without its type.
func afterType(s string) string {
	if _, value, ok := strings.Cut(s, ";"); ok {
		return strings.TrimSpace(value)
	}
	return strings.TrimSpace(s)
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// statusCode returns the first status of RFC 3463 in s, like 5.1.1, or "".
func statusCode(s string) string {
	for _, word := range strings.FieldsFunc(excerpt.Cut(s, maxDiagnostic), func(r rune) bool {
		return r != '.' && (r < '0' || r > '9')
	}) {
		parts := strings.Split(word, ".")
		if len(parts) == 3 && strings.Contains("245", parts[0]) && len(parts[0]) == 1 &&
			len(parts[1]) >= 1 && len(parts[1]) <= 3 && len(parts[2]) >= 1 && len(parts[2]) <= 3 {
			return word
		}
	}
	return ""
}

// failuresOfText reads the recipient of a notification without a machine-readable part, as qmail and Exim send it.
func failuresOfText(h header, text string) []Failure {
	recipient := mailbox(firstWord(strings.ReplaceAll(h.get("x-failed-recipients"), ",", " ")))
	diagnostic := ""
	for line := range strings.Lines(excerpt.Cut(text, 16<<10)) {
		address, response, _ := strings.Cut(strings.TrimSpace(line), ":")
		line = strings.TrimSpace(line)
		if candidate := mailbox(address); candidate != "" && recipient == "" {
			recipient, diagnostic = candidate, cleanLine(response, maxDiagnostic)
		} else if recipient != "" && diagnostic == "" && isResponse(line) {
			diagnostic = cleanLine(line, maxDiagnostic)
		}
	}
	if recipient == "" {
		return nil
	}
	status := statusCode(diagnostic)
	return []Failure{{
		Recipient:  recipient,
		Action:     "failed",
		Status:     status,
		Permanent:  !strings.HasPrefix(status, "4"),
		Diagnostic: diagnostic,
	}}
}

// isResponse reports whether a line has the response of an SMTP server.
func isResponse(line string) bool {
	lower := strings.ToLower(line)
	return statusCode(line) != "" || strings.Contains(lower, "smtp") || strings.Contains(lower, "mailbox") ||
		strings.Contains(lower, " 550 ") || strings.HasPrefix(lower, "550")
}

// idInText returns the Message-ID of a mail that is quoted in text, or "".
func idInText(text string) string {
	const name = "message-id:"
	i := strings.Index(strings.ToLower(text), name)
	if i < 0 || i+len(name) > len(text) {
		return ""
	}
	line, _, _ := strings.Cut(text[i+len(name):], "\n")
	return first(messageIDs(line), "")
}
