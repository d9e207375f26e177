package runner

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// maxLevel bounds the body of a PUT /loglevel, in bytes.
const maxLevel = 64

// logLevel handles /loglevel. GET returns the log level; PUT sets it to the body's debug, info, warn or error. The
// change lasts until the process ends; a new process starts with the environment's level. There is no signal for this:
// a signal can't carry a level, and it reaches every component of a process.
func (r *Running) logLevel(w http.ResponseWriter, req *http.Request) {
	t := r.unit.Telemetry
	if req.Method == http.MethodPut {
		body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxLevel))
		var level slog.Level
		if err == nil {
			err = level.UnmarshalText([]byte(strings.TrimSpace(string(body))))
		}
		if err != nil || !named(level) {
			http.Error(w, "the level must be debug, info, warn or error", http.StatusBadRequest)
			return
		}
		before := t.Level.Level()
		t.Level.Set(min(before, level)) // so that the change is logged at the lower of both levels
		t.Log.WarnContext(req.Context(), "log level changed", "from", name(before), "to", name(level))
		t.Level.Set(level)
	}
	w.Write([]byte(name(t.Level.Level()) + "\n"))
}

// named reports whether a level is one of the four that have names.
func named(l slog.Level) bool {
	return l == slog.LevelDebug || l == slog.LevelInfo || l == slog.LevelWarn || l == slog.LevelError
}

func name(l slog.Level) string { return strings.ToLower(l.String()) }
