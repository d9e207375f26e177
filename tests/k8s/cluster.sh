#!/usr/bin/env bash
# cluster.sh up BIN | down: a real Kubernetes with one node on this machine. It uses the programs that build.sh built and
# Debian's containerd, runc, etcd-server, containernetworking-plugins, iptables, conntrack, docker-registry and openssl. It
# needs root. No part of it is simulated.
#
# It runs in a network namespace without access to the outside, so that it affects nothing on the machine and downloads
# nothing: images come from the registry inside, 127.0.0.1:5000. Clients enter the namespace: nsenter --net=$NETNS.
# (`ip netns exec` would mount another /sys, without the control groups that containers need.)
#
# All its files are in $CLUSTER_HOME; the configuration for kubectl is $CLUSTER_HOME/admin.kubeconfig.
set -euo pipefail

CLUSTER_HOME=${CLUSTER_HOME:-${TMPDIR:-/tmp}/fivechat-cluster}
NETNS=/run/netns/fivechat-cluster
NODE=node
NODE_IP=10.203.0.1 PODS=10.203.64.0/24 SERVICES=10.203.128.0/24 API_IP=10.203.128.1 DNS_IP=10.203.128.10

inside() { nsenter --net="$NETNS" "$@"; }
admin() { inside "$BIN/kubectl" --kubeconfig "$CLUSTER_HOME/admin.kubeconfig" "$@"; }

# start NAME COMMAND...: runs a command in the background, in its own session, and stores its log and process id
start() {
	local name=$1
	shift
	nsenter --net="$NETNS" setsid "$@" >"log/$name" 2>&1 </dev/null &
	echo $! >"pid/$name"
}

# until_ok SECONDS WHAT COMMAND...
until_ok() {
	local n=$(($1 * 5)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ $((n -= 1)) -gt 0 ] || { echo "cluster.sh: no $what in time; logs are in $CLUSTER_HOME/log" >&2; exit 1; }
		sleep 0.2
	done
}

# certificate NAME SUBJECT [ALTERNATIVE NAMES]: makes a certificate of the cluster's authority, for servers and clients
certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "$2" -keyout "pki/$1.key" -out "pki/$1.csr"
	openssl x509 -req -days 7 -in "pki/$1.csr" -CA pki/ca.crt -CAkey pki/ca.key -CAcreateserial -out "pki/$1.crt" \
		-extfile <(echo "extendedKeyUsage=serverAuth,clientAuth${3:+
subjectAltName=$3}")
} 2>/dev/null

# kubeconfig NAME: the configuration for the API with that certificate
kubeconfig() {
	cat >"$1.kubeconfig" <<-END
		apiVersion: v1
		kind: Config
		current-context: fivechat-cluster
		contexts: [{name: fivechat-cluster, context: {cluster: fivechat-cluster, user: $1}}]
		clusters: [{name: fivechat-cluster, cluster: {server: "https://$NODE_IP:6443", certificate-authority: $CLUSTER_HOME/pki/ca.crt}}]
		users: [{name: $1, user: {client-certificate: $CLUSTER_HOME/pki/$1.crt, client-key: $CLUSTER_HOME/pki/$1.key}}]
	END
	chmod 600 "$1.kubeconfig"
}

network() {
	ip netns add "${NETNS##*/}"
	inside ip link set lo up
	inside ip link add node type veth peer name nowhere
	inside ip link set nowhere up
	inside ip link set node up
	inside ip addr add "$NODE_IP/24" dev node
	inside ip route add default dev node
	inside sysctl -qw net.ipv4.ip_forward=1
}

certificates() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=fivechat-cluster -keyout pki/ca.key -out pki/ca.crt 2>/dev/null
	openssl genrsa -out pki/tokens.key 2048 2>/dev/null
	openssl rsa -in pki/tokens.key -pubout -out pki/tokens.pub 2>/dev/null
	certificate apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:$NODE_IP,IP:$API_IP"
	certificate serving "/CN=$NODE" "DNS:$NODE,IP:$NODE_IP"
	certificate aggregator /CN=aggregator
	certificate admin /O=system:masters/CN=admin
	certificate kubelet "/O=system:nodes/CN=system:node:$NODE"
	local n
	for n in controller-manager scheduler proxy; do
		certificate $n "/CN=system:kube-$n"
		kubeconfig $n
	done
	kubeconfig admin
	kubeconfig kubelet
}

