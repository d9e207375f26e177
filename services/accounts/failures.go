package accounts

import (
	"context"
	"errors"
	"sync"
	"time"

	"fivechat.dev/libs/kernel/id"
)

// Bounds of what failed sign-ins cost: the persons whose failures a process keeps in memory, and how often it writes
// those of one person to the audit log.
const (
	maxFailing    = 1024
	failuresEvery = 10 * time.Minute
)

// failedSignIns are the failed sign-ins of persons that aren't in the audit log yet. A sign-in only adds to them in
// memory, once its response is decided: so it takes as long for an address without a person, and no write of the audit
// log can fail it or be repeated at the will of an attacker. WriteFailures writes them. It is safe for concurrent use.
type failedSignIns struct {
	mu       sync.Mutex
	byPerson map[id.Person]*failing
	missed   int // of further persons, since the last WriteFailures
}

// failing are the failures of one person.
type failing struct {
	counts  map[string]int // by the wrong proof; empty if all are written
	device  string         // of the last one, as are address and request
	address string
	request string
	first   time.Time
	last    time.Time
	written time.Time // when the process last wrote some; zero if never
}

// What was wrong with a failed sign-in, as the audit log has it.
const (
	wrongPassword = "password"
	wrongCode     = "code"
	wrongPasskey  = "passkey"
	isDisabled    = "disabled" // the proof was right, and the operator has disabled the person
)

// failed adds a failed sign-in as a person, zero if there is none.
func (p *People) failed(person id.Person, wrong string, d Device, by By) {
	f := &p.failures
	f.mu.Lock()
	defer f.mu.Unlock()
	of, known := f.byPerson[person]
	if person == 0 {
		return
	}
	now := p.now()
	if !known {
		if len(f.byPerson) >= maxFailing {
			f.missed++
			return
		}
		of = &failing{counts: map[string]int{}}
		f.byPerson[person] = of
	}
	if len(of.counts) == 0 {
		of.first = now
	}
	of.counts[wrong]++
	of.device, of.address, of.request, of.last = d.shown(), by.Address, by.RequestID, now
}

// due takes the failures that are to be written at now: the first ones of a person at once, later ones after
// failuresEvery. all takes all others too. It also returns how many are missing, because there were too many persons.
func (f *failedSignIns) due(now time.Time, all bool) (due map[id.Person]failing, missed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	due = map[id.Person]failing{}
	for person, of := range f.byPerson {
		since := now.Sub(of.written)
		recent := since >= 0 && since < failuresEvery // a clock that was ahead delays nothing
		switch {
		case len(of.counts) > 0 && (all || !recent):
			due[person] = *of
			of.counts, of.written = map[string]int{}, now
		case len(of.counts) == 0 && !recent:
			delete(f.byPerson, person)
		}
	}
	missed, f.missed = f.missed, 0
	return due, missed
}

// putBack adds failures that couldn't be written, for the next time.
func (f *failedSignIns) putBack(person id.Person, of failing) {
	f.mu.Lock()
	defer f.mu.Unlock()
	current, known := f.byPerson[person]
	if !known {
		f.byPerson[person] = &of // due has just taken it, so that there is room
		return
	}
	if len(current.counts) == 0 {
		current.device, current.address, current.request, current.last = of.device, of.address, of.request, of.last
	}
	for wrong, n := range of.counts {
		current.counts[wrong] += n
	}
	current.first, current.written = of.first, of.written
}

// WriteFailures writes failed sign-ins to the audit logs of their persons' websites: those of a person at once, and
// then every 10 minutes, with their number. all writes the rest, at the end of the process. Failures that couldn't be
// written stay for the next call. missed is the number of failures that aren't recorded, because too many persons had
// some.
func (p *People) WriteFailures(ctx context.Context, all bool) (missed int, err error) {
	due, missed := p.failures.due(p.now(), all)
	for person, of := range due {
		after := fields{
			"failures": of.counts, "device": of.device, "firstAt": timeOrNil(of.first), "lastAt": timeOrNil(of.last),
		}
		by := By{Actor: "public", RequestID: of.request, Address: of.address}
		if _, failed := p.noteIn(ctx, person, by, "session", "fail", after); failed != nil {
			p.failures.putBack(person, of)
			err = errors.Join(err, failed)
		}
	}
	return missed, err
}
