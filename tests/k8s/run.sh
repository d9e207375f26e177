#!/usr/bin/env bash
# run.sh: tests the chart on a real Kubernetes. It builds the programs (once; they stay in bin/k8s), starts a cluster on
# this machine, builds the images, and runs the chart's tests. If KUBECONTEXT names a cluster, it uses that one: IMAGES
# names a registry and prefix that both sides reach, FIVECHAT_TEST_HOST is the address of this machine that pods reach,
# and kubectl and helm are those of the PATH.
#
#   PREVIOUS   the commit from which the upgrade starts (default: the last tag, or this commit if there is none)
#   REPORT     the file of the report (default: docs/kubernetes.md)
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
programs=${K8S_PROGRAMS:-$root/bin/k8s}
export CLUSTER_HOME=${CLUSTER_HOME:-${TMPDIR:-/tmp}/fivechat-cluster}
now=$(git describe --always --dirty)
previous=$(git rev-parse --short "${PREVIOUS:-$(git describe --tags --abbrev=0 2>/dev/null || git rev-parse HEAD)}")
work=$(mktemp -d)
inside=()

clean() {
	for tree in previous sources; do [ ! -d "$work/$tree" ] || git worktree remove --force "$work/$tree"; done
	rm -rf "$work"
	[ -n "${KUBECONTEXT:-}" ] || [ -n "${KEEP_CLUSTER:-}" ] || "$root/tests/k8s/cluster.sh" down
}
trap clean EXIT

if [ -z "${KUBECONTEXT:-}" ]; then
	missing=()
	for p in containerd runc containernetworking-plugins iptables conntrack etcd-server docker-registry openssl iproute2; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; }
	tests/k8s/build.sh "$programs" helm kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl coredns metrics-server skaffold
	tests/k8s/cluster.sh up "$programs"
	export KUBECONFIG=$CLUSTER_HOME/admin.kubeconfig FIVECHAT_K8S_PROGRAMS=$programs
	export FIVECHAT_TEST_HOST=10.203.0.1 # the node's address, at which pods reach the tests
	export KO_DEFAULTBASEIMAGE=127.0.0.1:5000/pause:cluster # any image with a single static program
	inside=(nsenter --net=/run/netns/fivechat-cluster)
fi
images=${IMAGES:-127.0.0.1:5000/fivechat}

go build -o "$work/images" ./deploy/images
"${inside[@]}" "$work/images" -to "$images" -version "$now" -revision "$(git rev-parse HEAD)"
if [ "$previous" = "$(git rev-parse --short HEAD)" ]; then # there is no earlier version: the same one, by another name
	before=before-$now from=$root
else
	before=$previous from=$work/previous
	git worktree add --quiet --detach "$from" "$previous"
fi
(cd "$from" && "${inside[@]}" "$work/images" -to "$images" -version "$before" -revision "$previous")

git worktree add --quiet --detach "$work/sources" HEAD
CGO_ENABLED=0 go test -c -o "$work/k8s.test" ./tests/k8s
cd tests/k8s
FIVECHAT_K8S_IMAGES=$images FIVECHAT_K8S_SOURCES=$work/sources FIVECHAT_K8S_BEFORE=$before FIVECHAT_K8S_CHART_BEFORE=$from/charts/fivechat FIVECHAT_K8S_NOW=$now FIVECHAT_K8S_REPORT=${REPORT:-$root/docs/kubernetes.md} \
	"${inside[@]}" "$work/k8s.test" -test.v -test.timeout 60m -test.run "${RUN:-TestKubernetes$|TestSkaffold}"