control_plane() {
	start etcd etcd --data-dir "$CLUSTER_HOME/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
		--advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
	start apiserver "$BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=$NODE_IP --advertise-address=$NODE_IP \
		--tls-cert-file=pki/apiserver.crt --tls-private-key-file=pki/apiserver.key --client-ca-file=pki/ca.crt \
		--authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
		--kubelet-client-certificate=pki/admin.crt --kubelet-client-key=pki/admin.key --kubelet-certificate-authority=pki/ca.crt \
		--kubelet-preferred-address-types=InternalIP --service-cluster-ip-range=$SERVICES \
		--service-account-issuer=https://kubernetes.default.svc --service-account-key-file=pki/tokens.pub \
		--service-account-signing-key-file=pki/tokens.key --requestheader-client-ca-file=pki/ca.crt \
		--requestheader-allowed-names=aggregator --requestheader-username-headers=X-Remote-User \
		--requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
		--proxy-client-cert-file=pki/aggregator.crt --proxy-client-key-file=pki/aggregator.key --enable-aggregator-routing=true
	until_ok 120 "API server" admin get --raw /readyz
	# Tests can't wait five minutes for a scale-down: the autoscaler polls often and has a short stabilization window.
	start controller-manager "$BIN/kube-controller-manager" --kubeconfig=controller-manager.kubeconfig --leader-elect=false \
		--use-service-account-credentials=true --root-ca-file=pki/ca.crt --service-account-private-key-file=pki/tokens.key \
		--bind-address=127.0.0.1 --horizontal-pod-autoscaler-sync-period=5s \
		--horizontal-pod-autoscaler-cpu-initialization-period=10s --horizontal-pod-autoscaler-initial-readiness-delay=5s
	start scheduler "$BIN/kube-scheduler" --kubeconfig=scheduler.kubeconfig --leader-elect=false --bind-address=127.0.0.1
}

