package harness

import (
	"bytes"
	"image"
	"image/png"
	"net/url"
	"testing"
)

// Picture returns the file of a picture of a size.
func Picture(t testing.TB, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Upload uploads a file to /files or /visitor/files, and returns it.
func (c Client) Upload(t testing.TB, path, name string, content []byte) Object {
	t.Helper()
	at := path + "?name=" + url.QueryEscape(name)
	return c.Send(t, 201, "POST", at, Raw{ContentType: "application/octet-stream", Body: content})
}

// openWithFile opens a conversation of the visitor with a picture, and returns its token.
func (w *World) openWithFile(t testing.TB, content string) string {
	t.Helper()
	file := w.Caller.Upload(t, "/visitor/files", "parcel.png", Picture(t, 8, 6))
	w.File = PathID(file.Int("id"))
	w.FileSignature, w.ThumbnailSignature = signatureOf(t, file.Text("url")), signatureOf(t, file.Text("thumbnailUrl"))
	return w.Caller.Send(t, 201, "POST", "/visitor/conversations",
		Map{"content": content, "attachments": []int64{file.Int("id")}}).Object("conversation").Text("token")
}

// signatureOf returns the signature of a file's address.
func signatureOf(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("signature")
}
