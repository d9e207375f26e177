package front

import "time"

// WatchAfter sets the time after which a watch starts to check whether the client is still connected.
func (s *Server) WatchAfter(d time.Duration) { s.watchAfter = d }
