package widgets

import (
	"fivechat.dev/libs/kernel/businesshours"
	"fivechat.dev/libs/kernel/fault"
	"fivechat.dev/libs/kernel/optional"
)

func checkHours(v optional.Value[businesshours.Hours], wrong *fault.Problems) {
	if h := v.Ptr(); h != nil {
		wrong.Check(h.Valid(), "businessHours", "must be null, or an IANA time zone and 1 to 28 ranges of days MON to SUN "+
			`like {"timezone":"Europe/Berlin","days":[{"day":"MON","from":"09:00","to":"17:00"}]}, each ending after it begins`)
	}
}
