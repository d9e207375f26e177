// Package hostile shows that no caller can take the service away from the others, see what is not theirs, or spend what
// belongs to a neighbour. Each test is one attack that worked once, as a case of its kind; docs/security.md has the model
// and docs/limits.md the bounds that they meet.
package hostile
