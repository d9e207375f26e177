package process

import (
	"os"
	"runtime"
	"strings"
)

// Machine is where something was measured, and what.
type Machine struct {
	Processor string `json:"processor"` // the model's name; "" where it is not known
	Cores     int    `json:"cores"`     // that this process may use
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Go        string `json:"go"`     // the version that measured
	Commit    string `json:"commit"` // "" where it is not told
}

// Here is this machine, measuring a commit.
func Here(commit string) Machine {
	return Machine{processor(), runtime.NumCPU(), distribution(), runtime.GOARCH, runtime.Version(), commit}
}

// distribution is the system's name for itself.
func distribution() string {
	text, _ := os.ReadFile("/etc/os-release") // where there is none, Go's name for it has to do
	for line := range strings.Lines(string(text)) {
		if name, is := strings.CutPrefix(line, "PRETTY_NAME="); is {
			return runtime.GOOS + ", " + strings.Trim(name, "\"\n")
		}
	}
	return runtime.GOOS
}