containers() {
	cat >cni/10-pods.conflist <<-END
		{"cniVersion": "1.0.0", "name": "pods", "plugins": [
		  {"type": "bridge", "bridge": "pods", "isGateway": true, "hairpinMode": true,
		   "ipam": {"type": "host-local", "dataDir": "$CLUSTER_HOME/addresses", "ranges": [[{"subnet": "$PODS"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
		  {"type": "portmap", "capabilities": {"portMappings": true}}]}
	END
	# restrict_oom_score_adj: in a machine's own container, no process may make itself less likely to be killed.
	cat >containerd.toml <<-END
		version = 2
		root = "$CLUSTER_HOME/containerd"
		state = "$CLUSTER_HOME/containerd-state"
		disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
		[grpc]
		address = "$CLUSTER_HOME/containerd.sock"
		[plugins."io.containerd.internal.v1.opt"]
		path = "$CLUSTER_HOME/containerd-opt"
		[plugins."io.containerd.grpc.v1.cri"]
		sandbox_image = "127.0.0.1:5000/pause:cluster"
		restrict_oom_score_adj = true
		enable_unprivileged_ports = true
		[plugins."io.containerd.grpc.v1.cri".cni]
		bin_dir = "/usr/lib/cni"
		conf_dir = "$CLUSTER_HOME/cni"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
		runtime_type = "io.containerd.runc.v2"
		[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
		SystemdCgroup = false
	END
	cat >registry.yml <<-END
		version: 0.1
		log: {level: warn}
		storage: {filesystem: {rootdirectory: $CLUSTER_HOME/registry}}
		http: {addr: "127.0.0.1:5000"}
	END
	start containerd containerd --config containerd.toml
	start registry docker-registry serve registry.yml
	until_ok 30 containerd ctr -a containerd.sock version
	until_ok 30 registry inside bash -c 'exec 3<>/dev/tcp/127.0.0.1/5000'
	(cd "$ROOT" && inside go run ./deploy/images -to 127.0.0.1:5000 -version cluster pause=./tests/k8s/pause) >log/pause
}

node() {
	cat >kubelet.yaml <<-END
		apiVersion: kubelet.config.k8s.io/v1beta1
		kind: KubeletConfiguration
		authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $CLUSTER_HOME/pki/ca.crt}}
		authorization: {mode: Webhook}
		tlsCertFile: $CLUSTER_HOME/pki/serving.crt
		tlsPrivateKeyFile: $CLUSTER_HOME/pki/serving.key
		containerRuntimeEndpoint: unix://$CLUSTER_HOME/containerd.sock
		cgroupDriver: cgroupfs
		failCgroupV1: false
		failSwapOn: false
		resolvConf: ""
		clusterDNS: [$DNS_IP]
		clusterDomain: cluster.local
		volumePluginDir: $CLUSTER_HOME/kubelet/plugins
		podLogsDir: $CLUSTER_HOME/log/pods
		imageGCHighThresholdPercent: 100
		evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
		nodeStatusUpdateFrequency: 5s
		oomScoreAdj: 0
		maxPods: 200
	END
	cat >proxy.yaml <<-END
		apiVersion: kubeproxy.config.k8s.io/v1alpha1
		kind: KubeProxyConfiguration
		clientConnection: {kubeconfig: $CLUSTER_HOME/proxy.kubeconfig}
		mode: iptables
		hostnameOverride: $NODE
		bindAddress: $NODE_IP
		clusterCIDR: $PODS
		oomScoreAdj: 0
		conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
	END
	start kubelet "$BIN/kubelet" --config=kubelet.yaml --kubeconfig=kubelet.kubeconfig --hostname-override=$NODE --node-ip=$NODE_IP --root-dir="$CLUSTER_HOME/kubelet"
	start proxy "$BIN/kube-proxy" --config=proxy.yaml
	until_ok 60 node admin get node $NODE
	admin wait --for=condition=Ready node/$NODE --timeout=60s >/dev/null
}

# service NAME IP PORTS: a service whose endpoint is a program on the node
service() {
	cat <<-END
		---
		apiVersion: v1
		kind: Service
		metadata: {name: $1, namespace: kube-system}
		spec: {$2 ports: [$3]}
		---
		apiVersion: discovery.k8s.io/v1
		kind: EndpointSlice
		metadata: {name: $1-node, namespace: kube-system, labels: {kubernetes.io/service-name: $1}}
		addressType: IPv4
		endpoints: [{addresses: [$NODE_IP], conditions: {ready: true}}]
		ports: [$3]
	END
}

names_and_metrics() {
	cat >Corefile <<-END
		.:53 {
		  bind $NODE_IP
		  errors
		  cache 5
		  kubernetes cluster.local in-addr.arpa {
		    kubeconfig $CLUSTER_HOME/admin.kubeconfig
		    ttl 5
		  }
		}
	END
	start coredns "$BIN/coredns" -conf Corefile
	service kube-dns "clusterIP: $DNS_IP," "{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53, protocol: TCP}" | admin apply -f - >/dev/null
	start metrics-server "$BIN/metrics-server" --kubeconfig=admin.kubeconfig --authentication-kubeconfig=admin.kubeconfig \
		--authorization-kubeconfig=admin.kubeconfig --secure-port=4443 --cert-dir="$CLUSTER_HOME/metrics" --metric-resolution=10s \
		--kubelet-request-timeout=5s --kubelet-certificate-authority=pki/ca.crt --kubelet-preferred-address-types=InternalIP
	{
		service metrics-server "" "{name: https, port: 4443, protocol: TCP}"
		cat <<-END
			---
			apiVersion: apiregistration.k8s.io/v1
			kind: APIService
			metadata: {name: v1beta1.metrics.k8s.io}
			spec:
			  {group: metrics.k8s.io, version: v1beta1, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true,
			   service: {name: metrics-server, namespace: kube-system, port: 4443}}
		END
	} | admin apply -f - >/dev/null
}

# volumes: a few folders of the node, each of which the cluster's default storage class binds once
volumes() {
	local n
	{
		cat <<-END
			apiVersion: storage.k8s.io/v1
			kind: StorageClass
			metadata: {name: node, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
			provisioner: kubernetes.io/no-provisioner
			volumeBindingMode: WaitForFirstConsumer
		END
		for n in 1 2 3 4; do
			install -d -o 65532 -g 65532 "volumes/$n"
			cat <<-END
				---
				apiVersion: v1
				kind: PersistentVolume
				metadata: {name: volume-$n}
				spec: {capacity: {storage: 2Gi}, accessModes: [ReadWriteOnce], storageClassName: node, hostPath: {path: $CLUSTER_HOME/volumes/$n}}
			END
		done
	} | admin apply -f - >/dev/null
}

up() {
	BIN=$(cd "${1:?cluster.sh up BIN}" && pwd)
	ROOT=$(cd "$(dirname "$0")/../.." && pwd)
	[ ! -e "$CLUSTER_HOME/pid" ] || { echo "cluster.sh: the cluster is already up, or was not taken down" >&2; exit 1; }
	mkdir -p "$CLUSTER_HOME"/{pki,log,pid,cni}
	cd "$CLUSTER_HOME"
	network
	certificates
	control_plane
	containers
	node
	names_and_metrics
	volumes
}

# end NAME: stops a command and waits for its end
end() {
	local pid
	pid=$(cat "pid/$1" 2>/dev/null) || return 0
	kill -TERM "$pid" 2>/dev/null || return 0
	for _ in $(seq 50); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -KILL "$pid" 2>/dev/null || true
}

down() {
	cd "$CLUSTER_HOME" 2>/dev/null || exit 0
	local n sandboxes
	for n in metrics-server coredns proxy kubelet scheduler controller-manager; do end $n; done
	c() { ctr -a containerd.sock -n k8s.io "$@"; }
	sandboxes=$(for n in $(c containers ls -q); do c containers info "$n"; done 2>/dev/null | grep -o 'netns/cni-[0-9a-f-]*' | sort -u)
	for n in $(c tasks ls -q 2>/dev/null); do c tasks rm -f "$n" >/dev/null 2>&1; done
	for n in $(c containers ls -q 2>/dev/null); do c containers rm "$n" >/dev/null 2>&1; done
	for n in registry containerd apiserver etcd; do end $n; done
	awk -v home="$CLUSTER_HOME/" 'index($2, home) == 1 {print $2}' /proc/mounts | sort -r | while read -r n; do umount -l "$n"; done
	find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null
	for n in $sandboxes; do ip netns del "${n#netns/}" 2>/dev/null; done
	ip netns del "${NETNS##*/}" 2>/dev/null
	cd / && rm -rf "$CLUSTER_HOME"
}

case ${1:-} in
up) up "${2:-}" ;;
down)
	set +e
	down
	;;
*)
	sed -n '2,3p' "$0" >&2
	exit 2
	;;
esac
