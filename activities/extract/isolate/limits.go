package isolate

import "time"

// Limits bound one reader. A zero value means the default given with each.
type Limits struct {
	// Memory of the process in bytes, without the pages it shares with the worker; 112 MiB.
	Memory int64 `json:"memory"`
	// Sandbox is the part of it that reading PDF may use; 48 MiB.
	Sandbox int64 `json:"sandbox"`
	// CPU of all its threads, in whole seconds; 10 s.
	CPU time.Duration `json:"cpu"`
	// Wall is its longest lifetime, however busy the machine is; 60 s.
	Wall time.Duration `json:"wall"`
}

func (l Limits) withDefaults() Limits {
	if l.Memory <= 0 {
		l.Memory = 112 << 20 * raceFactor
	}
	if l.Sandbox <= 0 {
		l.Sandbox = 48 << 20
	}
	if l.CPU <= 0 {
		l.CPU = 10 * time.Second * raceFactor
	}
	if l.Wall <= 0 {
		l.Wall = time.Minute * raceFactor
	}
	return l
}

// warming are the limits for compiling the PDF reader, without untrusted input. It takes
// about 330 MB for 7 s of a core, once for each version and kind of processor.
var warming = Limits{Memory: 768 << 20 * raceFactor, CPU: 3 * time.Minute, Wall: 10 * time.Minute}.withDefaults()

// backstop is what the system itself allows beyond Memory: Go's runtime and the
// sandbox reserve more than they use, and the system counts what is reserved.
const backstop = 512 << 20 * raceFactor
