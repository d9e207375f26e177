package rules

import "time"

// files returns the alerts of files that messages carry.
func files() []Alert {
	return []Alert{{
		Name: "FivechatFilesUnswept", Severity: Ticket, For: 10 * time.Minute, Runbook: "files-unswept",
		Shown: "fivechat-events",
		When: []Condition{{
			Value: `max(fivechat_files_overdue_seconds{job="fivechat"})`, Op: ">", Bound: "3600",
		}},
		Summary: "A file that was due {{ $value | humanizeDuration }} ago hasn't been removed or kept.",
		Impact:  "Files that nothing uses take space, and count towards the storage limits of websites. No file is lost.",
	}}
}
