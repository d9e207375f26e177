package process

import (
	"os"
	"runtime"
	"strings"
)

// Machine describes where a measurement was made, and of what.
type Machine struct {
	Processor string `json:"processor"` // the model's name; "" if unknown
	Cores     int    `json:"cores"`     // available to this process
	OS        string `json:"os"`
	Arch      string `json:"arch"`
	Go        string `json:"go"`     // the version of the measuring program
	Commit    string `json:"commit"` // "" if unknown
}

// Here describes this machine, measuring a commit.
func Here(commit string) Machine {
	return Machine{processor(), runtime.NumCPU(), distribution(), runtime.GOARCH, runtime.Version(), commit}
}

// distribution returns the name of the operating system.
func distribution() string {
	text, _ := os.ReadFile("/etc/os-release") // without the file, the name is Go's
	for line := range strings.Lines(string(text)) {
		if name, is := strings.CutPrefix(line, "PRETTY_NAME="); is {
			return runtime.GOOS + ", " + strings.Trim(name, "\"\n")
		}
	}
	return runtime.GOOS
}
