package rules

import "time"

// mails returns the alerts of received and sent e-mails.
func mails() []Alert {
	return []Alert{
		{
			Name: "FivechatMailUnfiled", Severity: Ticket, For: 5 * time.Minute, Runbook: "mail-unfiled",
			Shown: "fivechat-events",
			When: []Condition{{
				Value: `max(fivechat_mail_waiting_seconds{job="fivechat",queue="file"})`, Op: ">", Bound: "300",
			}},
			Summary: "A received mail has waited {{ $value | humanizeDuration }} for its ticket.",
			Impact:  "Agents see the mails of their customers late. No mail is lost.",
		},
		{
			Name: "FivechatMailUnsent", Severity: Ticket, For: 10 * time.Minute, Runbook: "mail-unsent",
			Shown: "fivechat-events",
			When: []Condition{
				{
					Value: `max(fivechat_mail_waiting_seconds{job="fivechat",queue="send"})`, Op: ">", Bound: "900",
				},
				{
					Value: `sum(increase(fivechat_mail_submissions_total{job="fivechat",outcome="SENT"}[15m]))`,
					Op:    "==", Bound: "0",
				},
			},
			Summary: "An answer has waited {{ $value | humanizeDuration }} for the relay, which accepts none.",
			Impact:  "Customers get the answers of agents late, and after 48 hours not at all.",
		},
		{
			Name: "FivechatMailUncertain", Severity: Ticket, Runbook: "mail-uncertain", Shown: "fivechat-events",
			When: []Condition{{
				Value: `sum(increase(fivechat_mail_submissions_total{job="fivechat",outcome="UNCERTAIN"}[1h]))`,
				Op:    ">", Bound: "3",
			}},
			Summary: "It isn't known of {{ $value | humanize }} answers within an hour whether the relay has accepted them.",
			Impact:  "Customers may not have got them. They aren't sent again.",
		},
	}
}
