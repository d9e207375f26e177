package system

import (
	"cmp"
	"context"
	"net/url"
	"path/filepath"

	"fivechat.dev/libs/process/runner"
	"fivechat.dev/libs/process/servicekit"
	files "fivechat.dev/services/files/app"
)

// filesFolder is the folder of files in the data folder.
const filesFolder = "files"

// filesUnit makes the service files. Unless another place is set, contents are in the data folder, or in memory.
func filesUnit(
	ctx context.Context, o Options, common servicekit.Config, urls map[string]string,
) (runner.Unit, error) {
	place := "mem:"
	if o.Data != "" {
		folder, err := filepath.Abs(filepath.Join(o.Data, filesFolder))
		if err != nil {
			return runner.Unit{}, err
		}
		place = (&url.URL{Scheme: "file", Path: folder}).String()
	}
	return unitOf(ctx, files.New, files.Config{
		Config: common, AccountsURL: urls["accounts"], ConversationsURL: urls["conversations"],
		Blobs: files.Blobs{Store: cmp.Or(o.Settings.Files.Store, place)},
	})
}
