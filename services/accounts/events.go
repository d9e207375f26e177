package accounts

import (
	"fivechat.dev/libs/contract"
	"fivechat.dev/libs/kernel/id"
)

// presenceOf says that a user has a status.
func presenceOf(user id.User, status UserStatus) contract.Data {
	return contract.UserPresenceData{UserID: user, Status: status}
}
