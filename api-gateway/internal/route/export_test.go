package route

// Storing is how many rows are named as storing text.
func Storing() int { return len(storing) }
