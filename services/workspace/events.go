package workspace

import "fivechat.dev/libs/contract"

// changed is the transient event that a shared item was created, changed or removed.
func changed(kind contract.WorkspaceChangedKind, i Item) contract.Data {
	return contract.WorkspaceChangedData{Kind: kind, ID: int64(i.ID)}
}
