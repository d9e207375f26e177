package runner

import (
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// maxLevel bounds the body of a PUT /loglevel.
const maxLevel = 64

// logLevel answers GET with the level from which the log is written, and PUT, whose body is debug, info, warn or error, by
// writing from that level on. It lasts until the process ends; what it starts with is the environment's. There is no signal
// for it: a signal says no level, and reaches all components of a process alike.
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
		t.Level.Set(min(before, level)) // the log says so from the lower of both
		t.Log.WarnContext(req.Context(), "the level of the log is changed", "from", name(before), "to", name(level))
		t.Level.Set(level)
	}
	w.Write([]byte(name(t.Level.Level()) + "\n"))
}

// named says whether a level is one of the four that have names, none between.
func named(l slog.Level) bool {
	return l == slog.LevelDebug || l == slog.LevelInfo || l == slog.LevelWarn || l == slog.LevelError
}

func name(l slog.Level) string { return strings.ToLower(l.String()) }
