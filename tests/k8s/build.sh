#!/usr/bin/env bash
# build.sh OUT [TOOL...]: builds the programs of a local cluster, through the Go module proxy only: helm, kubeconform and
# the schemas of Kubernetes' objects (for `make k8s-lint`), the five programs of Kubernetes, kubectl, a CoreDNS with the
# four plugins that a cluster needs, metrics-server, and skaffold. Programs that are already in OUT are kept.
#
# All are built in one module, so that they share their imports: Kubernetes' client is compiled once, not five times.
# k8s.io/kubernetes requires its own parts at v0.0.0, which doesn't exist, so each is replaced by its published tag.
# 1.34 is the newest Kubernetes that runs with Debian 12's containerd 1.6 and on machines with cgroup v1.
set -euo pipefail

KUBERNETES=1.34.4 HELM=v3.19.4 COREDNS=v1.13.1 METRICS_SERVER=v0.8.0 KUBECONFORM=v0.7.0 SKAFFOLD=v2.16.1
ALL="helm kubeconform schemas kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl coredns metrics-server skaffold"

root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mkdir -p "${1:?OUT}" && cd "$1" && pwd)
shift
wanted=()
for t in ${*:-$ALL}; do [ -x "$out/$t" ] || wanted+=("$t"); done
[ ${#wanted[@]} -gt 0 ] || exit 0

module=$out/module
mkdir -p "$module/coredns"
cd "$module"
export GOWORK=off GOFLAGS=-mod=mod CGO_ENABLED=0
dir() { go mod download -json "$1@$2" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }
kubernetes=$(dir k8s.io/kubernetes "v$KUBERNETES")
{
	printf 'module fivechat.dev/tests/k8s/programs\n\ngo 1.26\n\ngodebug default=go1.24\n\n'
	printf 'require (\n\tk8s.io/kubernetes v%s\n\thelm.sh/helm/v3 %s\n\tgithub.com/coredns/coredns %s\n' "$KUBERNETES" $HELM $COREDNS
	printf '\tsigs.k8s.io/metrics-server %s\n\tgithub.com/yannh/kubeconform %s\n)\n\nreplace (\n' $METRICS_SERVER $KUBECONFORM
	sed -nE 's#^[[:space:]]+(k8s\.io/[a-z-]+) v0\.0\.0( // indirect)?$#\1#p' "$kubernetes/go.mod" | sort -u |
		while read -r m; do printf '\t%s => %s v0.%s\n' "$m" "$m" "${KUBERNETES#*.}"; done
	echo ')'
} >go.mod
cat >coredns/main.go <<-END
	// Command coredns is CoreDNS with the plugins for a cluster's names; others depend on the clients of several clouds.
	package main

	import (
		"github.com/coredns/coredns/core/dnsserver"
		"github.com/coredns/coredns/coremain"
		_ "github.com/coredns/coredns/plugin/bind"
		_ "github.com/coredns/coredns/plugin/cache"
		_ "github.com/coredns/coredns/plugin/errors"
		_ "github.com/coredns/coredns/plugin/kubernetes"
	)

	func main() {
		dnsserver.Directives = []string{"bind", "errors", "cache", "kubernetes"}
		coremain.Run()
	}
END

version() { # the linker flags that set the version of a Kubernetes program
	local minor=${KUBERNETES#*.} p
	for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
		printf -- '-X %s ' "$p.gitVersion=v$KUBERNETES" "$p.gitMajor=${KUBERNETES%%.*}" "$p.gitMinor=${minor%%.*}" "$p.gitTreeState=clean"
	done
}
# skaffold has replacements of its own, so it is built in a module that repeats them.
skaffold() {
	local from=github.com/GoogleContainerTools/skaffold/v2 at
	at=$(dir $from $SKAFFOLD)
	mkdir -p "$module/skaffold"
	cd "$module/skaffold"
	printf 'module fivechat.dev/tests/k8s/programs/skaffold\n\ngo 1.26\n\nrequire %s %s\n' $from $SKAFFOLD >go.mod
	grep '^replace ' "$at/go.mod" >>go.mod
	cp "$at/go.sum" go.sum
	go build -trimpath -ldflags "-s -w -X $from/pkg/skaffold/version.version=$SKAFFOLD" -o "$out/skaffold" $from/cmd/skaffold
	cd "$module"
}
for t in ${wanted[@]+"${wanted[@]}"}; do
	case $t in
	skaffold)
		skaffold
		echo "built $t"
		continue
		;;
	schemas)
		(cd "$root" && GOFLAGS= GOWORK= go run ./tests/k8s/schemas "$kubernetes/api/openapi-spec/swagger.json" "$out/schemas")
		echo "built $t"
		continue
		;;
	kube* ) package=k8s.io/kubernetes/cmd/$t ;;
	helm) package=helm.sh/helm/v3/cmd/helm ;;
	coredns) package=fivechat.dev/tests/k8s/programs/coredns ;;
	metrics-server) package=sigs.k8s.io/metrics-server/cmd/metrics-server ;;
	*) echo "build.sh: no program $t" >&2; exit 1 ;;
	esac
	[ "$t" != kubeconform ] || package=github.com/yannh/kubeconform/cmd/kubeconform
	go build -trimpath -ldflags "-s -w $(version)" -o "$out/$t.new" "$package"
	mv "$out/$t.new" "$out/$t"
	echo "built $t"
done
