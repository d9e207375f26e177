// Package hostile checks that no caller can make the service unavailable for others, see data of others, or use up
// their quotas. Each test is one attack that once succeeded, as an example of its kind; docs/security.md has the threat
// model and docs/limits.md the limits that stop the attacks.
package hostile
