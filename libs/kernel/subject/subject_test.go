package subject_test

import (
	"testing"

	"fivechat.dev/libs/kernel/subject"
	"fivechat.dev/libs/kernel/tenant"
)

func TestSubjectDistinguishesWebsiteFromVisitor(t *testing.T) {
	t.Parallel()
	website, err := tenant.New(3)
	if err != nil {
		t.Fatal(err)
	}
	whole := subject.Website(website)
	if _, ok := whole.Visitor(); ok || whole.IsVisitor() || whole.Website() != website {
		t.Errorf("the website is %+v", whole)
	}
	one := subject.Visitor(website, 17)
	if id, ok := one.Visitor(); !ok || id != 17 || !one.IsVisitor() || one.Website() != website {
		t.Errorf("the visitor is %+v", one)
	}
	if subject.Visitor(website, 0) == whole {
		t.Error("visitor 0 is the whole website")
	}
	if got := whole.String(); got != "website/3" {
		t.Errorf("website: %s", got)
	}
	if got := one.String(); got != "visitor/3/17" {
		t.Errorf("visitor: %s", got)
	}
}
