// Package storagequota limits how many bytes the data of a website may take. The services that store count the bytes of
// a website (libs/store/rowcount.Bytes); accounts adds them up and knows the limit; a Limiter refuses writes of a
// website that has reached it. Begin with Usage and Limiter.
//
// A Limiter answers from what it knows and asks in the background: it never delays a write. A website can therefore
// exceed its limit by its writes within maxAge.
package storagequota

import (
	"encoding/json"
	"fmt"

	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/identity"
)

// Usage is how many bytes a website stores, and how many it may store.
type Usage struct {
	Used  int64 `json:"used"`
	Limit int64 `json:"limit"`
}

// Code is the code of the error that refuses a write.
const Code = "storage_full"

// Err refuses a write of a website that has reached its limit; nil for any other, and where no limit is stated.
func (u Usage) Err() error {
	if u.Limit <= 0 || u.Used < u.Limit {
		return nil
	}
	return fault.Coded(
		fault.TooLarge,
		Code,
		fmt.Sprintf(
			"the website stores %d bytes and may store %d: delete data that is no longer needed, or ask for a higher limit",
			u.Used,
			u.Limit,
		),
	)
}

// The smallest and the largest limit, in bytes.
const (
	MinLimit = 1 << 20
	MaxLimit = 1 << 50
)

// Limits is how many bytes a website of a plan may store.
type Limits map[identity.Plan]int64

// DefaultLimits returns the limits that hold where the quotas name none.
func DefaultLimits() Limits {
	return Limits{identity.Free: 1 << 30, identity.Pro: 100 << 30}
}

// Check adds to wrong every member of l that can't be a limit.
func (l Limits) Check(wrong *fault.Problems) {
	for plan, limit := range l {
		at := "storage." + string(plan)
		wrong.Check(plan.Valid(), at, "is not a plan")
		CheckLimit(at, limit, wrong)
	}
}

// CheckLimit adds to wrong a limit that is too small or too large.
func CheckLimit(field string, limit int64, wrong *fault.Problems) {
	wrong.Check(
		limit >= MinLimit && limit <= MaxLimit,
		field,
		fmt.Sprintf("must be %d to %d bytes", int64(MinLimit), int64(MaxLimit)),
	)
}

// ParseLimits reads the member "storage" of the file of quotas that the edge reads as well, over the defaults.
func ParseLimits(quotas []byte) (Limits, error) {
	var file struct {
		Storage Limits `json:"storage"`
	}
	limits := DefaultLimits()
	if err := json.Unmarshal(quotas, &file); err != nil {
		return limits, fmt.Errorf("storage: the quotas: %w", err)
	}
	var wrong fault.Problems
	file.Storage.Check(&wrong)
	for plan, limit := range file.Storage {
		limits[plan] = limit
	}
	return limits, wrong.Err()
}
