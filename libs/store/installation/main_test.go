package installation_test

import (
	"testing"

	"fivechat.dev/libs/store/internal/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }
