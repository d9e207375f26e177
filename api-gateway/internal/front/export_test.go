package front

import "time"

// WatchAfter sets how long into a request somebody begins to look whether its client is still there.
func (s *Server) WatchAfter(d time.Duration) { s.watchAfter = d }
