package installation_test

import (
	"strings"
	"testing"

	"fivechat.dev/libs/kernel/identity"
	"fivechat.dev/libs/store/installation"
	"fivechat.dev/libs/store/internal/storetest"
)

// TestDatabaseBelongsToOneInstallation, also while its keys are rotated.
func TestDatabaseBelongsToOneInstallation(t *testing.T) {
	t.Parallel()
	db, _ := storetest.Connect(t, storetest.Database())
	owner := installation.New(db)
	for _, step := range []struct {
		what, keys, database string
		adopt, owns          bool
	}{
		{"a new database", "a", "fivechat", false, true},
		{"the same installation", "a", "fivechat", false, true},
		{"another installation", "c", "fivechat", false, false},
		{"a rotation begins", "a b", "fivechat", false, true},
		{"a rotation goes on", "b a", "fivechat", false, true},
		{"a rotation ends", "b", "fivechat", false, true},
		{"the database was copied to another name", "b", "copy", false, true},
		{"another installation takes over", "c", "fivechat", true, true},
		{"and stays", "c", "fivechat", false, true},
	} {
		var secrets []string
		for key := range strings.FieldsSeq(step.keys) {
			secrets = append(secrets, strings.Repeat(key, 32))
		}
		keys, err := identity.ParseKeyring(secrets)
		if err != nil {
			t.Fatal(err)
		}
		err = owner.Own(t.Context(), keys, step.database, step.adopt)
		if step.owns != (err == nil) || err != nil && !strings.Contains(err.Error(), "MONGODB_ADOPT") {
			t.Errorf("%s: %v", step.what, err)
		}
	}
}
