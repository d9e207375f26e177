package app_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/services/files/app"
	"fivechat.dev/services/internal/apitest"
	"fivechat.dev/services/internal/storetest"
)

func serve(t *testing.T) *apitest.Service {
	t.Helper()
	accounts := apitest.NewFake(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/internal/website" {
			apitest.JSON(200, `{"plan":"FREE"}`)(w, r)
			return
		}
		apitest.JSON(200, `{"used":0,"limit":1000000}`)(w, r)
	})
	c := app.Default()
	c.Config, c.AccountsURL, c.Store = apitest.Config(t), accounts.URL, "mem:"
	unit, err := app.New(t.Context(), c)
	return apitest.Serve(t, unit, err)
}

func visitor(website int64, number id.Visitor) identity.Principal {
	return identity.Principal{Kind: identity.Visitor, Website: storetest.Tenant(website), VisitorID: number}
}

// picture returns the file of a picture.
func picture(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 8, 6))); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestUploadIsOpenedAtItsAddress(t *testing.T) {
	t.Parallel()
	s, content := serve(t), picture(t)
	made := s.Want(201, visitor(1, 7), "POST", "/visitor/files?name=a.svg", content)
	if made["name"] != "a.svg" || made["type"] != "image/png" || made["width"] != 8. || made["height"] != 6. {
		t.Errorf("%v", made)
	}
	address, _ := made["url"].(string)
	if got := s.Do(apitest.Public, "GET", address, ""); got.Status != 200 || got.Body != content {
		t.Errorf("%d, %d bytes", got.Status, len(got.Body))
	}
	thumbnail, _ := made["thumbnailUrl"].(string)
	if got := s.Do(apitest.Public, "GET", thumbnail, ""); got.Status != 200 {
		t.Errorf("the thumbnail: %d %s", got.Status, got.Body)
	}
	for header, want := range map[string]int{
		"bytes=0-3": 206, "bytes=900000-": 416, "bytes=" + strings.Repeat("0-0,", 100) + "1-1": 200,
	} {
		if got := s.Do(apitest.Public, "GET", address, "", "Range", header); got.Status != want {
			t.Errorf("Range %.20s: %d, want %d", header, got.Status, want)
		}
	}
	tag := fmt.Sprintf(`"%.0f"`, made["id"])
	if got := s.Do(apitest.Public, "GET", address, "", "If-None-Match", tag); got.Status != 304 {
		t.Errorf("a known file: %d", got.Status)
	}
	s.Refused(404, apitest.Public, "GET", strings.Replace(address, "content", "thumbnail", 1), "")
	s.Refused(404, apitest.Public, "GET", address+"0", "")
	s.Refused(400, apitest.Public, "GET", strings.Replace(address, "/files/", "/files/0", 1), "")
}

func TestUploadsNeedTheRightCaller(t *testing.T) {
	t.Parallel()
	s := serve(t)
	blocked := visitor(1, 7)
	blocked.IsBlocked = true
	s.Refused(403, blocked, "POST", "/visitor/files?name=a", "x")
	s.Refused(401, apitest.Public, "POST", "/visitor/files?name=a", "x")
	s.Refused(403, apitest.Token(1, identity.Read), "POST", "/files?name=a", "x")
	s.Want(201, apitest.Token(1, identity.Write), "POST", "/files?name=a", "x")
	s.Refused(401, apitest.Token(1, identity.ReadWrite), "POST", "/internal/files/claim", `{"ids":[1],"visitorId":7}`)
}

func TestBadUploadsNameTheField(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for path, want := range map[string]string{
		"/visitor/files":                 "validation_failed name",
		"/visitor/files?name=%20":        "validation_failed name",
		"/visitor/files?name=a&sha256=x": "validation_failed sha256",
		"/visitor/files?name=%ff":        "validation_failed name",
	} {
		if got := s.Refused(400, visitor(1, 7), "POST", path, "x"); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := s.Refused(400, visitor(1, 7), "POST", "/visitor/files?name=a", ""); got != "validation_failed body" {
		t.Errorf("an empty file: %s", got)
	}
	s.Refused(413, visitor(1, 7), "POST", "/visitor/files?name=a", strings.Repeat("x", 10<<20+1))
}

func TestClaimsAreForOneVisitor(t *testing.T) {
	t.Parallel()
	s := serve(t)
	made := s.Want(201, visitor(1, 7), "POST", "/visitor/files?name=a", "x")
	claim := func(visitor int) string {
		return fmt.Sprintf(`{"ids":[%.0f],"visitorId":%d,"isVisitor":true}`, made["id"], visitor)
	}
	s.Refused(400, apitest.Sibling(1), "POST", "/internal/files/claim", claim(8))
	s.Refused(400, apitest.Sibling(2), "POST", "/internal/files/claim", claim(7))
	found := s.Want(200, apitest.Sibling(1), "POST", "/internal/files/claim", claim(7))["files"].([]any)
	if len(found) != 1 || found[0].(map[string]any)["name"] != "a" {
		t.Errorf("%v", found)
	}
}

func TestErasureAndExportKnowFiles(t *testing.T) {
	t.Parallel()
	s := serve(t)
	made := s.Want(201, visitor(1, 7), "POST", "/visitor/files?name=a", "x")
	kept := s.Want(201, visitor(1, 8), "POST", "/visitor/files?name=a", "x")
	rows := s.Want(200, apitest.Sibling(1), "GET", "/internal/visitor-data/7", "")["rows"].([]any)
	if len(rows) != 1 {
		t.Errorf("the export has %v", rows)
	}
	contents := s.Want(200, apitest.Sibling(1), "GET", "/internal/visitor-data/7?after=content.0.0", "")["rows"].([]any)
	if len(contents) != 1 || contents[0].(map[string]any)["content"] != "eA==" {
		t.Errorf("the export has the contents %v", contents)
	}
	s.Want(200, apitest.Sibling(1), "DELETE", "/internal/visitor-data/7", "")
	s.Refused(404, apitest.Public, "GET", made["url"].(string), "")
	if got := s.Do(apitest.Public, "GET", kept["url"].(string), ""); got.Status != 200 {
		t.Errorf("another visitor's file: %d", got.Status)
	}
	if stored := s.Want(200, apitest.Sibling(1), "GET", "/internal/stored", ""); stored["bytes"] != 4096. {
		t.Errorf("%v", stored)
	}
	s.Want(200, apitest.Sibling(1), "DELETE", "/internal/website-data", "")
	s.Refused(404, apitest.Public, "GET", kept["url"].(string), "")
}

func TestSettingsNeedAPlaceForContents(t *testing.T) {
	t.Parallel()
	c := app.Default()
	c.AssertionKeys, c.Mongo.URI = []string{strings.Repeat("k", 32)}, "mongodb://store"
	if err := c.Validate(); err != nil {
		t.Errorf("the default: %v", err)
	}
	for _, wrong := range []string{"", "/files", "s3://bucket"} {
		c.Store = wrong
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "FIVECHAT_FILES") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
