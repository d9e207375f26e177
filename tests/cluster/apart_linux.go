package cluster

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Apart has start's processes run on one half of this machine's processors and, until the test ends, this process on the
// other: what asks then takes no time of what answers. With a single processor they share it.
func Apart(t testing.TB, start func()) {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	if all.Count() < 2 {
		t.Log("this machine has one processor: what asks and what answers share it")
		start()
		return
	}
	var theirs, ours unix.CPUSet
	for cpu, half := 0, &theirs; theirs.Count()+ours.Count() < all.Count(); cpu++ {
		if !all.IsSet(cpu) {
			continue
		}
		if half.Set(cpu); theirs.Count() == all.Count()/2 {
			half = &ours
		}
	}
	most := runtime.GOMAXPROCS(0)
	t.Cleanup(func() {
		keepTo(t, &all)
		runtime.GOMAXPROCS(most)
	})
	keepTo(t, &theirs) // processes begin where the thread is that starts them
	start()
	keepTo(t, &ours)
	runtime.GOMAXPROCS(ours.Count())
}

// keepTo has all threads of this process run on some processors only; those that begin later are where these are.
func keepTo(t testing.TB, cpus *unix.CPUSet) {
	t.Helper()
	for before := -1; ; { // a thread may have begun meanwhile
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.SchedSetaffinity(tid, cpus); err != nil && err != unix.ESRCH { // it has ended
				t.Fatal(err)
			}
		}
		if len(tasks) == before {
			return
		}
		before = len(tasks)
	}
}
