package quota

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
	"fivechat.dev/libs/store/ratelimit"
	"fivechat.dev/libs/transport/httpkit"
)

// Amount is a quota as the quota file and services state it: a number of requests in a number of seconds.
type Amount struct {
	Requests int `json:"requests"` // burst, 1 to 1,000,000
	Seconds  int `json:"seconds"`  // time in which they are replenished, 1 to 3,600
}

func (a Amount) quota() ratelimit.Quota {
	return ratelimit.Quota{Requests: a.Requests, Window: time.Duration(a.Seconds) * time.Second}
}

func (a Amount) valid() bool {
	return a.Requests >= 1 && a.Requests <= 1_000_000 && a.Seconds >= 1 && a.Seconds <= 3_600
}

// addressShare is the part of a website's quota that all its visitors at one address may spend together, a fifth,
// unless another is set.
const addressShare = 5

// part returns the addressShare part of a, but at least least.
func (a Amount) part(least Amount) Amount {
	part := Amount{max((a.Requests+addressShare-1)/addressShare, 1), a.Seconds}
	if least.Seconds > 0 && part.Requests*least.Seconds < least.Requests*part.Seconds {
		return least
	}
	return part
}

// Pair has the quotas of a class: of one caller (a token, or a visitor at an address), of all callers of a website, and
// of all its visitors at one address. The default of the last is a fifth of the website's, and at least the caller's.
type Pair struct {
	Caller  Amount `json:"caller"`
	Website Amount `json:"website"`
	Address Amount `json:"address"`
}

// Quotas are all rate limits: by class and plan if the request belongs to a website, otherwise by class and address.
type Quotas struct {
	Plans     map[identity.Plan]map[route.Class]Pair `json:"plans"`
	Addresses map[route.Class]Amount                 `json:"addresses"`
	Failures  Failures                               `json:"failures"`
	Storage   storagequota.Limits                    `json:"storage"` // bytes by plan; enforced by accounts
}

// Failures limits the failed credentials of an address, and those with the same token prefix.
type Failures struct {
	Address Amount `json:"address"`
	Prefix  Amount `json:"prefix"`
}

func aMinute(caller, website int) Pair {
	return Pair{Caller: Amount{caller, 60}, Website: Amount{website, 60}}
}

// Default is generous to persons, since many may share an address. It prevents one website from using all the capacity.
func Default() Quotas {
	return Quotas{
		Plans: map[identity.Plan]map[route.Class]Pair{
			identity.Free: {
				route.ClassRead:    aMinute(600, 1_200),
				route.ClassWrite:   aMinute(300, 600),
				route.ClassImport:  aMinute(120, 120),
				route.ClassVisitor: aMinute(240, 6_000),
				route.ClassStream:  aMinute(60, 1_200),
				route.ClassUpload:  aMinute(30, 300),
			},
			identity.Pro: {
				route.ClassRead:    aMinute(3_000, 6_000),
				route.ClassWrite:   aMinute(1_500, 3_000),
				route.ClassImport:  aMinute(600, 600),
				route.ClassVisitor: aMinute(240, 60_000),
				route.ClassStream:  aMinute(120, 12_000),
				route.ClassUpload:  aMinute(60, 3_000),
			},
		},
		Addresses: map[route.Class]Amount{
			route.ClassSession:  {300, 60},
			route.ClassSignIn:   {60, 60},
			route.ClassPublic:   {3_000, 60},
			route.ClassSettings: {6_000, 60},
			route.ClassHealth:   {600, 60},
			route.ClassPage:     {600, 60},
			route.ClassOperator: {6_000, 60},
			route.ClassExport:   {60, 60},
			route.ClassFile:     {3_000, 60},
		},
		Failures: Failures{Address: Amount{60, 60}, Prefix: Amount{30, 60}},
	}
}

// Parse reads the quota file. Its members replace those of Default. The error names every wrong member.
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

// validAmount describes a valid Amount in errors.
const validAmount = "1 to 1000000 requests in 1 to 3600 seconds"

// check adds the errors of a class's quota in the file, at the given path, to wrong. If the class isn't known, classes
// lists the known ones.
func (p Pair) check(at string, known bool, classes string, wrong *fault.Problems) {
	if !known {
		wrong.Add(at, classes)
		return
	}
	wrong.Check(p.Caller.valid() && p.Website.valid(), at, "needs caller and website, each "+validAmount)
	wrong.Check(p.Address == (Amount{}) || p.Address.valid(), at+".address", "must be "+validAmount)
}

// oneOf lists the valid names, the keys of a map, for an error.
func oneOf[K ~string, V any](valid map[K]V) string {
	var names []string
	for name := range valid {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return "must be one of " + strings.Join(names, ", ")
}
