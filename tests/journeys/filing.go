package journeys

import (
	"bytes"
	"image/jpeg"
	"strings"
	"testing"

	"fivechat.dev/tests/harness"
)

// Filing checks that a visitor's picture and an agent's document reach the other side, that each is one file if it is
// sent twice, that a picture is opened with a thumbnail and a document is a download, and that a file can't be used for
// another visitor.
func Filing(t *testing.T, s harness.System) {
	w := s.Website(t, harness.Pro)
	agent, v, other := w.Person(t, harness.Agent), w.Visit(t, nil), w.Visit(t, nil)
	content := harness.Picture(t, 900, 300)
	picture := v.Upload(t, "/visitor/files", "../a\u202e/screen.html", content)
	if again := v.Upload(t, "/visitor/files", "../a\u202e/screen.html", content); again.Int("id") != picture.Int("id") {
		t.Errorf("the same file sent twice is %s and %s", picture, again)
	}
	if picture.Text("name") != "screen.html" || picture.Text("type") != "image/png" || picture.Int("width") != 900 ||
		picture.Int("height") != 300 {
		t.Errorf("the picture is %s", picture)
	}
	first := harness.Map{"content": "screen.html", "attachments": []int64{picture.Int("id")}}
	foreign := s.Website(t, harness.Pro).Visit(t, nil)
	for _, stranger := range []harness.Client{other.Client, foreign.Client} {
		refused := stranger.Do(t, "POST", "/visitor/conversations", first).Want(t, 400)
		unknown := stranger.Do(t, "POST", "/visitor/conversations",
			harness.Map{"content": "screen.html", "attachments": []int64{harness.UnknownID}}).Want(t, 400)
		if refused.Object().Text("detail") != unknown.Object().Text("detail") {
			t.Errorf("a stranger's file: %s, and an unknown one: %s", refused.Body, unknown.Body)
		}
	}
	conversation := v.Send(t, 201, "POST", "/visitor/conversations", first).Object("conversation").Text("token")

	document := agent.Upload(t, "/files", "receipt.pdf", []byte("%PDF-1.7\n%more"))
	v.Do(t, "POST", "/visitor/conversations/"+conversation+"/messages",
		harness.Map{"content": "Mine?", "attachments": []int64{document.Int("id")}}).Want(t, 400)
	agent.Send(t, 201, "POST", "/conversations/"+conversation+"/messages",
		harness.Map{"content": "Here it is.", "attachments": []int64{document.Int("id")}})

	messages := agent.Get(t, "/conversations/"+conversation+"/messages").List("messages")
	seen := messages[0].List("attachments")[0]
	thumbnail := s.Public().Do(t, "GET", seen.Text("thumbnailUrl"), nil).Want(t, 200)
	if small, err := jpeg.DecodeConfig(bytes.NewReader(thumbnail.Body)); err != nil || small.Width != 640 {
		t.Errorf("the thumbnail is %v, %v", small, err)
	}
	opened := s.Public().Do(t, "GET", seen.Text("url"), nil).Want(t, 200)
	if !bytes.Equal(opened.Body, content) || opened.Header.Get("Content-Type") != "image/png" ||
		!strings.HasPrefix(opened.Header.Get("Content-Security-Policy"), "sandbox;") {
		t.Errorf("the picture is opened with %v", opened.Header)
	}
	part := s.Public().With("Range", "bytes=0-7").Do(t, "GET", seen.Text("url"), nil).Want(t, 206)
	if string(part.Body) != "\x89PNG\r\n\x1a\n" {
		t.Errorf("the first 8 bytes are %q", part.Body)
	}
	s.Public().Do(t, "GET", strings.Replace(seen.Text("url"), "signature=", "signature=9", 1), nil).Want(t, 404)

	news := v.Get(t, "/visitor/conversations/"+conversation+"/messages?after=0").List("messages")
	download := s.Public().Do(t, "GET", news[1].List("attachments")[0].Text("url"), nil).Want(t, 200)
	if download.Header.Get("Content-Type") != "application/octet-stream" ||
		download.Header.Get("Content-Disposition") != "attachment; filename=receipt.pdf" {
		t.Errorf("the document is a download with %v", download.Header)
	}
}
