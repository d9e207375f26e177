// Package k8s contains the tests on a real Kubernetes: the chart is installed, used, upgraded under load, killed,
// drained, starved, scaled and uninstalled. `make k8s-test` starts a cluster on this machine for it (cluster.sh), or
// uses the one that KUBECONTEXT names.
package k8s
