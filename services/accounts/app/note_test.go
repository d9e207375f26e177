package app_test

import (
	"fmt"
	"testing"

	"fivechat.dev/services/internal/apitest"
)

// TestServicesAddEntriesToTheAuditLog: of their website, with the caller that they name. Others can't.
func TestServicesAddEntriesToTheAuditLog(t *testing.T) {
	t.Parallel()
	s := withSiblings(t)
	id, other := s.website("FREE"), s.website("FREE")
	const entry = `{"actor":"person:7","address":"192.0.2.9","kind":"macro","action":"update","objectId":5,` +
		`"before":{"name":"A","x":1},"after":{"name":"B","x":1}}`
	s.Want(201, apitest.Sibling(id), "POST", "/internal/audit", entry)
	s.Refused(401, writer(id), "POST", "/internal/audit", entry)
	newest := func(website int64) map[string]any {
		page := s.Want(200, apitest.Operator, "GET", fmt.Sprintf("/operator/audit?websiteId=%d&limit=1", website), "")
		return page["data"].([]any)[0].(map[string]any)
	}
	if e := newest(id); e["actor"] != "person:7" || e["action"] != "macro.update" || e["objectId"] != "5" ||
		e["address"] != "192.0.2.9" || fmt.Sprint(e["before"], e["after"]) != "map[name:A] map[name:B]" {
		t.Errorf("%v", e)
	}
	if e := newest(other); e["action"] != "website.create" {
		t.Errorf("the other website has %v", e)
	}
}
