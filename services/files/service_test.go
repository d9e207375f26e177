package files_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/fileaddress"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/services/files"
)

func visitor(n id.Visitor) *id.Visitor { return &n }

// by is an upload of visitor 7.
func by(content string) files.Upload {
	return files.Upload{Name: "a.png", Sender: "visitor:7", VisitorID: visitor(7), Content: strings.NewReader(content)}
}

func (w *world) upload(t *testing.T, u files.Upload) files.File {
	t.Helper()
	f, err := w.Upload(t.Context(), site(t, 1), u)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// after lets time pass and sweeps.
func (w *world) after(t *testing.T, d time.Duration) {
	t.Helper()
	w.now = w.now.Add(d)
	if _, err := w.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestUploadStoresRowAndBlobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.upload(t, by("content"))
	if f.State != files.Unused || f.Size != 7 || f.Key == "" || w.blobs.all["1/1"] != "content" ||
		w.blobs.all["1/1-thumbnail"] != "small" {
		t.Errorf("%+v, %v", f, w.blobs.all)
	}
	again := w.upload(t, by("content"))
	if again.ID != f.ID || w.blobs.puts != 2 {
		t.Errorf("the same upload again: %+v after %d writes", again, w.blobs.puts)
	}
	other := by("content")
	other.Sender, other.VisitorID = "visitor:8", visitor(8)
	renamed := by("content")
	renamed.Name = "b.png"
	for name, u := range map[string]files.Upload{"another sender": other, "another name": renamed, "other": by("x")} {
		if got := w.upload(t, u); got.ID == f.ID {
			t.Errorf("%s is the same file", name)
		}
	}
}

func TestBadUploadsAreRefused(t *testing.T) {
	t.Parallel()
	large := by("")
	large.Content = io.LimitReader(zeros{}, files.MaxSizeFree+1)
	damaged := by("content")
	damaged.SHA256 = strings.Repeat("0", 64)
	checksum := by("content")
	checksum.SHA256 = "ABC"
	broken := by("")
	broken.Content = iotest.ErrReader(io.ErrUnexpectedEOF)
	nameless := by("content")
	nameless.Name = " "
	long := by("content")
	long.Name = strings.Repeat("x", 1025)
	for name, c := range map[string]struct {
		u     files.Upload
		kind  fault.Kind
		field string
	}{
		"empty":             {by(""), fault.Invalid, "body"},
		"too large":         {large, fault.TooLarge, ""},
		"another checksum":  {damaged, fault.Invalid, "sha256"},
		"a wrong checksum":  {checksum, fault.Invalid, "sha256"},
		"a broken line":     {broken, fault.Invalid, ""},
		"a blank name":      {nameless, fault.Invalid, "name"},
		"a name of 1 KiB+1": {long, fault.Invalid, "name"},
	} {
		w := newWorld(t)
		_, err := w.Upload(t.Context(), site(t, 1), c.u)
		f := fault.From(err)
		if f.Kind != c.kind || c.field != "" && (len(f.Fields) != 1 || f.Fields[0].Field != c.field) {
			t.Errorf("%s: %v, %+v", name, err, f.Fields)
		}
		if len(w.store.rows) > 0 || len(w.blobs.all) > 0 {
			t.Errorf("%s: %v and %v are stored", name, w.store.rows, w.blobs.all)
		}
	}
	w := newWorld(t)
	w.full = fault.Coded(fault.TooLarge, "storage_full", "full")
	if _, err := w.Upload(t.Context(), site(t, 1), by("content")); fault.From(err).Code != "storage_full" {
		t.Errorf("a website without room: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestFailedUploadCanBeRepeated checks that a row whose content couldn't be stored can't be claimed, is used by the
// repetition of the upload, and is removed after a day without one.
func TestFailedUploadCanBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.blobs.err = errDisk
	if _, err := w.Upload(t.Context(), site(t, 1), by("content")); !errors.Is(err, errDisk) {
		t.Fatal(err)
	}
	owner := files.Claimant{VisitorID: 7, IsVisitor: true}
	if _, err := w.Claim(t.Context(), site(t, 1), owner, []id.File{1}); err == nil {
		t.Error("a file without content is claimed")
	}
	if f := w.upload(t, by("content")); f.ID != 1 || f.State != files.Unused {
		t.Errorf("the repeated upload is %+v", f)
	}
	w.blobs.err = errDisk
	if _, err := w.Upload(t.Context(), site(t, 1), by("other")); err == nil {
		t.Fatal("stored on a full disk")
	}
	w.after(t, 25*time.Hour)
	if len(w.store.rows) > 0 || len(w.blobs.all) > 0 {
		t.Errorf("after a day: %v, %v", w.store.rows, w.blobs.all)
	}
}

func TestClaimKeepsTenantsAndVisitorsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.upload(t, by("of a visitor")).ID
	ofTeam := w.upload(t, files.Upload{Name: "a.pdf", Sender: "person:1", Content: strings.NewReader("of an agent")}).ID
	for name, c := range map[string]struct {
		website int64
		by      files.Claimant
		files   []id.File
	}{
		"another website":            {2, files.Claimant{VisitorID: 7, IsVisitor: true}, []id.File{own}},
		"another visitor":            {1, files.Claimant{VisitorID: 8, IsVisitor: true}, []id.File{own}},
		"an agent for another":       {1, files.Claimant{VisitorID: 8}, []id.File{own}},
		"a visitor with an agent's":  {1, files.Claimant{VisitorID: 7, IsVisitor: true}, []id.File{ofTeam}},
		"a file that doesn't exist":  {1, files.Claimant{VisitorID: 7}, []id.File{99}},
		"a file twice":               {1, files.Claimant{VisitorID: 7}, []id.File{own, own}},
		"more than a message's many": {1, files.Claimant{VisitorID: 7}, make([]id.File, files.MaxClaimed+1)},
	} {
		_, err := w.Claim(t.Context(), site(t, c.website), c.by, c.files)
		if f := fault.From(err); f.Kind != fault.Invalid || f.Fields[0].Field != "attachments" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 2 { // the message may be repeated
		found, err := w.Claim(t.Context(), site(t, 1), files.Claimant{VisitorID: 7}, []id.File{ofTeam, own})
		if err != nil || len(found) != 2 || found[0].ID != ofTeam || *found[0].VisitorID != 7 || found[0].Key != "" {
			t.Fatalf("%+v, %v", found, err)
		}
	}
	if _, err := w.Claim(t.Context(), site(t, 1), files.Claimant{VisitorID: 8}, []id.File{ofTeam}); err == nil {
		t.Error("an agent's file is claimed for two visitors")
	}
	if again := w.upload(t, by("of a visitor")); again.ID == own {
		t.Error("a claimed file is the same as a later upload")
	}
}

func TestSweepKeepsWhatIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	named, unnamed, unused := w.upload(t, by("one")).ID, w.upload(t, by("two")).ID, w.upload(t, by("three")).ID
	if _, err := w.Claim(t.Context(), site(t, 1), files.Claimant{VisitorID: 7, IsVisitor: true},
		[]id.File{named, unnamed}); err != nil {
		t.Fatal(err)
	}
	w.named = []id.File{named, unused} // unused is a mistake of the owner: it hasn't claimed it
	w.after(t, 23*time.Hour)
	if len(w.store.rows) != 3 {
		t.Fatalf("before a day: %v", w.store.rows)
	}
	w.away = fault.Away("conversations", errDisk)
	w.now = w.now.Add(2 * time.Hour)
	for range 2 {
		_, _ = w.Sweep(t.Context())
	}
	if _, kept := w.store.rows[unnamed]; !kept {
		t.Error("a claimed file is removed although its owner doesn't respond")
	}
	w.away = nil
	w.after(t, time.Hour)
	if f := w.store.rows[named]; len(w.store.rows) != 1 || f.State != files.Used || f.DueAt != nil {
		t.Errorf("%+v", w.store.rows)
	}
	if len(w.blobs.all) != 2 {
		t.Errorf("the contents are %v", w.blobs.all)
	}
	w.after(t, 1000*time.Hour)
	if len(w.store.rows) != 1 {
		t.Error("a used file is removed")
	}
}

func TestEraseRemovesAllFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 60 {
		w.upload(t, by("content "+strings.Repeat("x", i)))
	}
	other := by("of another")
	other.Sender, other.VisitorID = "visitor:8", visitor(8)
	kept := w.upload(t, other)
	erase := func(of subject.Subject) {
		t.Helper()
		for range 5 {
			more, err := w.Erase(t.Context(), of)
			if err != nil {
				t.Fatal(err)
			}
			if !more {
				return
			}
		}
		t.Fatal("not erased in 5 steps")
	}
	erase(subject.Visitor(site(t, 1), 7))
	if len(w.store.rows) != 1 || w.store.rows[kept.ID].ID == 0 || len(w.blobs.all) != 2 {
		t.Errorf("after the erasure of a visitor: %v, %v", w.store.rows, w.blobs.all)
	}
	erase(subject.Website(site(t, 2)))
	if len(w.store.rows) != 1 {
		t.Error("the erasure of another website removes files")
	}
	erase(subject.Website(site(t, 1)))
	if len(w.store.rows) != 0 || len(w.blobs.all) != 0 {
		t.Errorf("after the erasure of the website: %v, %v", w.store.rows, w.blobs.all)
	}
}

func TestOpenNeedsTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	f := w.upload(t, by("content"))
	view := f.View(w.Signer)
	_, signature, _ := strings.Cut(view.URL, "signature=")
	opened, err := w.Open(t.Context(), f.ID, fileaddress.Content, signature)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(opened.Content); err != nil || string(b) != "content" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := w.Open(t.Context(), f.ID, fileaddress.Thumbnail, signature); !fault.Is(err, fault.NotFound) {
		t.Errorf("the thumbnail with the signature of the content: %v", err)
	}
	w.now = w.now.Add(25 * time.Hour)
	if _, err := w.Open(t.Context(), f.ID, fileaddress.Content, signature); fault.From(err).Code != "address_expired" {
		t.Errorf("after a day: %v", err)
	}
}

// TestExportHasAllContents checks that the parts of an export are the contents, in order, without those of others.
func TestExportHasAllContents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	long := strings.Repeat("x", 1<<20+7)
	first, missing, third := w.upload(t, by(long)), w.upload(t, by("missing")), w.upload(t, by("short"))
	other := by("of another")
	other.Sender, other.VisitorID = "visitor:8", visitor(8)
	w.upload(t, other)
	delete(w.blobs.all, fmt.Sprintf("1/%d", missing.ID))
	got := map[id.File]string{}
	var at files.Part
	for range 10 {
		next, found, err := w.NextPart(t.Context(), subject.Visitor(site(t, 1), 7), at.FileID, at.End())
		if err != nil {
			t.Fatal(err)
		}
		if !found {
			break
		}
		if len(next.Content) > 512<<10 || int64(len(got[next.FileID])) != next.Offset {
			t.Errorf("a part of file %d at %d has %d bytes", next.FileID, next.Offset, len(next.Content))
		}
		got[next.FileID] += string(next.Content)
		at = next
	}
	if len(got) != 2 || got[first.ID] != long || got[third.ID] != "short" {
		t.Errorf("%d contents are exported", len(got))
	}
}
