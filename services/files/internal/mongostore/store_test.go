package mongostore_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
	"fivechat.dev/services/files"
	"fivechat.dev/services/files/internal/mongostore"
	"fivechat.dev/services/internal/storetest"
)

var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *mongostore.Store {
	t.Helper()
	db := storetest.DB(t, "files")
	s := mongostore.New(db)
	storetest.Ready(t, db)
	return s
}

// reserve stores a row of a visitor, with a key.
func reserve(t *testing.T, s *mongostore.Store, w tenant.ID, visitor id.Visitor, key string) files.File {
	t.Helper()
	number, err := s.NextID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	due := noon.Add(time.Hour)
	f, err := s.Reserve(t.Context(), files.File{
		ID: number, WebsiteID: w, State: files.Storing, VisitorID: &visitor, ByVisitor: true, Name: "a.png",
		Facts: files.Facts{Type: "image/png", Size: 40 << 10, ThumbnailSize: 4 << 10},
		Key:   key, DueAt: &due, CreatedAt: noon, UpdatedAt: noon,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func stored(t *testing.T, s *mongostore.Store, w tenant.ID) int64 {
	t.Helper()
	n, err := s.Stored().Of(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAKeyIsReservedOnce(t *testing.T) {
	t.Parallel()
	s, one, two := open(t), storetest.Tenant(1), storetest.Tenant(2)
	var all sync.WaitGroup
	numbers := make([]id.File, 8)
	for i := range numbers {
		all.Go(func() { numbers[i] = reserve(t, s, one, 7, "key").ID })
	}
	all.Wait()
	for _, number := range numbers {
		if number != numbers[0] {
			t.Errorf("%v", numbers)
		}
	}
	if other := reserve(t, s, two, 7, "key"); other.ID == numbers[0] {
		t.Error("two websites share a file")
	}
	if n := stored(t, s, one); n != 48<<10 {
		t.Errorf("%d bytes are counted", n)
	}
	claimed, err := s.Save(t.Context(), one, numbers[0], func(f files.File) (files.File, error) {
		f.State, f.Key = files.Claimed, ""
		return f, nil
	})
	if err != nil || claimed.Key != "" {
		t.Fatal(claimed, err)
	}
	if again := reserve(t, s, one, 7, "key"); again.ID == numbers[0] {
		t.Error("a claimed file is reserved again")
	}
}

func TestOneReplicaGetsADueFile(t *testing.T) {
	t.Parallel()
	s, one := open(t), storetest.Tenant(1)
	f := reserve(t, s, one, 7, "key")
	if due, err := s.Due(t.Context(), noon, noon.Add(time.Minute), 10); err != nil || len(due) > 0 {
		t.Errorf("before it is due: %v, %v", due, err)
	}
	if since, err := s.Overdue(t.Context()); err != nil || !since.Equal(noon.Add(time.Hour)) {
		t.Errorf("overdue since %v, %v", since, err)
	}
	later, until := noon.Add(2*time.Hour), noon.Add(3*time.Hour)
	due, err := s.Due(t.Context(), later, until, 10)
	if err != nil || len(due) != 1 || due[0].ID != f.ID || !due[0].DueAt.Equal(until) {
		t.Fatalf("%+v, %v", due, err)
	}
	if again, err := s.Due(t.Context(), later, until, 10); err != nil || len(again) > 0 {
		t.Errorf("for another replica: %v, %v", again, err)
	}
}

func TestDeletedFilesAreNotCounted(t *testing.T) {
	t.Parallel()
	s, one, two := open(t), storetest.Tenant(1), storetest.Tenant(2)
	f, kept := reserve(t, s, one, 7, "a"), reserve(t, s, one, 8, "b")
	other := reserve(t, s, two, 7, "a")
	found, err := s.After(t.Context(), subject.Visitor(one, 7), 0, 10)
	if err != nil || len(found) != 1 || found[0].ID != f.ID {
		t.Errorf("%+v, %v", found, err)
	}
	for range 2 {
		if err := s.Delete(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	if n := stored(t, s, one); n != 48<<10 {
		t.Errorf("%d bytes are counted", n)
	}
	if _, err := s.Get(t.Context(), one, f.ID); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := s.Get(t.Context(), one, other.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("another website's file: %v", err)
	}
	found, err = s.After(t.Context(), subject.Website(one), 0, 10)
	if err != nil || len(found) != 1 || found[0].ID != kept.ID {
		t.Errorf("%+v, %v", found, err)
	}
}

func TestExportHasTheFilesOfItsSubject(t *testing.T) {
	t.Parallel()
	s, one := open(t), storetest.Tenant(1)
	reserve(t, s, one, 7, "a")
	reserve(t, s, one, 8, "b")
	reserve(t, s, storetest.Tenant(2), 7, "c")
	for n, of := range map[int]subject.Subject{1: subject.Visitor(one, 7), 2: subject.Website(one)} {
		page, err := s.Export(t.Context(), of, "")
		if err != nil || len(page.Rows) != n || page.Next != "" {
			t.Errorf("%s: %d rows, %v", of, len(page.Rows), err)
		}
		for _, row := range page.Rows {
			if !strings.Contains(string(row), `"name":"a.png"`) || strings.Contains(string(row), `"key"`) {
				t.Errorf("%s", row)
			}
		}
	}
}
