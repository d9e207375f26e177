package cluster

import (
	"os"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// Apart runs start's processes on one half of this machine's processors and, until the test ends, this process on the
// other half. So the client takes no processor time from the system. If there is only one processor, they share it.
func Apart(t testing.TB, start func()) {
	t.Helper()
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	if all.Count() < 2 {
		t.Log("this machine has one processor: the client and the system share it")
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
	keepTo(t, &theirs) // processes inherit the processors of the thread that starts them
	start()
	keepTo(t, &ours)
	runtime.GOMAXPROCS(ours.Count())
}

// keepTo restricts all threads of this process to some processors. Later threads inherit them.
func keepTo(t testing.TB, cpus *unix.CPUSet) {
	t.Helper()
	for before := -1; ; { // repeats if a thread started meanwhile
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.SchedSetaffinity(tid, cpus); err != nil && err != unix.ESRCH { // the thread has ended
				t.Fatal(err)
			}
		}
		if len(tasks) == before {
			return
		}
		before = len(tasks)
	}
}
