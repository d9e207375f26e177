package limit

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"fivechat.dev/api-gateway/internal/route"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/kernel/storagequota"
	"fivechat.dev/libs/ratelimit"
	"fivechat.dev/libs/transport/httpkit"
)

// Amount is a quota as settings and services state it.
type Amount struct {
	Requests int `json:"requests"` // at once, 1 to 1,000,000
	Seconds  int `json:"seconds"`  // within which they come back, 1 to 3,600
}

func (a Amount) quota() ratelimit.Quota {
	return ratelimit.Quota{Requests: a.Requests, Window: time.Duration(a.Seconds) * time.Second}
}

func (a Amount) valid() bool {
	return a.Requests >= 1 && a.Requests <= 1_000_000 && a.Seconds >= 1 && a.Seconds <= 3_600
}

// addressShare: all visitors of a website at one address may spend a fifth of the website's quota, where nothing else is
// set.
const addressShare = 5

// share is the amount for one of several who spend a, at least least.
func (a Amount) share(least Amount) Amount {
	part := Amount{max((a.Requests+addressShare-1)/addressShare, 1), a.Seconds}
	if least.Seconds > 0 && part.Requests*least.Seconds < least.Requests*part.Seconds {
		return least
	}
	return part
}

// Pair is what one caller may request (a token, or a visitor at an address), what all callers of a website may, and what all
// of its visitors at one address may. Without the last it is a fifth of the website's, and at least the caller's.
type Pair struct {
	Caller  Amount `json:"caller"`
	Website Amount `json:"website"`
	Address Amount `json:"address"`
}

// Quotas is what may be requested: by class, by plan where a website is known, else by address.
type Quotas struct {
	Plans     map[identity.Plan]map[route.Class]Pair `json:"plans"`
	Addresses map[route.Class]Amount                 `json:"addresses"`
	Failures  Failures                               `json:"failures"`
	Storage   storagequota.Limits                    `json:"storage"` // bytes by plan; accounts holds websites to them
}

// Failures is how many credentials that are not valid an address may bring, and how many of those with the same beginning.
type Failures struct {
	Address Amount `json:"address"`
	Prefix  Amount `json:"prefix"`
}

func aMinute(caller, website int) Pair {
	return Pair{Caller: Amount{caller, 60}, Website: Amount{website, 60}}
}

// Default is generous to people, of whom many may share an address, and keeps one website from being all the load.
func Default() Quotas {
	return Quotas{
		Plans: map[identity.Plan]map[route.Class]Pair{
			identity.Free: {
				route.ClassRead: aMinute(600, 1_200), route.ClassWrite: aMinute(300, 600), route.ClassImport: aMinute(120, 120),
				route.ClassVisitor: aMinute(240, 6_000), route.ClassStream: aMinute(60, 1_200),
			},
			identity.Pro: {
				route.ClassRead: aMinute(3_000, 6_000), route.ClassWrite: aMinute(1_500, 3_000), route.ClassImport: aMinute(600, 600),
				route.ClassVisitor: aMinute(240, 60_000), route.ClassStream: aMinute(120, 12_000),
			},
		},
		Addresses: map[route.Class]Amount{
			route.ClassSession: {300, 60}, route.ClassPublic: {3_000, 60}, route.ClassSettings: {6_000, 60}, route.ClassHealth: {600, 60}, route.ClassPage: {600, 60},
			route.ClassOperator: {6_000, 60}, route.ClassExport: {60, 60},
		},
		Failures: Failures{Address: Amount{60, 60}, Prefix: Amount{30, 60}},
	}
}

// Parse reads settings, whose members replace those of Default. Its error names what is wrong.
func Parse(settings []byte) (Quotas, error) {
	q, read := Default(), Quotas{}
	if err := httpkit.Decode(settings, &read, false); err != nil {
		return q, err
	}
	var wrong fault.Problems
	for plan, classes := range read.Plans {
		known, ok := q.Plans[plan]
		if !ok {
			wrong.Add("plans."+string(plan), oneOf(q.Plans))
			continue
		}
		for class, p := range classes {
			p.check(fmt.Sprintf("plans.%s.%s", plan, class), known[class] != Pair{}, oneOf(known), &wrong)
		}
		maps.Copy(known, classes)
	}
	read.Storage.Check(&wrong)
	for class, a := range read.Addresses {
		at := "addresses." + string(class)
		if _, ok := q.Addresses[class]; !ok {
			wrong.Add(at, oneOf(q.Addresses))
			continue
		}
		wrong.Check(a.valid(), at, "needs "+validAmount)
		q.Addresses[class] = a
	}
	for name, a := range map[string]struct{ read, into *Amount }{
		"failures.address": {&read.Failures.Address, &q.Failures.Address},
		"failures.prefix":  {&read.Failures.Prefix, &q.Failures.Prefix},
	} {
		if *a.read != (Amount{}) {
			wrong.Check(a.read.valid(), name, "needs "+validAmount)
			*a.into = *a.read
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Field) int { return slices.Compare([]byte(a.Field), []byte(b.Field)) })
	return q, wrong.Err()
}

// validAmount says in errors what an Amount may be.
const validAmount = "1 to 1000000 requests in 1 to 3600 seconds"

// check adds to wrong what is wrong with the quota of a class that the file has at a place. If the class isn't known,
// classes says which ones are.
func (p Pair) check(at string, known bool, classes string, wrong *fault.Problems) {
	if !known {
		wrong.Add(at, classes)
		return
	}
	wrong.Check(p.Caller.valid() && p.Website.valid(), at, "needs caller and website, each "+validAmount)
	wrong.Check(p.Address == (Amount{}) || p.Address.valid(), at+".address", "must be "+validAmount)
}

// oneOf says in an error which names are valid: the keys of a map.
func oneOf[K ~string, V any](valid map[K]V) string {
	var names []string
	for name := range valid {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return "must be one of " + strings.Join(names, ", ")
}
