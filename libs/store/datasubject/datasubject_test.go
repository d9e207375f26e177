package datasubject

import (
	"testing"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/id"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
)

// TestVisitorZeroIsNotTheWholeWebsite: otherwise a mistake in a visitor's id would erase a website.
func TestVisitorZeroIsNotTheWholeWebsite(t *testing.T) {
	t.Parallel()
	website, err := tenant.New(3)
	if err != nil {
		t.Fatal(err)
	}
	ctx := identity.With(t.Context(), identity.Principal{Kind: identity.Service, Website: website})
	for number, valid := range map[int64]bool{-1: false, 0: false, 7: true} {
		of, err := visitorData{VisitorID: number}.subject(ctx)
		if fault.Is(err, fault.Invalid) == valid || valid && of != subject.Visitor(website, id.Visitor(number)) {
			t.Errorf("visitor %d: %s, %v", number, of, err)
		}
	}
	if of, err := (websiteData{}).subject(ctx); err != nil || of != subject.Website(website) {
		t.Errorf("website: %s, %v", of, err)
	}
}

func TestRemotePathNamesTheSubject(t *testing.T) {
	t.Parallel()
	website, err := tenant.New(3)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := path(subject.Website(website)), "/internal/website-data"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := path(subject.Visitor(website, 7)), "/internal/visitor-data/7"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
