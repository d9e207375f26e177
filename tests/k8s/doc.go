// Package k8s holds what is tried on a real Kubernetes: the chart is installed, walked over, upgraded under load, killed,
// drained, starved, scaled and uninstalled. `make k8s-test` starts a cluster of this machine's own for it (cluster.sh), or
// takes the one that KUBECONTEXT names.
package k8s
