package store

import (
	"strconv"
	"testing"
)

// TestDeletionsAreBounded: after more deletions than are remembered, every document may be one of them; when no
// transaction is open, none is remembered.
func TestDeletionsAreBounded(t *testing.T) {
	t.Parallel()
	var d deletions
	d.add([]string{"early"}) // no transaction is open
	d.begin()
	began := d.now()
	if d.since([]byte("early"), began) {
		t.Error("a deletion before the transaction")
	}
	d.add([]string{"a"})
	if !d.since([]byte("a"), began) || d.since([]byte("b"), began) || d.since([]byte("a"), d.now()) {
		t.Error("the deletion of a isn't distinguished")
	}
	for i := range maxGone {
		d.add([]string{strconv.Itoa(i)})
	}
	if len(d.at) > maxGone || !d.since([]byte("b"), began) || d.since([]byte("b"), d.now()) {
		t.Errorf("%d deletions are remembered", len(d.at))
	}
	d.end()
	if d.at != nil || d.floor != 0 {
		t.Error("deletions are remembered without a transaction")
	}
}
